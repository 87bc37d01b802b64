"""Checkpoints of many architectures and forms as publishers write them, with headers but no weights.

The tensors' names and shapes of each architecture are what transformers saved for a tiny model
(`tests/oracle` writes them to `layouts/`). A form changes them as a publisher would: shards with an
index, another library's names, a quantized save. `quantizers.py` has the formats of quantizers.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FOLDER = Path(__file__).parent / "layouts"
INDEX = "model.safetensors.index.json"
Shapes = dict[str, list[int]]


@dataclass(frozen=True, slots=True)
class Layout:
    """One checkpoint: its config.json, its tensors' shapes, and the small files beside them.

    Tensors are in `shards` files; a single file has no index.
    """

    name: str
    config: dict[str, Any]
    tensors: Shapes
    companions: dict[str, Any] = field(default_factory=dict)
    shards: int = 1

    @property
    def architecture(self) -> str:
        """The model class that config.json names."""
        return str(self.config["architectures"][0])

    def with_config(self, **changes: object) -> Layout:
        """The same layout with other values in config.json."""
        return replace(self, config={**self.config, **changes})


@dataclass(frozen=True, slots=True)
class Headers:
    """A checkpoint's files: small files whole, weights only up to the tensors' bytes."""

    sizes: Mapping[str, int]
    contents: Mapping[str, bytes]

    def read(self, path: str, start: int, length: int) -> bytes:
        """A range of a file, with zeros for weights."""
        end = min(start + length, self.sizes[path])
        found = self.contents[path][start:end]
        return found + bytes(max(0, end - start - len(found)))


def load_layouts() -> dict[str, Layout]:
    """Every layout that transformers wrote, by name."""
    layouts: dict[str, Layout] = {}
    for path in sorted(FOLDER.glob("*.json")):
        content = json.loads(path.read_text())
        layout = Layout(path.stem, content["config"], content["tensors"])
        layouts[path.stem] = replace(layout, companions=dict(describe_companions(layout)))
    return layouts


def describe_companions(layout: Layout) -> Iterator[tuple[str, dict[str, Any]]]:
    """The tokenizer, and the files of a model with images or chat."""
    text = {**layout.config, **layout.config.get("text_config", {})}
    words = text.get("vocab_size", 320) - 20
    vocabulary = {f"t{number}": number for number in range(words)}
    yield "tokenizer.json", {"model": {"type": "BPE", "vocab": vocabulary}, "added_tokens": []}
    yield "tokenizer_config.json", {"chat_template": "{{ messages[0]['content'] }}"}
    yield "generation_config.json", {"eos_token_id": 2}
    if "vision_config" in layout.config:
        yield "preprocessor_config.json", {"image_processor_type": "CLIPImageProcessor"}


def write_headers(layout: Layout) -> Headers:
    """The layout as files; the weights' bytes are counted but not written."""
    contents = {path: json.dumps(content).encode() for path, content in layout.companions.items()}
    contents["config.json"] = json.dumps(layout.config).encode()
    sizes = {path: len(content) for path, content in contents.items()}
    names = list(layout.tensors)
    homes: dict[str, str] = {}
    for number in range(layout.shards):
        path = f"model-{number + 1:05}-of-{layout.shards:05}.safetensors"
        path = path if layout.shards > 1 else "model.safetensors"
        held = names[number :: layout.shards]
        contents[path], weight_bytes = _write_shard({name: layout.tensors[name] for name in held})
        sizes[path] = len(contents[path]) + weight_bytes
        homes |= dict.fromkeys(held, path)
    if layout.shards > 1:
        contents[INDEX] = json.dumps({"metadata": {}, "weight_map": homes}).encode()
        sizes[INDEX] = len(contents[INDEX])
    return Headers(sizes, contents)


def _write_shard(tensors: Shapes) -> tuple[bytes, int]:
    header: dict[str, Any] = {}
    end = 0
    for name, shape in tensors.items():
        begin, end = end, end + math.prod(shape)
        header[name] = {"dtype": "U8", "shape": shape, "data_offsets": [begin, end]}
    raw = json.dumps(header).encode()
    return len(raw).to_bytes(8, "little") + raw, end


def rename(layout: Layout, old: str, new: str) -> Layout:
    """The layout with another prefix for some tensors' names."""
    tensors = {
        new + name.removeprefix(old) if name.startswith(old) else name: shape
        for name, shape in layout.tensors.items()
    }
    return replace(layout, tensors=tensors)
