"""JSON Schemas in golden requests: a keyword that isn't checked is refused."""

from __future__ import annotations

import difflib
import inspect
import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

from switchover.domain.golden.patterns import compile_pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FunctionType


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_DRAFT = "http://json-schema.org/draft-07/schema"
_HOLDS_SCHEMA = _words(
    "additionalItems additionalProperties contains else if items not propertyNames then"
)
_HOLDS_SCHEMAS = _words("allOf anyOf items oneOf")
_HOLDS_NAMED_SCHEMAS = _words("$defs definitions dependencies patternProperties properties")
_OTHER_KEYWORDS = _words(
    "$comment $id $ref $schema const contentEncoding contentMediaType default description enum examples"
    " exclusiveMaximum exclusiveMinimum format maximum maxItems maxLength maxProperties minimum minItems"
    " minLength minProperties multipleOf pattern readOnly required title type uniqueItems writeOnly"
)
_KEYWORDS = _HOLDS_SCHEMA | _HOLDS_SCHEMAS | _HOLDS_NAMED_SCHEMAS | _OTHER_KEYWORDS
# A `$ref` overrides its sibling keywords (JSON Schema draft 7, core §8.3), except these.
_BESIDE_REF = _words("$comment $defs $id $ref $schema default definitions description title")
_FORMATS = _words(
    "date date-time email hostname ipv4 ipv6 json-pointer time uri uri-reference uuid"
)
# The library has no uuid, and its time for an e-mail address grows with the square of the length.
_OWN_FORMATS = {
    "email": r"^[^@\s]+@[^@\s]+\.[^@\s.]+$",
    "uuid": "^[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$",
}


@lru_cache(maxsize=256)
def compile_schema(text: str) -> Callable[[Any], Any]:
    """Compile a JSON Schema of draft 7 to a check, which raises JsonSchemaValueException.

    Nothing is fetched: a `$ref` can only name a place in the same schema.

    Raises:
        ValueError: it is not a JSON Schema, or a part of it would not be checked.
    """
    # Imported here, because few golden files have a schema, and the import slows a cold start.
    import fastjsonschema

    def refuse(uri: str) -> None:
        raise ValueError(f"refers to {uri}, which is not fetched")

    schema = json.loads(text)
    patterns = {each: compile_pattern(each) for each in _patterns(schema)}
    try:
        check = fastjsonschema.compile(
            schema,
            handlers=dict.fromkeys(("", "http", "https", "ftp", "file", "data"), refuse),
            formats={name: compile_pattern(each).search for name, each in _OWN_FORMATS.items()},
            use_default=False,
        )
    except Exception as error:  # for some invalid schemas, the compiler raises other errors
        raise ValueError(f"is not a JSON Schema: {error}") from error
    # The compiled check looks up its patterns by text. Patterns of `re` may take forever, so they are
    # replaced.
    cast("FunctionType", inspect.unwrap(check)).__globals__["REGEX_PATTERNS"].update(patterns)
    return cast("Callable[[Any], Any]", check)


def _patterns(schema: object) -> Iterator[str]:
    """Every regular expression of a schema.

    Raises:
        ValueError: a keyword, format or draft would not be checked, so every answer would pass.
    """
    if not isinstance(schema, dict):
        return
    ignored = sorted(schema.keys() - _BESIDE_REF) if "$ref" in schema else []
    if ignored:
        raise ValueError(f"{ignored[0]!r} is not checked beside a $ref; put both into `allOf`")
    for key, value in schema.items():
        _refuse_unchecked(key, value)
        if key == "pattern" and isinstance(value, str):
            yield value
        if key == "patternProperties" and isinstance(value, dict):
            yield from value
        for below in _schemas_in(key, value):
            yield from _patterns(below)


def _schemas_in(key: str, value: object) -> Iterator[object]:
    """The schemas that the value of a keyword holds."""
    if key in _HOLDS_SCHEMA:
        yield value
    if key in _HOLDS_SCHEMAS and isinstance(value, list):
        yield from value
    if key in _HOLDS_NAMED_SCHEMAS and isinstance(value, dict):
        yield from value.values()


def _refuse_unchecked(key: str, value: object) -> None:
    if key not in _KEYWORDS:
        raise ValueError(f"{key!r} is not a keyword of JSON Schema draft 7{_near(key, _KEYWORDS)}")
    if key == "$schema" and str(value).rstrip("#") != _DRAFT:
        raise ValueError(f"is of {value}, but only draft 7 is supported: {_DRAFT}#")
    if key == "format" and value not in _FORMATS:
        raise ValueError(
            f"the format {value!r} is not checked{_near(str(value), _FORMATS)};"
            " a `pattern` can say the same"
        )


def _near(name: str, known: frozenset[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f" (did you mean {near[0]!r}?)" if near else ""
