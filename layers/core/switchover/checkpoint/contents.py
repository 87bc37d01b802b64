"""Decides which files may lie in a model's folder, by their names and their first bytes.

A container may run files that it finds: inference.py, a wheel, a pickle. So each file must be known
as weights, configuration, tokenizer, document or picture. An unknown file is refused, unless the
policy allows code, or names the file as data.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import chain
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, NamedTuple, Protocol

from switchover.checkpoint import carriers
from switchover.checkpoint.magic import (
    OPENING_BYTES,
    TEXT_OPENING_BYTES,
    Kind,
    may_be_unpickled,
    recognize,
)
from switchover.checkpoint.names import is_text, judge_name, match_any
from switchover.domain.many_reasons import name_some
from switchover.domain.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


SHOWN_PER_FILE = 5
CARRIER_LIMIT_BYTES = 4 * 1024**2
CARRIERS_LIMIT_BYTES = 32 * 1024**2

# Vocabularies: these files are long, and no loader takes instructions from them.
_TABLES = match_any(
    "*.index.json",
    "*vocab.json",
    "added_tokens.json",
    "special_tokens_map.json",
    "tekken.json",
    "tokenizer.json",
)
_CONFIGS = match_any("*config*.json", "model.json", "model_index.json", "modules.json")


# The files that name the model to load: PEFT's, and vLLM's within Triton.
_NAMING = {
    re.compile(r"adapter_config\.json"): ("base_model_name_or_path",),
    re.compile(r"(.*/)?[0-9]+/model\.json"): ("model", "speculative_model", "tokenizer"),
}


class Allowances(Protocol):
    """The content that a policy allows in a checkpoint (section `model`)."""

    @property
    def allow_pickle(self) -> bool: ...
    @property
    def allow_remote_code(self) -> bool: ...
    @property
    def data_files(self) -> Sequence[str]: ...
    @property
    def tolerate(self) -> Sequence[str]: ...
    @property
    def refuse(self) -> Sequence[str]: ...


@dataclass(frozen=True, slots=True)
class Allowed:
    """By default, only data."""

    allow_pickle: bool = False
    allow_remote_code: bool = False
    data_files: Sequence[str] = ()
    tolerate: Sequence[str] = ()
    refuse: Sequence[str] = ()


STRICT = Allowed()


@dataclass(frozen=True, slots=True)
class Finding:
    """A file that is more than data; `why` ends the sentence "it …"."""

    kind: Kind
    path: str
    why: str
    place: str = ""

    @property
    def subject(self) -> str:
        """The file, with the place in it."""
        return f"{self.path}: {self.place}" if self.place else self.path


def has_own_check(path: str) -> bool:
    """Whether another check reads the file's header and format: safetensors and GGUF."""
    return path.endswith((".safetensors", ".gguf"))


def count_bytes_to_see(path: str, size: int) -> int:
    """The number of first bytes needed to recognise a file; 0 if its name is enough."""
    if has_own_check(path) or judge_name(path)[0] is Kind.CODE:
        return 0
    if judge_name(path)[0] is Kind.PICKLE and not path.lower().endswith(".bin"):
        return 0
    if is_carrier(path) and size <= CARRIER_LIMIT_BYTES:
        return size
    return min(size, TEXT_OPENING_BYTES if is_text(path) else OPENING_BYTES)


def is_carrier(path: str) -> bool:
    """Whether a file is a small text that may make a container run code. Such a file is read whole."""
    name = PurePosixPath(path).name.lower()
    if name.endswith(".json"):
        return not _TABLES.match(name)
    return name.endswith((".yaml", ".yml", ".pbtxt", ".properties"))


def judge_content(path: str, size: int, seen: bytes) -> Iterator[Finding]:
    """Classify a file by its name and by the bytes that `count_bytes_to_see` requires."""
    kind, why = judge_name(path)
    wanted = count_bytes_to_see(path, size)
    if len(seen) < wanted:
        yield Finding(Kind.UNREAD, path, f"was not read: {len(seen)} of {wanted} bytes were seen")
        return
    if wanted and kind is Kind.PICKLE and not may_be_unpickled(seen, size):
        kind = Kind.DATA  # raw weights, such as metal/model.bin
    kind, why = (
        recognize(seen, size) or (kind, why) if kind in {Kind.DATA, Kind.UNKNOWN} else (kind, why)
    )
    if kind is not Kind.DATA:
        yield Finding(kind, path, why)
    elif is_carrier(path) and wanted < size:
        if not path.lower().endswith(".json") or _CONFIGS.match(PurePosixPath(path).name.lower()):
            yield _too_long(path, size)
    elif is_carrier(path):
        yield from _find_orders(path, seen)


