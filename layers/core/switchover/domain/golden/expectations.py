"""The expectations of a golden request, as people write them."""

from __future__ import annotations

import json
from typing import Annotated, Any

import jmespath
from jmespath.exceptions import JMESPathError
from jmespath.functions import Functions
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from switchover.domain.golden.patterns import compile_pattern
from switchover.domain.golden.schemas import compile_schema

# A container has 60 s for an answer, 8 minutes for a stream (SageMaker Developer Guide, "Model Hosting
# FAQs").
LONGEST_ANSWER_SECONDS = 60
LONGEST_STREAM_SECONDS = 480


def _compiles(pattern: str) -> str:
    compile_pattern(pattern)
    return pattern


def _parses(path: str) -> str:
    try:
        parsed = jmespath.compile(path).parsed
    except JMESPathError as error:
        raise ValueError(f"{path!r} is not a JMESPath: {error}") from error
    # A path with an unknown function parses, but never finds anything.
    unknown = sorted(set(_functions_in(parsed)) - set(Functions.FUNCTION_TABLE))
    if unknown:
        raise ValueError(f"{path!r} is not a JMESPath: there is no function {unknown[0]}()")
    return path


def _functions_in(node: Any) -> list[str]:
    if not isinstance(node, dict):
        return []
    own = [node["value"]] if node["type"] == "function_expression" else []
    return own + [name for child in node["children"] for name in _functions_in(child)]


def _is_schema(schema: dict[str, Any]) -> dict[str, Any]:
    compile_schema(json.dumps(schema))
    return schema


JmesPath = Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(_parses)]
PatternText = Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(_compiles)]


class SimilarTo(BaseModel):
    """A text that the answer must resemble: 1 is equal except case and white space, 0 is nothing alike.

    The measure is difflib's ratio: twice the characters in common blocks over the characters of both.
    Unrelated English sentences were measured at 0.2 to 0.4, so a bound below 0.5 would refuse nothing.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    # The cost grows with the product of both lengths: half a second for two texts of this length.
    text: Annotated[str, Field(min_length=1, max_length=1000)]
    at_least: Annotated[float, Field(ge=0.5, le=1)]


class Expectation(BaseModel):
    """The requirements of an answer.

    `values` maps a JMESPath of the answer, or of the list of its events if it is streamed, to the value
    that must stand there. `matches` and `matches_not` (regular expressions), `schema` (a JSON Schema) and
    `similar_to` hold for the answer's text. That is the value at `text_at` (a JMESPath); by default
    the message of an OpenAI-style answer, else the whole answer. `latency_seconds` is the longest
    time until the end of the answer, and `first_token_seconds` until a stream's first part.
    `tokens_per_second` is the lowest rate over the whole time.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    status: Annotated[int, Field(ge=100, le=599)] = 200
    values: dict[JmesPath, Any] = Field(default_factory=dict)
    text_at: JmesPath | None = None
    matches: PatternText | None = None
    matches_not: PatternText | None = None
    json_schema: Annotated[dict[str, Any], AfterValidator(_is_schema)] | None = Field(
        default=None, alias="schema"
    )
    similar_to: SimilarTo | None = None
    latency_seconds: Annotated[float, Field(gt=0, le=LONGEST_STREAM_SECONDS)] | None = None
    first_token_seconds: Annotated[float, Field(gt=0, le=LONGEST_STREAM_SECONDS)] | None = None
    tokens_per_second: Annotated[float, Field(gt=0)] | None = None
