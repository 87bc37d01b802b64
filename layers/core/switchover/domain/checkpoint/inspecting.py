"""Whether a release is a model that can be loaded, told from its names, sizes, texts and headers.

Every fault at once, each a `Reason` that names the file and the value. Nothing here reads: what
there is to know comes in as `Evidence`.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from switchover.domain.checkpoint.config import Inspection, inspect_config
from switchover.domain.checkpoint.reading import Evidence, StoredFile, is_archive
from switchover.domain.checkpoint.text import Json, Unparsed, name_some, parse_object, quote
from switchover.domain.reasons import Reason
from switchover.domain.release import FILE_NAME

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from switchover.domain.release import Release

SHOWN_PER_CODE = 10

_PICKLES = frozenset({".bin", ".ckpt", ".joblib", ".pickle", ".pkl", ".pt", ".pth"})
# Formats of a single file; of these only GGUF has a header that says how long the file must be.
_SINGLE_FILES = frozenset({".engine", ".gguf", ".onnx", ".plan"})
_CODE_CARRIERS = (
    "config.json",
    "tokenizer_config.json",
    "preprocessor_config.json",
    "processor_config.json",
)


def compare_with_release(
    release: Release, stored: Iterable[StoredFile], place: str
) -> tuple[Reason, ...]:
    """Say where what lies under the prefix differs from what `release.json` lists.

    `place` names the prefix to a reader, such as `s3://bucket/models/chat/7/`.
    """
    there = {file.path: file for file in stored}
    listed = {file.path for file in release.files}
    reasons: list[Reason] = []
    for file in release.files:
        found = there.get(file.path)
        if found is None:
            reasons.append(
                Reason(
                    code="model.file-missing",
                    subject=file.path,
                    message=f"release.json lists it, but {place} doesn't hold it.",
                    remedy="Upload the release again under a new version.",
                )
            )
        elif found.bytes != file.bytes:
            reasons.append(_differs("size", file.path, f"{file.bytes} bytes", f"{found.bytes}"))
        elif found.sha256 is not None and found.sha256 != file.sha256:
            reasons.append(_differs("checksum", file.path, file.sha256, found.sha256))
    return (*reasons, *find_unlisted(listed, there, place))


def _differs(what: str, path: str, listed: str, found: str) -> Reason:
    return Reason(
        code=f"model.{what}-differs",
        subject=path,
        message=f"release.json says {listed}, stored is {found}.",
        remedy="The file changed after the release was made: upload it under a new version.",
    )


def find_unlisted(listed: Iterable[str], stored: Iterable[str], place: str) -> tuple[Reason, ...]:
    """Say which stored paths the release doesn't list: SageMaker downloads whatever lies there.

    `release.json` itself may lie beside its files: it can't list itself, and loaders ignore it.
    """
    unlisted = {*stored} - {*listed, FILE_NAME}
    return tuple(_refuse_unlisted(path, place) for path in sorted(unlisted))


def _refuse_unlisted(path: str, place: str) -> Reason:
    if not path or path.endswith("/"):
        # Rules §1.6: such a key, which the S3 console's "Create folder" makes, breaks deployment.
        return Reason(
            code="model.empty-folder-key",
            subject=f"{place}{path}",
            message="is a folder key without content, on which SageMaker's download fails.",
            remedy="Delete this key; S3 needs no folders.",
        )
    return Reason(
        code="model.unexpected-file",
        subject=path,
        message=f"lies under {place}, but release.json doesn't list it; SageMaker downloads all.",
        remedy="Delete it, or upload the release again under a new version.",
    )


def inspect_model(
    evidence: Evidence, *, allow_pickle: bool = False, allow_remote_code: bool = False
) -> Inspection:
    """Say everything that keeps these files from loading as the model that they say they are."""
    files = evidence.files
    if len(files) == 1 and is_archive(next(iter(files))):
        return _inspect_archive(
            evidence, allow_pickle=allow_pickle, allow_remote_code=allow_remote_code
        )
    texts, text_reasons = _parse_texts(evidence.texts)
    if "adapter_config.json" in texts and "config.json" not in files:
        return Inspection((_refuse_adapter(texts["adapter_config.json"]),))
    suffixes = {PurePosixPath(path).suffix for path in files}
    reasons = [*evidence.reasons, *text_reasons]
    reasons += evidence.weights.shard_reasons
    reasons += [r for gguf in evidence.ggufs.values() for r in gguf.reasons]
    if not allow_pickle:
        reasons += _refuse_pickles(files)
    if not suffixes & {".safetensors", *_PICKLES, *_SINGLE_FILES}:
        reasons.append(_no_weights(files))
    if not allow_remote_code:
        reasons += _refuse_remote_code(texts)
    unchecked = [*evidence.unread, *_name_unread_weights(evidence, allow_pickle=allow_pickle)]
    if "adapter_config.json" in texts:
        unchecked.append("adapter_config.json: the adapter that lies beside the model.")
    checked = list(_name_read(evidence))
    if not suffixes & _SINGLE_FILES or "config.json" in files:
        findings = inspect_config(files, texts, evidence.weights)
        reasons += [*evidence.weights.reasons, *findings.reasons]
        unchecked += findings.unchecked
        checked += findings.checked
    return Inspection(limit_per_code(reasons), tuple(unchecked), tuple(checked))


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


def _name_unread_weights(evidence: Evidence, *, allow_pickle: bool) -> Iterator[str]:
    closed = _SINGLE_FILES - {".gguf"} | (_PICKLES if allow_pickle else frozenset())
    unread = sorted(path for path in evidence.files if PurePosixPath(path).suffix in closed)
    if unread:
        yield f"{name_some(unread)}: the format doesn't let a reader tell what must be there."
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


def limit_per_code(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    """Keep the first ten of each kind and sum up the rest, so that people can read the answer."""
    kinds: dict[str, list[Reason]] = defaultdict(list)
    for reason in reasons:
        kinds[reason.code].append(reason)
    limited: list[Reason] = []
    for code, kind in kinds.items():
        rest = kind[SHOWN_PER_CODE:]
        limited += kind[:SHOWN_PER_CODE]
        if rest:
            limited.append(
                Reason(
                    code=code,
                    subject=name_some(reason.subject for reason in rest),
                    message=f"{len(rest)} more of the same kind.",
                    remedy=rest[0].remedy,
                )
            )
    return tuple(limited)


def _inspect_archive(
    evidence: Evidence, *, allow_pickle: bool, allow_remote_code: bool
) -> Inspection:
    path = next(iter(evidence.files))
    if evidence.inside is None:
        no_gzip = () if evidence.opening is None else (_no_gzip(path, evidence.opening),)
        return Inspection((*evidence.reasons, *no_gzip))
    archive, inner = evidence.inside.archive, evidence.inside.evidence
    unchecked: list[str] = []
    if evidence.inside.folder:
        unchecked.append(
            f"{path}: all its files lie in {evidence.inside.folder}; whether the container looks "
            "there."
        )
    if not archive.is_whole:
        # What wasn't seen can't be called missing.
        if archive.stopped:
            unchecked.append(f"{path}: {archive.stopped}.")
        seen = inner.weights.shard_reasons
        return Inspection(
            limit_per_code((*evidence.reasons, *archive.reasons, *seen)),
            (*inner.unread, *unchecked),
            tuple(_name_read(inner)),
        )
    found = inspect_model(inner, allow_pickle=allow_pickle, allow_remote_code=allow_remote_code)
    return Inspection(
        limit_per_code((*evidence.reasons, *found.reasons)),
        (*found.unchecked, *unchecked),
        (f"The list of {len(inner.files)} files in {path}.", *found.checked),
    )


def _no_gzip(path: str, opening: bytes) -> Reason:
    return Reason(
        code="model.archive-invalid",
        subject=path,
        message=f"doesn't begin as gzip does, but with {quote(opening[:8])}.",
        remedy="Pack it with `tar czf`, then upload it under a new version.",
    )


def _refuse_pickles(files: frozenset[str]) -> Iterator[Reason]:
    for path in sorted(files):
        if PurePosixPath(path).suffix in _PICKLES:
            yield Reason(
                code="model.pickle-weights",
                subject=path,
                message="is a pickle by its name, and loading a pickle runs code that it carries.",
                remedy="Save weights as safetensors, remove training leftovers, or let the policy "
                "allow pickles.",
            )


def _no_weights(files: frozenset[str]) -> Reason:
    return Reason(
        code="model.no-weights",
        subject="*.safetensors",
        message=f"no file holds weights among: {name_some(sorted(files), shown=5) or 'no files'}.",
        remedy="Upload the folder that holds config.json and the safetensors files.",
    )


def _parse_texts(
    texts: Mapping[str, bytes],
) -> tuple[dict[str, dict[str, Json]], tuple[Reason, ...]]:
    parsed = {path: parse_object(raw) for path, raw in texts.items()}
    reasons = tuple(
        Reason(
            code="model.config-invalid" if path == "config.json" else "model.text-invalid",
            subject=path,
            message=f"{content}.",
            remedy="Get the file again from where the model was saved.",
        )
        for path, content in parsed.items()
        if isinstance(content, Unparsed)
    )
    return {path: text for path, text in parsed.items() if isinstance(text, dict)}, reasons


def _refuse_remote_code(texts: Mapping[str, Mapping[str, Json]]) -> Iterator[Reason]:
    for path in _CODE_CARRIERS:
        auto_map = texts.get(path, {}).get("auto_map")
        if auto_map:
            yield Reason(
                code="model.remote-code",
                subject=f"{path}: auto_map",
                message=f"asks to run Python code that comes with the model: {quote(auto_map)}.",
                remedy="Use an architecture that the container knows, or let the policy allow "
                "remote code.",
            )
