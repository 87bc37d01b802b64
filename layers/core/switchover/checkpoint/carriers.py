"""Finds settings in small files that make a container run code or load another model.

The keys of this kind: transformers (`auto_map`, `custom_pipelines`), Sentence Transformers
(`trust_remote_code` in `model_args`), Triton's vLLM backend (`trust_remote_code` in model.json),
PEFT (transformers loads `base_model_name_or_path` in place of a folder with adapter_config.json),
DJL Serving and LMI ("LMI Common Configurations", "DJL Serving Operation Modes": serving.properties).
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, TypeAlias

from switchover.checkpoint.magic import Kind
from switchover.checkpoint.names import judge_name
from switchover.checkpoint.text import quote
from switchover.domain.java_properties import read_properties

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

# The kind, the place in the file, and the text about that place.
Order: TypeAlias = tuple[Kind, str, str]
Pairs = list[tuple[str, object]]
Trail: TypeAlias = "tuple[Trail, str] | None"

_NOT_SET = ("", "0", "auto", "disable", "disabled", "false", "no", "none", "null")
_PYTHONS = ("python", "python3")
_CODE_WORDS = ("_cls", "auto_map", "module_path", "trust_remote_code")
_HERE = re.compile(r"\./?|/opt/ml/model(/.*)?")
# owner/name as on hubs, or an address; a path that begins with / isn't one.
_HUB_NAME = re.compile(r"://|(?<![\w./-])[A-Za-z0-9][\w.-]*/[\w.-]+")
# A name that Python could import: theirs.Worker, but not 0.9 or llama-3.1.
_IMPORTED = re.compile(r"[A-Za-z_]\w*([.:][A-Za-z_]\w*)+")
_DJL_ENTRY = re.compile(r"djl_python(\.[a-z0-9_]+)+")
# YAML has five line-end characters, and \s matches them all. The longest tag that builds Python
# objects is "!<tag:yaml.org,2002:python/…>"; parts of it may be percent-encoded.
_PYTHON_TAG = re.compile(
    r"(?:^|[\r\n\x85\u2028\u2029])%TAG|(?:^|[\s,\[{:])"
    r"!(?:\S{0,25}(?:python|%)|(?:new|name|module|apply|applyref):)"
)
_YAML_MARKS = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"", "utf-8-sig"))
# Protobuf text may have comments, and its strings may have escapes and several pieces. A string
# without an end is read to the end of its line, because repeated searches for the end would be slow.
_PBTXT_TOKEN = re.compile(r"""#[^\n]*|"(?:[^"\\\n]|\\.)*+"?|'(?:[^'\\\n]|\\.)*+'?|\w+|\S""")
_PBTXT_CODE = frozenset({("backend", "python"), ("platform", "python")})


# Parsed JSON takes up to 40 times its length in memory; configs that name code have some 10 KB.
PARSED_LIMIT_BYTES = 1024**2
# Configs have some five levels. The depth limit of Python's reader depends on the caller's depth.
NESTED_LIMIT = 200
_BRACKETS = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[{\]}]', re.DOTALL)
# LMI's own examples have ten lines.
PROPERTIES_LIMIT_BYTES = 64 * 1024
# The keys as written, a key with escaped letters, and any encoding except UTF-8.
_MAY_ORDER = re.compile(
    rb"auto_map|custom_pipelines|trust_remote_code|/[\w.-]+--\w+\.|\\u00[2-7]|\0"
)
# transformers and Sentence Transformers load such a class from another repository.
_CLASS_ELSEWHERE = re.compile(r"[\w.-]+/[\w.-]+--\w+\.\w+(\.\w+)*")


class Unreadable(Exception):
    """The file may ask for code, but can't be fully read; the message ends the sentence "it …"."""


def find_in_json(raw: bytes) -> Iterator[Order]:
    """Find code that a JSON file asks for, at any depth, also under repeated keys.

    A file that isn't JSON asks for nothing: the loaders that obey these keys can't read it either.

    Raises:
        Unreadable: the file may ask for code, but can't be parsed here.
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
        raise Unreadable(f"is {len(raw)} bytes long and may ask to run or to load something")
    try:
        text = raw.decode(json.detect_encoding(raw), "surrogatepass")
        if _nesting(text) > NESTED_LIMIT:
            raise Unreadable(f"is nested deeper than {NESTED_LIMIT} levels and may ask to run code")
        return json.loads(text, object_pairs_hook=_keep_pairs, parse_int=str, parse_float=str)
    except ValueError:
        return None


def _nesting(text: str) -> int:
    """The number of nested levels of arrays and objects; brackets inside strings don't count."""
    level = deepest = 0
    for found in _BRACKETS.finditer(text):
        if found[0] in ("[", "{"):
            level += 1
            deepest = max(deepest, level)
        elif found[0] in ("]", "}"):
            level -= 1
    return deepest


class _Object:
    """A JSON object with all its members, also those with the same name."""

    __slots__ = ("pairs",)

    def __init__(self, pairs: Pairs) -> None:
        self.pairs = pairs


def _keep_pairs(pairs: Pairs) -> _Object:
    return _Object(pairs)


def _is_order(key: str, value: object) -> bool:
    if key in {"auto_map", "custom_pipelines"}:
        return bool(value.pairs) if isinstance(value, _Object) else bool(value)
    if key == "trust_remote_code":
        return str(value).lower() not in _NOT_SET
    return isinstance(value, str) and bool(_CLASS_ELSEWHERE.fullmatch(value))


