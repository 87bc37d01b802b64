"""A message for chat, in the schema for custom notifications of Amazon Q Developer in chat applications.

The schema's page: Administrator Guide, "Custom notifications". Amazon Q shows a message of this schema,
and drops every other message. The lengths are counted in characters.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

LONGEST_TITLE = 250
LONGEST_DESCRIPTION = 8000
LONGEST_STEP = 350
LONGEST_KEYWORD = 75
# The schema gives no limit. A summary is one line on a phone.
LONGEST_SUMMARY = 150
# The schema gives no limit. More steps than these hide the first one.
MOST_STEPS = 6


class _Part(BaseModel):
    """A part of the schema: its keys are in camel case."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True
    )


class Content(_Part):
    """The text of a message. Steps are shown as a bulleted list, keywords as tags."""

    text_type: Literal["client-markdown"] = "client-markdown"
    title: Annotated[str, Field(min_length=1, max_length=LONGEST_TITLE)]
    description: Annotated[str, Field(min_length=1, max_length=LONGEST_DESCRIPTION)]
    next_steps: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=LONGEST_STEP)], ...],
        Field(max_length=MOST_STEPS),
    ] = ()
    keywords: tuple[Annotated[str, Field(min_length=1, max_length=LONGEST_KEYWORD)], ...] = ()


class Metadata(_Part):
    """What groups messages into a thread, and what a button of a message hands on."""

    thread_id: str
    summary: Annotated[str, Field(min_length=1, max_length=LONGEST_SUMMARY)]
    additional_context: dict[str, str] = {}
    enable_custom_actions: bool


class ChatMessage(_Part):
    """One message. `id` names the event, so that a reader can recognize a message that came twice."""

    version: Literal["1.0"] = "1.0"
    source: Literal["custom"] = "custom"
    id: str
    content: Content
    metadata: Metadata

    def write(self) -> str:
        """The body of the SNS message."""
        return self.model_dump_json(by_alias=True)


def fit_line(text: str, longest: int) -> str:
    """A line of at most so many characters; a cut line ends with “…”."""
    return text if len(text) <= longest else f"{text[: longest - 2].rstrip()} …"


def fit_lines(lines: tuple[str, ...], longest: int = LONGEST_DESCRIPTION) -> str:
    """As many whole lines as fit; the last line then says how many characters are left out.

    Of a first line that is too long by itself, the beginning is kept.
    """
    text = "\n".join(lines)
    if len(text) <= longest:
        return text
    room = longest - len(_left_out(len(text)))
    end = text.rfind("\n", 0, room + 1)
    kept = text[: end if end > 0 else room]
    return f"{kept}{_left_out(len(text) - len(kept))}"


def _left_out(characters: int) -> str:
    return f"\n… ({characters:,} more characters are left out here)"
