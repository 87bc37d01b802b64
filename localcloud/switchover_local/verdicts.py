"""A page with the check's verdict on each known layout: architecture × form."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from switchover.checkpoint.families import ARCHITECTURES
from switchover.checkpoint.inspecting import inspect_model
from switchover.checkpoint.reading import StoredFile, read_evidence
from switchover_local.layouts import Layout, load_layouts, write_headers
from switchover_local.quantizers import FORMS, quantize

if TYPE_CHECKING:
    from collections.abc import Iterable

    from switchover.checkpoint.findings import Inspection

_COMPARED, _PARTLY, _UNCOMPARED, _WARNED = "●", "◐", "sound", "●!"
_PAGE = """# Which models are compared

Drawn by `make docs` from what `switchover model check` says of each layout; the tests hold it to the
same. The layouts are those that `transformers` itself saves for each architecture (`tests/oracle`),
and what each quantizer makes of them. None is refused.

## Compared with config.json

● every tensor's name and shape. ◐ the same, without some quantized tensors, their scales, or layers
that mix experts and dense ones; the answer names them. "!" is a warning
that vLLM doesn't load this form. The columns: {forms}

{compared}

## Not compared

Of these, the check says that tensor shapes were not compared: what it doesn't know, it never calls
wrong. Everything else is checked: each header's sizes and offsets, the index, the tokenizer, the
companions.

{others}
"""


def inspect_layout(layout: Layout) -> Inspection:
    """The check's verdict on a layout."""
    headers = write_headers(layout)
    stored = [StoredFile(path, size) for path, size in headers.sizes.items()]
    return inspect_model(read_evidence(stored, headers))


def write_page() -> str:
    """The page with a row for each layout and a column for each form."""
    layouts = load_layouts()
    known = [each for each in layouts.values() if each.architecture in ARCHITECTURES]
    others = [each for each in layouts.values() if each.architecture not in ARCHITECTURES]
    names = ["plain", "several files", *FORMS]
    return _PAGE.format(
        forms=", ".join(f"{number} {name}" for number, name in enumerate(names, start=1)) + ".",
        compared=_table(
            ("architecture", *(str(number + 1) for number in range(len(names)))),
            (
                (f"{each.architecture} ({each.name})", *(_verdict(form) for form in _forms(each)))
                for each in known
            ),
        ),
        others=_table(
            ("architecture", "plain"),
            ((f"{each.architecture} ({each.name})", _verdict(each)) for each in others),
        ),
    )


def _forms(layout: Layout) -> tuple[Layout, ...]:
    quantized = (quantize(layout, form) for form in FORMS)
    return (layout, replace(layout, shards=3), *quantized)


def _verdict(layout: Layout) -> str:
    found = inspect_layout(layout)
    codes = {each.code for each in (*found.reasons, *found.warnings)}
    if codes == {"model.quantization-unserved"} and not found.unchecked:
        return _WARNED
    if codes:
        return ", ".join(sorted(codes))
    if any("tensor shapes were not compared" in what for what in found.unchecked):
        return _UNCOMPARED
    return _PARTLY if found.unchecked else _COMPARED


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = (head, ("---",) * len(head), *rows)
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
