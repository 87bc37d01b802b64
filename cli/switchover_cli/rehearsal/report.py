"""The report of a rehearsal: the timeline, the outcome, and the cost on AWS."""

from __future__ import annotations

from datetime import datetime
from textwrap import shorten
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict
from rich.console import Group
from rich.table import Table
from rich.text import Text

from switchover.domain.units import say_count
from switchover_cli.records import UpdateRecord
from switchover_cli.screens.update import draw_outcome
from switchover_cli.words import say_offset, say_plainly, say_roughly

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import RenderableType

    from switchover.domain.update.records import Moment
    from switchover.domain.update.update import Update
    from switchover_local.control import EndpointState, StageState

# States whose moments are readings of the endpoint. Beyond SageMaker's messages they add only "Red:".
_READINGS = {"AwaitOutcome", "AwaitCapacity", "AwaitRollback", "AwaitRestored", "WatchUpdated"}
_RED = "Red: "
_LONGEST_LINE = 120


class Told(BaseModel):
    """One line of a rehearsal's timeline: what SageMaker or a state of the machine did.

    Instances are those of the old and the new fleet, as the twin counts them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    at: datetime
    who: str
    text: str
    old_instances: int | None = None
    new_instances: int | None = None


class RehearsalRecord(BaseModel):
    """The result of a rehearsal; `switchover rehearse --json` prints it.

    `virtual_seconds` is how long the update would take on AWS. `twin_config` is the config that serves
    afterwards by the twin, not by the ledger.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    update: UpdateRecord
    story: tuple[Told, ...]
    virtual_seconds: int
    peak_instances: int
    requests: int
    failed_requests: int
    first_failures: tuple[str, ...]
    state_transitions: int
    twin_config: str

    @property
    def is_true(self) -> bool:
        """Whether the recorded config is the one that serves."""
        return self.update.serving_config == self.twin_config


def tell_story(
    update: Update,
    timeline: Iterable[Moment],
    stages: Iterable[StageState],
    after: EndpointState | None,
) -> tuple[Told, ...]:
    """Merge the ledger's moments and SageMaker's messages, in order of virtual time.

    The ledger's readings are left out if they only repeat SageMaker's messages. The outcome is left out
    too, as the report shows it separately. `after` is the endpoint at the end, if there is one.
    """
    noted = {
        (moment.state, moment.text): moment
        for moment in reversed(tuple(timeline))  # of equal messages, the first stays
        if moment.state not in _READINGS or _RED in moment.text
    }
    told = [
        Told(at=moment.at, who=moment.state, text=moment.text)
        for moment in noted.values()
        if moment.state != "RecordOutcome"
    ]
    spoken = [(stage.started, stage.message) for stage in stages]
    if after is not None:
        spoken += [
            (change.at, f"{change.status} on {change.config_name}")
            for change in after.transitions
            if change.at >= update.started_at
            and change.status != "Updating"  # the moments of stages have more detail
        ]
    for at, text in spoken:
        old, new = (
            _count_fleets(after, update.started_at, at) if after is not None else (None, None)
        )
        told.append(Told(at=at, who="SageMaker", text=text, old_instances=old, new_instances=new))
    return tuple(sorted(told, key=lambda line: line.at))


def _count_fleets(
    endpoint: EndpointState, began: datetime, at: datetime
) -> tuple[int | None, int | None]:
    """Instances of the fleet that served before the update, and of the new fleet, at a moment.

    The twin's "old" is the fleet of the endpoint's config. Once it changes, that is the new fleet.
    """
    count = next((count for count in reversed(endpoint.headcounts) if count.at <= at), None)
    if count is None:
        return None, None
    configs = [(change.at, change.config_name) for change in endpoint.transitions]
    home = next((name for since, name in reversed(configs) if since < began), None)
    own = next((name for since, name in reversed(configs) if since <= at), home)
    if home is None or own == home:
        return count.old_total, count.new_total
    return count.new_total, count.old_total


def count_transitions(event_types: Sequence[str]) -> int:
    """State transitions as Step Functions bills them: each state entered, and each retry.

    Source: AWS Step Functions pricing, "State transitions".
    """
    entered = sum(kind.endswith("StateEntered") for kind in event_types)
    tries = sum(kind in {"TaskScheduled", "LambdaFunctionScheduled"} for kind in event_types)
    return entered + max(0, tries - event_types.count("TaskStateEntered"))


def draw_report(record: RehearsalRecord, update: Update) -> RenderableType:
    """The whole report, for 80 columns and more."""
    return Group(_draw_story(record), Text(), draw_outcome(update), Text(), _draw_costs(record))


def _draw_story(record: RehearsalRecord) -> RenderableType:
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0), expand=True)
    table.add_column("time", style="dim", no_wrap=True)
    table.add_column("who", no_wrap=True)
    table.add_column("old", no_wrap=True, justify="right")
    table.add_column("new", no_wrap=True, justify="right")
    table.add_column("what", ratio=1)
    for line in record.story:
        table.add_row(
            say_offset(line.at, record.update.started_at),
            line.who,
            _count(line.old_instances),
            _count(line.new_instances),
            Text(shorten(say_plainly(line.text), _LONGEST_LINE, placeholder="…")),
        )
    return table


def _draw_costs(record: RehearsalRecord) -> RenderableType:
    plan = record.update.plan
    took, peak = say_roughly(record.virtual_seconds), say_count(record.peak_instances, "instance")
    if plan is not None:
        took += f" (planned {say_roughly(plan.expected_seconds)})"
        peak += f" (planned {plan.peak_instances})"
    requests = Text(f"{record.requests:,} sent, ")
    requests.append(
        f"{record.failed_requests:,} failed", style="bold red" if record.failed_requests else ""
    )
    serving = Text(f"{record.twin_config}, as recorded")
    if not record.is_true:
        said = record.update.serving_config or "nothing"
        serving = Text(f"{record.twin_config}, but recorded is {said}", style="bold red")
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="dim")
    facts.add_column()
    facts.add_row("on AWS it takes", took)
    facts.add_row("at most", peak)
    facts.add_row("requests", requests)
    if record.first_failures:
        facts.add_row("", Text(f"first: {record.first_failures[0]}", style="dim"))
    facts.add_row("serves now", serving)
    facts.add_row("state transitions", str(record.state_transitions))
    return facts


def _count(instances: int | None) -> str:
    return "" if instances is None else str(instances)
