"""Record what transformers itself saves for each architecture: names, shapes and config.json.

Every model is built tiny, saved by `save_pretrained`, and its files' headers are read back. So the
layouts in `localcloud/switchover_local/layouts/` come from the library, not from us. Needs the extra
`oracle` (torch, transformers); the tests need only the result:

    python -m tests.oracle.layouts            # writes what differs
    python -m tests.oracle.layouts --only qwen3_vl
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import transformers
from tests.oracle.models import MODELS, VOCABULARY, Model

FOLDER = Path(__file__).parents[2] / "localcloud" / "switchover_local" / "layouts"


def main() -> None:
    """Write the layout of each model that this version of transformers can build."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", default="")
    only = parser.parse_args().only
    for model in MODELS:
        if only in model.name:
            path = FOLDER / f"{model.name}.json"
            path.write_text(describe(model) + "\n")
            print(f"wrote {path}")


def describe(model: Model) -> str:
    """One layout as compact JSON: a line for config.json, and one for each tensor."""
    config, tensors = save_tiny(model)
    lines = ",\n".join(
        f"  {json.dumps(name)}: {json.dumps(shape)}" for name, shape in tensors.items()
    )
    head = {"written_by": f"transformers {transformers.__version__}", "config": config}
    text = json.dumps(head)
    return f'{text[:-1]},\n "tensors": {{\n{lines}\n }}}}'


def save_tiny(model: Model) -> tuple[dict[str, Any], dict[str, list[int]]]:
    """Build and save one model; its config.json, and the shape of each tensor in its files."""
    config = transformers.AutoConfig.for_model(model.model_type, **model.sizes)
    built = getattr(transformers, model.architecture)(config)
    with tempfile.TemporaryDirectory() as folder:
        built.save_pretrained(folder)
        config = json.loads((Path(folder) / "config.json").read_text())
        tensors = {
            name: entry["shape"]
            for path in sorted(Path(folder).glob("*.safetensors"))
            for name, entry in read_header(path).items()
            if name != "__metadata__"
        }
    return shrink_ids(config), dict(sorted(tensors.items()))


def shrink_ids(config: dict[str, Any]) -> dict[str, Any]:
    """The config with the ids of special tokens, which have defaults, inside the tiny vocabulary."""
    return {
        key: shrink_ids(value)
        if isinstance(value, dict)
        else VOCABULARY - 1
        if key.endswith(("_token_id", "_token_index")) and value and value > VOCABULARY
        else value
        for key, value in config.items()
    }


def read_header(path: Path) -> dict[str, Any]:
    """The header of a safetensors file."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header: dict[str, Any] = json.loads(file.read(length))
    return header


if __name__ == "__main__":
    main()