def _too_long(path: str, size: int) -> Finding:
    why = f"is {size} bytes long; at most {CARRIER_LIMIT_BYTES} are read"
    return Finding(Kind.UNREAD, path, why)


def _find_orders(path: str, content: bytes) -> Iterator[Finding]:
    find = {
        ".json": carriers.find_in_json,
        ".yaml": carriers.find_in_yaml,
        ".yml": carriers.find_in_yaml,
        ".pbtxt": carriers.find_in_pbtxt,
        ".properties": carriers.find_in_properties,
    }[PurePosixPath(path).suffix.lower()]
    named = next((keys for form, keys in _NAMING.items() if form.fullmatch(path)), ())
    orders = carriers.find_in_top_keys(content, named) if named else ()
    try:
        for count, (kind, place, why) in enumerate(chain(find(content), orders)):
            if count < SHOWN_PER_FILE:
                yield Finding(kind, path, why, place)
    except carriers.Unreadable as error:
        yield Finding(Kind.UNREAD, path, str(error))


_SPARE = re.compile(r"original/consolidated\.\d{2,3}\.pth")


class _Refusal(NamedTuple):
    code: str
    remedy: str


_REFUSALS: Mapping[Kind, _Refusal] = {
    Kind.PICKLE: _Refusal(
        code="model.pickle-weights",
        remedy="Save weights as safetensors, remove leftovers of the training, or set"
        " model.allow_pickle in the policy.",
    ),
    Kind.CODE: _Refusal(
        code="model.remote-code",
        remedy="Leave it out and use the container's own code, or set model.allow_remote_code in"
        " the policy.",
    ),
    Kind.ELSEWHERE: _Refusal(
        code="model.loads-elsewhere",
        remedy="Remove the line, or name the model in the same folder (/opt/ml/model). Or set "
        "model.allow_remote_code in the policy.",
    ),
    Kind.UNKNOWN: _Refusal(
        code="model.unknown-file",
        remedy="Leave it out if the model loads without it, or name it as data in the policy's "
        "model.data_files.",
    ),
    Kind.UNREAD: _Refusal(
        code="model.not-inspected",
        remedy="Make it smaller, or leave it out if the model loads without it.",
    ),
}


def refuse(
    findings: Sequence[Finding], allowed: Allowances, *, has_weights: bool = False
) -> Iterator[Reason]:
    """A reason for each finding that the policy doesn't allow.

    `has_weights`: the model's own folder has safetensors.
    """
    for finding in findings:
        if is_allowed(finding, allowed) or (has_weights and _is_spare(finding)):
            continue
        code, remedy = _REFUSALS[finding.kind]
        why = finding.why
        if finding.kind is Kind.PICKLE:
            why += ", and loading a pickle runs code that it carries"
        if finding.kind is Kind.PICKLE and _is_original(finding.path):
            folder = finding.path.split("/")[0]
            remedy = f"Leave out {folder}/: containers load the files above this folder."
        yield Reason(code=code, subject=finding.subject, message=f"{why}.", remedy=remedy)


def _is_original(path: str) -> bool:
    """Whether a file belongs to the publisher's own format, which Llama's repositories also contain."""
    return path.startswith(("original/", "metal/"))


def _is_spare(finding: Finding) -> bool:
    """Whether a pickle is the second copy of the weights in Llama's repositories.

    If the model's own folder has weights, no server reads that folder: vLLM ignores "original/**/*"
    (LoadConfig, ignore_patterns), transformers reads the files of the model's own folder.
    """
    return finding.kind is Kind.PICKLE and _SPARE.fullmatch(finding.path) is not None


def is_allowed(finding: Finding, allowed: Allowances) -> bool:
    """Whether the policy allows a file in spite of its finding."""
    match finding.kind:
        case Kind.PICKLE:
            return allowed.allow_pickle
        case Kind.CODE | Kind.ELSEWHERE:
            return allowed.allow_remote_code
        case Kind.UNKNOWN:
            is_named = any(fnmatchcase(finding.path, glob) for glob in allowed.data_files)
            return is_named or allowed.allow_remote_code
        case Kind.UNREAD:
            return allowed.allow_remote_code and allowed.allow_pickle
        case Kind.DATA:
            return True


def name_allowed(findings: Sequence[Finding], allowed: Allowances) -> Iterator[str]:
    """List the allowed files that are more than data."""
    for kind, what in (
        (Kind.PICKLE, "pickles"),
        (Kind.CODE, "code"),
        (Kind.ELSEWHERE, "another model"),
        (Kind.UNKNOWN, "files of unknown kind"),
        (Kind.UNREAD, "files that were not read"),
    ):
        taken = [f.subject for f in findings if f.kind is kind and is_allowed(f, allowed)]
        if taken:
            yield f"{name_some(taken)}: {what}, which the policy allows."
