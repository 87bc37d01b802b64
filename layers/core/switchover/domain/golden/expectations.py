"""What an answer to a golden request must be, as people write it down."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any

import jmespath
from jmespath.exceptions import JMESPathError
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from collections.abc import Callable

# A container has 60 s for an answer, 8 minutes for a stream (SageMaker Developer Guide, "Model Hosting
# FAQs").
LONGEST_ANSWER_SECONDS = 60
LONGEST_STREAM_SECONDS = 480


def _compiles(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"is not a regular expression: {error}") from error
    return pattern


def _parses(path: str) -> str:
    try:
        jmespath.compile(path)
    except JMESPathError as error:
        raise ValueError(f"{path!r} is not a JMESPath: {error}") from error
    return path


def _is_schema(schema: dict[str, Any]) -> dict[str, Any]:
    compile_schema(json.dumps(schema))
    return schema


JmesPath = Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(_parses)]


@lru_cache(maxsize=256)
def compile_schema(text: str) -> Callable[[Any], Any]:
    """A check of values by a JSON Schema, which raises JsonSchemaValueException.

    Nothing is fetched: a `$ref` leads to a place within the schema.

    Raises:
        ValueError: it is not a JSON Schema.
    """
    # Few golden files state one, and a cold start pays for the import.
    import fastjsonschema

    def refuse(uri: str) -> None:
        raise ValueError(f"refers to {uri}, and nothing is fetched")

    try:
        check: Callable[[Any], Any] = fastjsonschema.compile(
            json.loads(text),
            handlers=dict.fromkeys(("", "http", "https", "ftp", "file", "data"), refuse),
            use_default=False,
        )
    except Exception as error:  # the compiler trips over some wrong schemas in ways of its own
        raise ValueError(f"is not a JSON Schema: {error}") from error
    return check


class SimilarTo(BaseModel):
    """A text that the answer must resemble: 1 is the same but for case and white space, 0 nothing alike.

    The measure is difflib's ratio: twice the characters in common blocks over the characters of both.
    Unrelated English sentences were measured at 0.2 to 0.4: a bound below 0.5 would hold nothing back.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    # The measure's cost grows with the product of both lengths: half a second for a whole one.
    text: Annotated[str, Field(min_length=1, max_length=1000)]
    at_least: Annotated[float, Field(ge=0.5, le=1)]


class Expectation(BaseModel):
    """What an answer must be.

    `values` maps a JMESPath of the answer, or of the list of its events if it is streamed, to the value
    that must stand there. `matches` (a regular expression), `schema` (a JSON Schema) and `similar_to`
    hold for the answer's text: what `text_at` (a JMESPath) leads to; left out, the message of an
    OpenAI-style answer, else the whole of it. `latency_seconds` is until the end of the answer,
    `first_token_seconds` until a stream's first part; `tokens_per_second`, of all that time, is the
    least.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    status: Annotated[int, Field(ge=100, le=599)] = 200
    values: dict[JmesPath, Any] = Field(default_factory=dict)
    text_at: JmesPath | None = None
    matches: Annotated[str, Field(max_length=1000), AfterValidator(_compiles)] | None = None
    json_schema: Annotated[dict[str, Any], AfterValidator(_is_schema)] | None = Field(
        default=None, alias="schema"
    )
    similar_to: SimilarTo | None = None
    latency_seconds: Annotated[float, Field(gt=0, le=LONGEST_STREAM_SECONDS)] | None = None
    first_token_seconds: Annotated[float, Field(gt=0, le=LONGEST_STREAM_SECONDS)] | None = None
    tokens_per_second: Annotated[float, Field(gt=0)] | None = None
