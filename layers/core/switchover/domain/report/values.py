"""The report of an update as a value: what a page shows, in words and numbers, before any HTML.

What is not known has no number here. A chart without data carries a sentence in `missing` instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

# A report is a page that people attach to a change: each list is cut, and the cut is told.
MOST_MOMENTS = 120
MOST_GOLDEN = 40
MOST_REASONS = 40
MOST_CHANGES = 80

Points = tuple[tuple[datetime, float | None], ...]


class Tone(StrEnum):
    """How a verdict is coloured. The words and a sign say the same without the colour."""

    GOOD = "good"
    BAD = "bad"
    WARN = "warn"
    CALM = "calm"


class Line(StrEnum):
    """What a line of a chart stands for. Each has its own colour and its own dashes."""

    OLD = "old"
    NEW = "new"
    BOTH = "both"
    PLANNED = "planned"


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of a list: what it is about, and what there is to say."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do. `command` does it, if there is a command."""

    text: str
    command: str = ""


@dataclass(frozen=True, slots=True)
class Compared:
    """One amount as planned, and as it happened. `happened` is a sentence where nothing is known."""

    name: str
    planned: str
    happened: str


@dataclass(frozen=True, slots=True)
class Series:
    """One line of a chart. A value of None is a moment without data, and draws a gap."""

    line: Line
    name: str
    points: Points
    is_stepped: bool = False


@dataclass(frozen=True, slots=True)
class Limit:
    """The threshold of an alarm, in the unit of its chart."""

    value: float
    name: str


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart with its words. `summary` says in one sentence what the chart shows.

    `missing` says why there is nothing to draw; then `series` is empty.
    """

    name: str
    title: str
    unit: str
    summary: str
    series: tuple[Series, ...] = ()
    limit: Limit | None = None
    missing: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """A period in which SageMaker did one thing. `name` is a word of the plan's phases."""

    name: str
    begins_at: datetime
    ends_at: datetime

    @property
    def seconds(self) -> float:
        """How long it lasted."""
        return (self.ends_at - self.begins_at).total_seconds()


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment that every chart marks: an alarm went red."""

    at: datetime
    name: str


@dataclass(frozen=True, slots=True)
class Window:
    """The time that every chart shows, with its bakes and marks."""

    begins_at: datetime
    ends_at: datetime
    bakes: tuple[Span, ...] = ()
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a ribbon, in percent of its width (0–100)."""

    name: str
    begins: float
    width: float
    told: str


@dataclass(frozen=True, slots=True)
class Ribbon:
    """One row of phases drawn to scale."""

    name: str
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One moment of the timeline. `offset` is its distance from the update's start."""

    at: datetime
    offset: str
    state: str
    text: str
    is_red: bool = False


@dataclass(frozen=True, slots=True)
class Image:
    """An image that a golden request sends. Without `data_url` it isn't shown, and `note` says why."""

    name: str
    data_url: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Answered:
    """One golden request: what was asked, and both versions' answers. An unknown answer is None."""

    name: str
    verdict: str
    tone: Tone
    took: str
    prompt: str = ""
    images: tuple[Image, ...] = ()
    old_answer: str | None = None
    new_answer: str | None = None
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Golden:
    """The golden requests. `note` says what isn't known; `old_source` where the old answers are from."""

    answered: tuple[Answered, ...] = ()
    note: str = ""
    old_name: str = ""
    new_name: str = ""
    old_source: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """A reason with its remedy."""

    subject: str
    message: str
    remedy: str
    code: str


@dataclass(frozen=True, slots=True)
class Changed:
    """One field of config or model that differs; None where one side doesn't have it."""

    what: str
    field: str
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True)
class Changes:
    """The difference between the previous config and the target. `note` says what isn't known."""

    rows: tuple[Changed, ...] = ()
    unchanged: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything that the page of one update shows."""

    endpoint: str
    title: str
    update_id: str
    made_at: datetime
    verdict: str
    tone: Tone
    headline: str
    tiles: tuple[Fact, ...]
    facts: tuple[Fact, ...]
    steps: tuple[Step, ...] = ()
    reasons: tuple[Fault, ...] = ()
    warnings: tuple[Fault, ...] = ()
    ribbons: tuple[Ribbon, ...] = ()
    compared: tuple[Compared, ...] = ()
    rows: tuple[Row, ...] = ()
    left_out_rows: int = 0
    window: Window | None = None
    charts: tuple[Chart, ...] = ()
    unmeasured: str = ""
    # Whether CloudWatch may not show the last requests yet.
    is_fresh: bool = False
    golden: Golden = Golden()
    capacity: tuple[Fact, ...] = ()
    cost: tuple[Fact, ...] = ()
    changes: Changes = Changes()

    @property
    def compared_rows(self) -> tuple[tuple[str, str, str], ...]:
        """The comparison as the rows of a table."""
        return tuple((each.name, each.planned, each.happened) for each in self.compared)