def _show(value: object) -> str:
    return quote(dict(value.pairs[:5]) if isinstance(value, _Object) else value)


def _spell(trail: Trail) -> str:
    keys: list[str] = []
    while trail is not None and len(keys) < 5:
        keys.append(trail[1][:60])
        trail = trail[0]
    return ("…." if trail is not None else "") + ".".join(reversed(keys))


def find_in_top_keys(raw: bytes, keys: Collection[str]) -> Iterator[Order]:
    """Find other models that a JSON object names under certain keys of its own.

    Raises:
        Unreadable: the file may name one, but can't be parsed here.
    """
    content = _parse(raw)
    for key, value in content.pairs if isinstance(content, _Object) else ():
        if key in keys and isinstance(value, str) and value and not _is_here(value):
            yield Kind.ELSEWHERE, key, _say_elsewhere(value)


def find_in_yaml(raw: bytes) -> Iterator[Order]:
    """Find tags with which YAML's unsafe loaders build any Python object."""
    encoding = next(name for mark, name in _YAML_MARKS if raw.startswith(mark))
    if found := _PYTHON_TAG.search(raw.decode(encoding, "replace")):
        yield Kind.CODE, "", f"asks YAML to run Python code: {quote(found[0].strip())}"


def find_in_pbtxt(raw: bytes) -> Iterator[Order]:
    """Find a Triton model that is served by its own Python code.

    Raises:
        Unreadable: the file is longer than the limit for such files.
    """
    if len(raw) > PARSED_LIMIT_BYTES:
        raise Unreadable(f"is {len(raw)} bytes long; at most {PARSED_LIMIT_BYTES} are read")
    for key, value in _read_pbtxt(raw.decode("latin-1")):
        if (key, value.lower()) in _PBTXT_CODE or key == "runtime":
            yield Kind.CODE, "", f"says {key}: {quote(value)}, so code is the model"


def _read_pbtxt(text: str) -> Iterator[tuple[str, str]]:
    """All fields and their strings, at any place; the pieces of a string are joined."""
    key, value = "", ""
    for found in _PBTXT_TOKEN.finditer(text + "}"):
        token = found[0]
        if token.startswith(('"', "'")):
            value += _unescape_c(token[1:-1])
        elif not token.startswith(("#", ":")):
            if value:
                yield key, value
            key, value = token, ""


def _unescape_c(text: str) -> str:
    try:
        return text.encode("latin-1").decode("unicode_escape")
    except UnicodeDecodeError:
        return text


def find_in_properties(raw: bytes) -> Iterator[Order]:
    """Find lines of serving.properties that run code or load another model.

    All other lines, such as `option.tensor_parallel_degree`, are ignored.

    Raises:
        Unreadable: the file is longer than the limit for such files.
    """
    if len(raw) > PROPERTIES_LIMIT_BYTES:
        raise Unreadable(f"is {len(raw)} bytes long; at most {PROPERTIES_LIMIT_BYTES} are read")
    for key, value in read_properties(raw.decode("latin-1")):
        kind = _judge_property(key.removeprefix("option.").lower().replace("_", ""), value.strip())
        if kind is Kind.CODE:
            yield kind, key, f"asks to run code: {quote(value)}"
        elif kind is Kind.ELSEWHERE:
            yield kind, key, _say_elsewhere(value)


def _judge_property(key: str, value: str) -> Kind:
    if value.lower() in _NOT_SET:
        return Kind.DATA
    named = _judge_named_property(key, value)
    return _judge_engine_option(key, value) if named is None else named


def _judge_named_property(key: str, value: str) -> Kind | None:
    """Judge a property by its effect in DJL; None for one that DJL passes on."""
    match key:
        case "entrypoint":
            return Kind.DATA if _DJL_ENTRY.fullmatch(value) else Kind.CODE
        case "pythonexecutable":
            return Kind.DATA if value in _PYTHONS else Kind.CODE
        case "translator" | "translatorfactory":
            return Kind.DATA if value.startswith("ai.djl.") else Kind.CODE
        case "trustremotecode" | "customoplibrary" | "logitsprocessors" | "middleware":
            return Kind.CODE
        case "modelid" | "modelurl" | "s3url" | "tokenizer" | "hfconfigpath":
            return Kind.DATA if _is_here(value) else Kind.ELSEWHERE
        case "modelname" | "servedmodelname":
            return Kind.DATA
        case _:
            return None


def _judge_engine_option(key: str, value: str) -> Kind:
    """Judge an option that LMI passes on to vLLM's EngineArgs: some of these name code or models."""
    asks_for_code = key.endswith(("plugin", "cls")) or any(word in value for word in _CODE_WORDS)
    if asks_for_code or (_IMPORTED.fullmatch(value) and judge_name(value)[0] is not Kind.DATA):
        return Kind.CODE
    leads_away = _HUB_NAME.search(value) or ".." in value.split("/")
    return Kind.ELSEWHERE if leads_away else Kind.DATA


def _say_elsewhere(value: str) -> str:
    return f"loads {quote(value)} instead of this model"


def _is_here(value: str) -> bool:
    return bool(_HERE.fullmatch(value)) and ".." not in value.split("/")
