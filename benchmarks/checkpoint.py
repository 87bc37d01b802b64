"""The cost of checking a checkpoint of 1 GB to 1,000 GB: bytes read, requests, time, memory.

    python -m benchmarks.checkpoint

The files are sparse: true shards, indexes and tensor layouts, but no weights. Each size is checked in
two separate processes. One measures time, and the peak memory of the whole process with its imports. In
the other, Python counts the peak memory of the check alone.
"""

from __future__ import annotations

import json
import multiprocessing
import resource
import sys
import tempfile
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from switchover.checkpoint.families import ARCHITECTURES, expect_tensors
from switchover.checkpoint.inspecting import inspect_model
from switchover.checkpoint.reading import read_evidence
from switchover_cli.upload.folder import Folder, list_folder
from switchover_local.tokenizer import describe_tokenizer, describe_tokenizer_config

if TYPE_CHECKING:
    from collections.abc import Iterator

    from switchover.checkpoint.text import Json
    from switchover.domain.reasons import Reason

SHARD_BYTES = 5 * 10**9  # save_pretrained's default
PARALLEL_READS = 10  # as in a bucket
# The simulated duration of a ranged read of S3 within a region.
REQUEST_SECONDS = 0.03

_DENSE: dict[str, Json] = {"architectures": ["LlamaForCausalLM"], "tie_word_embeddings": False}
# Sizes of published models of about this size in bfloat16; the last is a mixture of experts.
MODELS: dict[str, dict[str, Json]] = {
    "1 GB": {
        "architectures": ["Qwen3ForCausalLM"], "tie_word_embeddings": True,
        "hidden_size": 1024, "intermediate_size": 3072, "num_hidden_layers": 28,
        "num_attention_heads": 16, "num_key_value_heads": 8, "vocab_size": 151936,
    },
    "16 GB": {
        **_DENSE, "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32,
        "num_attention_heads": 32, "num_key_value_heads": 8, "vocab_size": 128256,
    },
    "140 GB": {
        **_DENSE, "hidden_size": 8192, "intermediate_size": 28672, "num_hidden_layers": 80,
        "num_attention_heads": 64, "num_key_value_heads": 8, "vocab_size": 128256,
    },
    "1000 GB": {
        "architectures": ["Qwen3MoeForCausalLM"], "tie_word_embeddings": False,
        "hidden_size": 4096, "head_dim": 128, "intermediate_size": 12288,
        "moe_intermediate_size": 1536, "num_experts": 280, "num_hidden_layers": 94,
        "num_attention_heads": 64, "num_key_value_heads": 4, "vocab_size": 151936,
    },
}  # fmt: skip


