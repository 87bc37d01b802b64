"""How an explanation looks: the cause, then each alarm with its datapoints drawn, then what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from switchover.domain.evidence import say_limit, say_metric, say_time, say_value
from switchover.domain.serving import say_serving
from switchover.explain.account import headline
from switchover.explain.waits import find_wait
from switchover_cli.drift import draw_drift
from switchover_cli.screens.reasons import draw_reasons
from switchover_cli.screens.update import GOLDEN_STYLES, OUTCOME_STYLES, draw_wait
from switchover_cli.words import (
    say_asked,
    say_minute,
    say_moment,
    say_offset,
    say_version,
    shorten_alarm,
    squeeze,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

    from switchover.domain.adoption import Drift
    from switchover.domain.evidence import Trip
    from switchover.domain.golden.results import GoldenResult
    from switchover.domain.serving import Serving
    from switchover.domain.update.records import Moment
    from switchover.domain.update.update import Update
    from switchover.explain.advice import Step

_BAR_CELLS = 30
# The position of the threshold in a bar: a bar shows how far above or below it a value is.
_LIMIT_CELL = 15
_MOST_MOMENTS = 12


def draw_explanation(
    update: Update,
    timeline: tuple[Moment, ...],
    serves_now: Serving,
    steps: tuple[Step, ...],
    drift: Drift | None = None,
) -> RenderableType:
    """The whole explanation on one screen."""
    parts: list[RenderableType] = [_draw_head(update)]
    wait = find_wait(update)
    for title, body in (
        ("Asked for", [Text(say_asked(update))]),
        ("Waits for people", [draw_wait(wait)] if wait else []),
        ("Why", list(draw_reasons(update.reasons))),
        ("Overrides", [Text(str(each)) for each in update.plan.overrides] if update.plan else []),
        ("Warned of", list(draw_reasons(update.found.warnings))),
        ("Alarms", [_draw_trip(trip) for trip in update.found.evidence.alarms]),
        ("SageMaker says", list(_draw_failure(update))),
        ("Golden requests", [_draw_golden(update.found.golden)] if update.found.golden else []),
        ("Container log", list(_draw_log(update))),
        ("Timeline", [_draw_timeline(timeline, update)] if timeline else []),
        ("Serves", [_draw_serving(update, serves_now), *([draw_drift(drift)] if drift else [])]),
        ("Next", [_draw_step(step) for step in steps]),
    ):
        if body:
            parts += [Text(), Text(title, style="bold"), *(Padding(b, (0, 0, 0, 2)) for b in body)]
    return Group(*parts)


def _draw_head(update: Update) -> Text:
    text = Text(f"{update.endpoint} → {say_version(update)}  {update.update_id}\n", style="dim")
    if update.outcome is None:
        return text.append("It is still running.", style="cyan")
    text.append(update.outcome.value, style=OUTCOME_STYLES[update.outcome])
    ended = f"  {say_minute(update.ended_at)} UTC" if update.ended_at else ""
    return text.append(f"{ended}  {headline(update)}", style="default")


def _draw_trip(trip: Trip) -> RenderableType:
    name = shorten_alarm(trip.name)[1]
    head = Text.assemble((name, "bold red"), f"  {trip.fleet.value}")
    if trip.at:
        head.append(f", red at {say_time(trip.at)}")
    if name != trip.name:
        head.append(f"  {trip.name}", style="dim")
    if trip.threshold is None or not trip.datapoints:
        return Group(head, Text(trip.reason, style="dim"))
    table = Table.grid(padding=(0, 2))
    for point in trip.datapoints:
        when = say_time(point.at) if point.at else ""
        bar = draw_bar(point.value, trip.threshold)
        table.add_row(Text(when, style="dim"), bar, say_value(trip, point.value))
    measured = Text(f"{say_metric(trip)}, red {say_limit(trip)}", style="dim")
    return Group(head, measured, table)


def draw_bar(value: float, threshold: float) -> Text:
    """A value as a bar; the threshold is always at the same position: `■■■■■│■■■`."""
    share = value / threshold if threshold > 0 else float(value > threshold) * 2
    filled = min(_BAR_CELLS, max(0, round(share * _LIMIT_CELL)))
    below, above = min(filled, _LIMIT_CELL), max(0, filled - _LIMIT_CELL)
    text = Text("■" * below + " " * (_LIMIT_CELL - below), style="green", no_wrap=True)
    text.append("│", style="bold")
    text.append("■" * above, style="red")
    # A value of more than twice the limit doesn't fit.
    text.append("▶" if share * _LIMIT_CELL > _BAR_CELLS else " ", style="red")
    return text


def _draw_golden(results: tuple[GoldenResult, ...]) -> RenderableType:
    table = Table.grid(padding=(0, 2))
    for result in results:
        took = f"{result.latency_us / 1_000_000:.2f} s" if result.latency_us is not None else "–"
        verdict = Text(result.verdict, style=GOLDEN_STYLES[result.verdict])
        table.add_row(verdict, Text(result.name), took, Text("\n".join(result.faults)))
    return table


def _draw_log(update: Update) -> Iterator[Text]:
    log = update.found.evidence.log
    for line in log.lines:
        yield Text.assemble((f"{say_time(line.at)}  {line.stream}  ", "dim"), line.text)
    if log.note:
        yield Text(log.note, style="dim")
    if log.group:
        yield Text(f"The whole log: aws logs tail {log.group} --since 1d", style="cyan")


def _draw_timeline(timeline: tuple[Moment, ...], update: Update) -> RenderableType:
    table = Table.grid(padding=(0, 2))
    timeline = squeeze(timeline)
    if len(timeline) > _MOST_MOMENTS:
        left_out = len(timeline) - _MOST_MOMENTS
        all_of_it = f"{left_out} earlier ones: switchover explain {update.update_id} --json"
        table.add_row("", "", Text(all_of_it, style="dim", overflow="fold"))
    for moment in timeline[-_MOST_MOMENTS:]:
        offset = Text(say_offset(moment.at, update.started_at), style="dim")
        table.add_row(offset, moment.state, say_moment(moment))
    return table


def _draw_serving(update: Update, serves_now: Serving) -> Text:
    text = Text(f"now:  {say_serving(serves_now)}")
    if update.serving is not None and update.serving != serves_now:
        text.append(f"\nthen: {say_serving(update.serving)}", style="dim")
    return text


def _draw_step(step: Step) -> Text:
    text = Text(f"→ {step.text}")
    return text.append(f"\n  {step.command}", style="cyan") if step.command else text


def _draw_failure(update: Update) -> Iterator[Text]:
    """SageMaker's message, if no reason quotes it; the reasons of a stopped execution don't."""
    is_quoted = any(reason.code == "sagemaker.failure-reason" for reason in update.reasons)
    if update.found.evidence.failure_reason and not is_quoted:
        yield Text(update.found.evidence.failure_reason)
