"""Finds what small files order a container to run or to load from elsewhere.

Which keys do so: transformers (`auto_map`, `custom_pipelines`), Sentence Transformers
(`trust_remote_code` in `model_args`), Triton's vLLM backend (`trust_remote_code` in model.json),
DJL Serving and LMI ("LMI Common Configurations", "DJL Serving Operation Modes": serving.properties).
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, TypeAlias

from switchover.domain.checkpoint.magic import Kind
from switchover.domain.checkpoint.text import quote
from switchover.domain.java_properties import read_properties

if TYPE_CHECKING:
    from collections.abc import Iterator

# What it is, the place in the file, and what is said of that place.
Order: TypeAlias = tuple[Kind, str, str]
Pairs = list[tuple[str, object]]
Trail: TypeAlias = "tuple[Trail, str] | None"

_NOT_SET = ("", "0", "auto", "disable", "disabled", "false", "no", "none", "null")
_PYTHONS = ("python", "python3")
_HERE = re.compile(r"\./?|/opt/ml/model(/.*)?")
_PYTHON_TAG = re.compile(rb"(?m)^%TAG|(?:^|[\s,\[{:])!\S*(?:python|%)")
_PYTHON_BACKEND = re.compile(rb'(?i)\b(backend|platform)\s*:\s*["\']python["\']')


# Parsed, JSON takes up to 40 times its length; configs that name code are some 10 KB long.
PARSED_LIMIT_BYTES = 1024**2
# LMI's own examples have ten lines.
PROPERTIES_LIMIT_BYTES = 64 * 1024
# The keys as they are spelt, the letters of one escaped, and any encoding but UTF-8.
_MAY_ORDER = re.compile(rb"auto_map|custom_pipelines|trust_remote_code|\\u00[2-7]|\0")


class Unreadable(Exception):
    """The file may ask for code, but can't be read to its end; the text ends the sentence "it …"."""


def find_in_json(raw: bytes) -> Iterator[Order]:
    """Code that a JSON file asks for, at any depth, also under a key that stands there twice.

    A file that is no JSON asks for nothing: the loaders that obey these keys don't read it either.

    Raises:
        Unreadable: it may ask for code, but can't be parsed here.
    """
    todo: list[tuple[Trail, object]] = [(None, _parse(raw) if _MAY_ORDER.search(raw) else None)]
    while todo:
        trail, value = todo.pop()
        if isinstance(value, _Object):
            for key, inner in value.pairs:
                if _is_order(key, inner):
                    yield (
                        Kind.CODE,
                        _spell((trail, key)),
                        f"asks to run Python code: {_show(inner)}",
                    )
                elif isinstance(inner, _Object | list):
                    todo.append(((trail, key), inner))
        elif isinstance(value, list):
            todo += ((trail, inner) for inner in value if isinstance(inner, _Object | list))


def _parse(raw: bytes) -> object:
    if len(raw) > PARSED_LIMIT_BYTES:
        raise Unreadable(f"is {len(raw)} bytes long and may ask to run code")
    try:
        return json.loads(raw, object_pairs_hook=_keep_pairs, parse_int=str, parse_float=str)
    except RecursionError as error:
        raise Unreadable("is nested too deeply to be read") from error
    except ValueError:
        return None


class _Object:
    """A JSON object with all its members, also those of one name."""

    __slots__ = ("pairs",)

    def __init__(self, pairs: Pairs) -> None:
        self.pairs = pairs


def _keep_pairs(pairs: Pairs) -> _Object:
    return _Object(pairs)


def _is_order(key: str, value: object) -> bool:
    if key in {"auto_map", "custom_pipelines"}:
        return bool(value.pairs) if isinstance(value, _Object) else bool(value)
    return key == "trust_remote_code" and str(value).lower() not in _NOT_SET


def _show(value: object) -> str:
    return quote(dict(value.pairs[:5]) if isinstance(value, _Object) else value)


def _spell(trail: Trail) -> str:
    keys: list[str] = []
    while trail is not None and len(keys) < 5:
        keys.append(trail[1][:60])
        trail = trail[0]
    return ("…." if trail is not None else "") + ".".join(reversed(keys))


def find_in_yaml(raw: bytes) -> Iterator[Order]:
    """Tags by which YAML's unsafe loaders build any Python object."""
    if found := _PYTHON_TAG.search(raw):
        yield (
            Kind.CODE,
            "",
            f"asks YAML to run Python code: {quote(found[0].strip().decode('latin-1'))}",
        )


def find_in_pbtxt(raw: bytes) -> Iterator[Order]:
    """A Triton model that is served by its own Python code."""
    if found := _PYTHON_BACKEND.search(raw):
        yield (
            Kind.CODE,
            "",
            f"says {quote(found[0].decode('latin-1'))}, so Python code is the model",
        )


def find_in_properties(raw: bytes) -> Iterator[Order]:
    """What of serving.properties runs code, or loads another model than this one.

    Everything else in it, such as `option.tensor_parallel_degree`, is DJL's to understand.

    Raises:
        Unreadable: it is longer than any such file.
    """
    if len(raw) > PROPERTIES_LIMIT_BYTES:
        raise Unreadable(f"is {len(raw)} bytes long; at most {PROPERTIES_LIMIT_BYTES} are read")
    for key, value in read_properties(raw.decode("latin-1")):
        kind = _judge_property(key.removeprefix("option.").lower().replace("_", ""), value.strip())
        if kind is Kind.CODE:
            yield kind, key, f"asks to run code: {quote(value)}"
        elif kind is Kind.ELSEWHERE:
            yield kind, key, f"loads {quote(value)} instead of the model that lies here"


def _judge_property(key: str, value: str) -> Kind:
    if value.lower() in _NOT_SET:
        return Kind.DATA
    match key:
        case "entrypoint":
            return Kind.DATA if value.startswith("djl_python.") else Kind.CODE
        case "pythonexecutable":
            return Kind.DATA if value in _PYTHONS else Kind.CODE
        case "translator" | "translatorfactory":
            return Kind.DATA if value.startswith("ai.djl.") else Kind.CODE
        case "trustremotecode" | "customoplibrary" | "logitsprocessors" | "middleware":
            return Kind.CODE
        case "modelid" | "modelurl" | "s3url" | "tokenizer" | "hfconfigpath":
            is_here = _HERE.fullmatch(value) and ".." not in value.split("/")
            return Kind.DATA if is_here else Kind.ELSEWHERE
    asks_for_code = key.endswith(("plugin", "cls")) or any(
        word in value for word in ("auto_map", "trust_remote_code")
    )
    return Kind.CODE if asks_for_code else Kind.DATA