@dataclass
class CountingReader:
    """Reads a folder like a bucket: each request takes time, and is counted."""

    folder: Folder
    read_bytes: int = 0
    requests: int = 0
    request_seconds: float = REQUEST_SECONDS
    lock: Lock = field(default_factory=Lock)

    def read(self, path: str, start: int, length: int) -> bytes | Reason:
        with self.lock:
            self.read_bytes += length
            self.requests += 1
        time.sleep(self.request_seconds)
        return self.folder.read(path, start, length)


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of one check; `held_bytes` is Python's count, `process_bytes` the system's."""

    name: str
    files: int
    total_bytes: int
    read_bytes: int
    requests: int
    wall_seconds: float
    cpu_seconds: float
    held_bytes: int
    process_bytes: int


def main() -> None:
    """Measure every size and print the table."""
    with tempfile.TemporaryDirectory() as root:
        costs = []
        for name, config in MODELS.items():
            folder = Path(root) / name
            costs.append(check_apart(name, folder, config))
    Console().print(draw(costs))


def write_sparse(
    folder: Path,
    config: dict[str, Json],
    shards: list[list[tuple[str, list[int]]]] | None = None,
) -> None:
    """Write every file of a checkpoint, with holes where the weights would be."""
    folder.mkdir()
    weight_map: dict[str, str] = {}
    total_bytes = 0
    shards = shards or list(split(list(list_tensors(config))))
    for number, tensors in enumerate(shards, start=1):
        path = folder / f"model-{number:05}-of-{len(shards):05}.safetensors"
        header: dict[str, object] = {}
        end = 0
        for name, shape in tensors:
            size = 2 * prod(shape)
            header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [end, end + size]}
            end += size
            weight_map[name] = path.name
        raw = json.dumps(header, separators=(",", ":")).encode()
        path.write_bytes(len(raw).to_bytes(8, "little") + raw)
        with path.open("r+b") as file:
            file.truncate(8 + len(raw) + end)
        total_bytes += end
    index = {"metadata": {"total_size": total_bytes}, "weight_map": weight_map}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "tokenizer.json").write_text(json.dumps(describe_tokenizer()))
    (folder / "tokenizer_config.json").write_text(json.dumps(describe_tokenizer_config()))


def list_tensors(config: dict[str, Json]) -> Iterator[tuple[str, list[int]]]:
    """Every tensor with its shape, layer by layer, as transformers saves them."""
    names = config["architectures"]
    architecture = ARCHITECTURES[str(names[0]) if isinstance(names, list) else ""]
    wanted = [want for want in expect_tensors(architecture, config).tensors if want.is_required]
    for number in range(max(want.count for want in wanted)):
        for want in wanted:
            if number < want.count:
                yield want.name.replace("{n}", str(number)), list(want.shape or ())


def split(tensors: list[tuple[str, list[int]]]) -> Iterator[list[tuple[str, list[int]]]]:
    """Shards of at most 5 GB."""
    shard: list[tuple[str, list[int]]] = []
    size = 0
    for name, shape in tensors:
        tensor_bytes = 2 * prod(shape)
        if shard and size + tensor_bytes > SHARD_BYTES:
            yield shard
            shard, size = [], 0
        shard.append((name, shape))
        size += tensor_bytes
    yield shard


def check_apart(name: str, folder: Path, config: dict[str, Json]) -> Cost:
    """Check a folder in new processes, so that the memory peaks are those of this check.

    Another process writes the folder: on Linux, a process begins with its parent's peak.
    """
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        pool.apply(write_sparse, (folder, config))
        held_bytes = pool.apply(count_held_bytes, (folder,))
        return pool.apply(check, (name, folder, held_bytes))


def count_held_bytes(folder: Path) -> int:
    """The peak memory of a check; counting makes the check several times slower."""
    reader = open_folder(folder)
    tracemalloc.start()
    with ThreadPoolExecutor(PARALLEL_READS) as pool:
        inspect_model(read_evidence(reader.folder.files, reader, pool.map))
    return tracemalloc.get_traced_memory()[1]


def open_folder(folder: Path) -> CountingReader:
    """A folder as a bucket."""
    listed = list_folder(folder)
    if not isinstance(listed, Folder):
        raise SystemExit(str(listed))
    return CountingReader(listed)


def check(name: str, folder: Path, held_bytes: int) -> Cost:
    """Check a folder like a bucket."""
    reader = open_folder(folder)
    files = reader.folder.files
    began, worked = time.perf_counter(), time.process_time()
    with ThreadPoolExecutor(PARALLEL_READS) as pool:
        found = inspect_model(read_evidence(files, reader, pool.map))
    ended, rested = time.perf_counter(), time.process_time()
    if found.reasons or found.unchecked:
        raise AssertionError(f"the checkpoint that was measured is not sound: {found}")
    return Cost(
        name=name,
        files=len(files),
        total_bytes=sum(file.bytes for file in files),
        read_bytes=reader.read_bytes,
        requests=reader.requests,
        wall_seconds=ended - began,
        cpu_seconds=rested - worked,
        held_bytes=held_bytes,
        process_bytes=peak_memory_bytes(),
    )


def peak_memory_bytes() -> int:
    """The peak memory of this process so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def draw(costs: list[Cost]) -> Table:
    """One row per checkpoint."""
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0))
    for column in (
        "",
        "files",
        "bytes read",
        "share",
        "requests",
        "wall",
        "CPU",
        "held",
        "process",
    ):
        table.add_column(column, justify="right")
    for cost in costs:
        table.add_row(
            cost.name,
            str(cost.files),
            f"{cost.read_bytes / 10**6:,.1f} MB",
            f"{cost.read_bytes / cost.total_bytes:.4%}",
            str(cost.requests),
            f"{cost.wall_seconds:.2f} s",
            f"{cost.cpu_seconds:.2f} s",
            f"{cost.held_bytes / 1024**2:.1f} MiB",
            f"{cost.process_bytes / 1024**2:.0f} MiB",
        )
    return table


if __name__ == "__main__":
    main()
