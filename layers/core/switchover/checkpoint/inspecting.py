"""Decides from names, sizes, texts and headers whether a release is a loadable model.

All faults are returned together, each as a `Reason` that names the file and the value. This module
reads no files; its input is `Evidence`.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from switchover.checkpoint.config import inspect_config
from switchover.checkpoint.contents import STRICT, Allowances, is_allowed, name_allowed, refuse
from switchover.checkpoint.findings import Inspection, Warned, part_warnings, weigh
from switchover.checkpoint.leftovers import find_leftovers
from switchover.checkpoint.names import PICKLES
from switchover.checkpoint.text import Json, Unparsed, parse_object, quote
from switchover.domain.containers.properties import FILE_NAME as SERVING_PROPERTIES
from switchover.domain.containers.properties import find_weights_elsewhere
from switchover.domain.many_reasons import join_same, limit_per_code, name_some
from switchover.domain.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from switchover.checkpoint.reading import Evidence

# Formats of a single file. Only GGUF has a header with the length that the file must have.
_SINGLE_FILES = frozenset({".engine", ".gguf", ".onnx", ".plan"})
_LEGACY_TOKENIZER = frozenset({"added_tokens.json", "special_tokens_map.json", "vocab.json"})


def inspect_model(evidence: Evidence, allowed: Allowances = STRICT) -> Inspection:
    """List every fault that prevents these files from loading as the model that they declare.

    An unread file doesn't pass: a rule that can't be decided is a reason too.
    """
    files = evidence.files
    if evidence.inside is not None or evidence.opening is not None:
        return _inspect_archive(evidence, allowed)
    texts, text_reasons = _parse_texts(evidence.texts)
    if "adapter_config.json" in texts and "config.json" not in files:
        return Inspection((_refuse_adapter(texts["adapter_config.json"]),))
    suffixes = {PurePosixPath(path).suffix for path in files}
    reasons = [*evidence.reasons, *text_reasons]
    # Otherwise the check of the contents refuses it. A permission to run code isn't one for other
    # weights.
    reasons += _refuse_other_weights(evidence) if allowed.allow_remote_code else ()
    reasons += evidence.weights.shard_reasons
    reasons += find_leftovers(files)
    reasons += [r for gguf in evidence.ggufs.values() for r in gguf.reasons]
    reasons += refuse(evidence.findings, allowed, has_weights=evidence.weights.shards > 0)
    if not suffixes & {".safetensors", *PICKLES, *_SINGLE_FILES}:
        reasons.append(_no_weights(files))
    unchecked = [
        *evidence.unread,
        *_name_unread_weights(evidence, allowed),
        *name_allowed(evidence.findings, allowed),
    ]
    if "adapter_config.json" in texts:
        unchecked.append("adapter_config.json: the adapter in the model's folder.")
    checked = list(_name_read(evidence))
    if not suffixes & _SINGLE_FILES or "config.json" in files:
        findings = inspect_config(evidence, texts)
        reasons += [*evidence.weights.reasons, *findings.reasons]
        unchecked += findings.unchecked
        checked += findings.checked
    found = Inspection(limit_per_code(join_same(reasons)), tuple(unchecked), tuple(checked))
    return weigh(part_warnings(found), tolerate=allowed.tolerate, refuse=allowed.refuse)


def _refuse_other_weights(evidence: Evidence) -> tuple[Reason, ...]:
    """The reasons why LMI would not load these files at all."""
    text = evidence.texts.get(SERVING_PROPERTIES, b"")
    return find_weights_elsewhere(text.decode("utf-8", errors="replace"))


def _name_read(evidence: Evidence) -> Iterator[str]:
    weights = evidence.weights
    if weights.shards:
        count = f"{weights.shards} safetensors files, with {weights.tensors} tensors"
        yield f"The headers of {count}."
    if evidence.ggufs:
        tensors = sum(gguf.tensors for gguf in evidence.ggufs.values())
        yield f"The headers of {len(evidence.ggufs)} GGUF files, with {tensors} tensors."
    if evidence.texts:
        yield f"The content of {name_some(sorted(evidence.texts), shown=len(evidence.texts))}."


def _name_unread_weights(evidence: Evidence, allowed: Allowances) -> Iterator[str]:
    refused = {f.path for f in evidence.findings if not is_allowed(f, allowed)}
    closed = _SINGLE_FILES - {".gguf"} | PICKLES
    unread = sorted(
        path for path in evidence.files - refused if PurePosixPath(path).suffix in closed
    )
    if unread:
        yield f"{name_some(unread)}: the format doesn't show which content must be there."
    for gguf in evidence.ggufs.values():
        yield from gguf.unchecked


def _refuse_adapter(adapter: Mapping[str, Json]) -> Reason:
    base = quote(adapter.get("base_model_name_or_path"))
    return Reason(
        code="model.is-adapter",
        subject="adapter_config.json",
        message=f"this is an adapter ({quote(adapter.get('peft_type'))}) of {base}, not a model "
        "that can be loaded by itself.",
        remedy="Merge it into its base model (PEFT: merge_and_unload, save_pretrained) and upload "
        "the result.",
    )


def _inspect_archive(evidence: Evidence, allowed: Allowances) -> Inspection:
    path = next(iter(evidence.files))
    if evidence.inside is None:
        no_gzip = () if evidence.opening is None else (_no_gzip(path, evidence.opening),)
        return Inspection((*evidence.reasons, *no_gzip))
    archive, inner = evidence.inside.archive, evidence.inside.evidence
    unchecked: list[str] = []
    if evidence.inside.folder:
        unchecked.append(
            f"{path}: all its files are in {evidence.inside.folder}; whether the container looks"
            " there."
        )
    if not archive.is_whole:
        # An unread part counts neither as missing nor as valid.
        stopped = (_not_inspected(path, archive.stopped),) if archive.stopped else ()
        seen = (*inner.weights.shard_reasons, *refuse(inner.findings, allowed))
        return Inspection(
            limit_per_code((*evidence.reasons, *archive.reasons, *stopped, *seen)),
            (*inner.unread, *unchecked),
            tuple(_name_read(inner)),
        )
    found = inspect_model(inner, allowed)
    return Inspection(
        limit_per_code((*evidence.reasons, *found.reasons)),
        (*found.unchecked, *unchecked),
        (f"The list of {len(inner.files)} files in {path}.", *found.checked),
        found.warnings,
    )


def _not_inspected(path: str, stopped: str) -> Reason:
    return Reason(
        code="model.not-inspected",
        subject=path,
        message=f"{stopped}, and the rest may hold anything.",
        remedy="Upload the folder instead of the archive: its files are checked in parallel. Or"
        " pack fewer files.",
    )


def _no_gzip(path: str, opening: bytes) -> Reason:
    return Reason(
        code="model.archive-invalid",
        subject=path,
        message=f"doesn't begin like gzip, but with {quote(opening[:8])}.",
        remedy="Pack it with `tar czf`, then upload it under a new version.",
    )


def _no_weights(files: frozenset[str]) -> Reason:
    return Reason(
        code="model.no-weights",
        subject="*.safetensors",
        message=f"no file holds weights among: {name_some(sorted(files), shown=5) or 'no files'}.",
        remedy="Upload the folder that contains config.json and the safetensors files.",
    )


def _parse_texts(
    texts: Mapping[str, bytes],
) -> tuple[dict[str, dict[str, Json]], tuple[Reason, ...]]:
    parsed = {p: parse_object(raw) for p, raw in texts.items() if p.endswith(".json")}
    reasons = tuple(
        (Warned if _is_spare(path, texts) else Reason)(
            code="model.config-invalid" if path == "config.json" else "model.text-invalid",
            subject=path,
            message=f"{content}.",
            remedy="Get the file again from where the model was saved.",
        )
        for path, content in parsed.items()
        if isinstance(content, Unparsed)
    )
    return {path: text for path, text in parsed.items() if isinstance(text, dict)}, reasons


def _is_spare(path: str, texts: Mapping[str, bytes]) -> bool:
    """Whether loaders read tokenizer.json instead, which has the content of these three files.

    Source: transformers, PreTrainedTokenizerBase._from_pretrained ("Legacy: read …").
    """
    return path in _LEGACY_TOKENIZER and "tokenizer.json" in texts
