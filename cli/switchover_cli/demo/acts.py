"""The show: five updates on a fresh local cloud, and whether each outcome is true.

Only the rollback is started by hand; the other updates start when a release arrives in S3.
"""

from __future__ import annotations

import re
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, TypeAdapter
from rich.table import Table
from rich.text import Text

from switchover.domain.naming import short_config_name
from switchover.domain.outcome import Outcome
from switchover_cli.cloud import deploy_stack, start_cloud, stop_cloud
from switchover_cli.connect import find_deployment
from switchover_cli.demo.stage import ENDPOINT, IDLE_SPEED, Stage, begin_on_the_dot, set_stage
from switchover_cli.errors import Interrupted
from switchover_cli.exits import ExitCode
from switchover_cli.output import open_console, print_document, telling
from switchover_cli.screens.update import draw_outcome
from switchover_cli.start.starting import (
    await_pick_up,
    known_updates,
    rollback_request,
    start_update,
)
from switchover_cli.watching.follow import look_until_over, show
from switchover_cli.words import say_duration, say_roughly
from switchover_local.deploy import STACK_NAME

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console


_LOOK_SECONDS = 30.0
# So that the table fits into 80 columns.
_SHOWN_DIGITS = 8


@dataclass(frozen=True, slots=True)
class Act:
    """One update of the show. `begin` returns its id; `serves` is the version expected afterwards."""

    name: str
    story: str
    expected: Outcome
    serves: str
    begin: Callable[[Stage], str]


class ActRecord(BaseModel):
    """How an act ended, by the ledger and by the twin."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    act: str
    expected: Outcome
    recorded: Outcome
    expected_config: str
    ledger_config: str
    twin_config: str
    virtual_seconds: int
    real_seconds: int

    @property
    def is_true(self) -> bool:
        """Whether the outcome is the expected one, and ledger and twin agree on what serves."""
        return (
            self.recorded is self.expected
            and self.expected_config == self.ledger_config == self.twin_config
        )


def _arrive(version: str, put: Callable[[Stage], None]) -> Callable[[Stage], str]:
    def begin(stage: Stage) -> str:
        known = known_updates(stage.deployment, ENDPOINT)
        put(stage)
        return await_pick_up(stage.deployment, ENDPOINT, version, known, stage.cloud.step)

    return begin


def _roll_back(stage: Stage) -> str:
    request = rollback_request(ENDPOINT, None, "the end of the demo")
    return start_update(stage.deployment, request, "demo")


ACTS = (
    Act(
        name="v2",
        story="a good model; one instance of four tries it first",
        expected=Outcome.UPDATED,
        serves="v2",
        begin=_arrive("v2", lambda stage: stage.offer("v2", seed=2)),
    ),
    Act(
        name="v3",
        story="answers in 6 s instead of 1, and every eighth request fails",
        expected=Outcome.ROLLED_BACK,
        serves="v2",
        begin=_arrive("v3", lambda stage: stage.offer("v3", seed=3)),
    ),
    Act(
        name="v4",
        story="its last shard never arrived",
        expected=Outcome.REJECTED,
        serves="v2",
        begin=_arrive("v4", lambda stage: stage.offer_incomplete("v4", seed=4)),
    ),
    Act(
        name="v5",
        story="a good model; rolling, two instances at a time",
        expected=Outcome.UPDATED,
        serves="v5",
        begin=_arrive("v5", lambda stage: stage.offer("v5", 5, policy={"strategy": "rolling"})),
    ),
    Act(
        name="rollback",
        story=f"by hand: `switchover rollback {ENDPOINT}`",
        expected=Outcome.UPDATED,
        serves="v2",
        begin=_roll_back,
    ),
)


def play_demo(project: Path, *, speed: float, is_kept: bool, is_json: bool) -> int:
    """Play the show and return its exit code: 0 only if every outcome is true."""
    console = open_console(stderr=is_json)
    began = time.monotonic()
    try:
        with tempfile.TemporaryDirectory(prefix="switchover-demo-") as folder:
            with telling(console) as tell:
                if stop_cloud(project, tell):
                    console.print("The running local cloud is replaced.")
                stage = _build_stage(project, Path(folder), tell)
            console.print(
                f"Ready in {say_duration(time.monotonic() - began)}: {ENDPOINT} serves v1 on"
                f" 4 × ml.g6e.2xlarge, under traffic.\nOne virtual hour takes at least"
                f" {say_duration(3600 / speed)} here; virtual time stops while functions start and run."
            )
            with stage.cloud.at_speed(speed), stage.cloud.stepping():
                records = play_acts(stage, console)
    except BaseException as error:
        _end(project, console)
        if isinstance(error, KeyboardInterrupt):
            raise Interrupted("The demo was stopped.") from error
        raise
    if not is_kept:
        _end(project, console)
    console.print()
    console.print(draw_records(records))
    console.print()
    if is_json:
        print_document(TypeAdapter(tuple[ActRecord, ...]).dump_json(records, indent=2).decode())
    is_true = all(record.is_true for record in records)
    _close(console, is_true=is_true, is_kept=is_kept, real_seconds=time.monotonic() - began)
    return ExitCode.DONE if is_true else ExitCode.UNEXPECTED


def _build_stage(project: Path, folder: Path, tell: Callable[[str], object]) -> Stage:
    tell("Starting a fresh local cloud…")
    cloud = start_cloud(project, IDLE_SPEED)
    tell("Building and deploying the stack (a minute at first, then half of that)…")
    deploy_stack(cloud, project)
    tell(f"Creating {ENDPOINT} with v1…")
    return set_stage(cloud, find_deployment(STACK_NAME, cloud.session()), folder)


def _end(project: Path, console: Console) -> None:
    with telling(console) as tell:
        stop_cloud(project, tell)


def play_acts(stage: Stage, console: Console) -> tuple[ActRecord, ...]:
    """Play every act on the stage, in order, and return how each ended.

    Virtual time stops between two readings, so that every playing shows the same.
    """
    configs: dict[str, str] = {}
    records: list[ActRecord] = []
    step = stage.cloud.step
    for act in ACTS:
        console.print()
        console.print(Text.assemble((act.name, "bold"), "  ", act.story))
        began = time.monotonic()
        begin_on_the_dot(step)
        looks = look_until_over(
            stage.deployment, act.begin(stage), lambda _seconds: step(_LOOK_SECONDS)
        )
        scene = show(looks, console, leaves_panel=False)
        update = scene.update
        console.print(draw_outcome(update))
        if update.plan is not None:
            configs[act.name] = update.plan.target.config
        ended = update.ended_at or scene.now
        records.append(
            ActRecord(
                act=act.name,
                expected=act.expected,
                recorded=update.outcome or Outcome.NEEDS_OPERATOR,
                expected_config=configs.get(act.serves, ""),
                ledger_config=update.serving_config,
                twin_config=stage.serving_config(),
                virtual_seconds=round((ended - update.started_at).total_seconds()),
                real_seconds=round(time.monotonic() - began),
            )
        )
    return tuple(records)


def draw_records(records: tuple[ActRecord, ...]) -> Table:
    """What was expected, recorded and seen, one line per act; what differs is red."""
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0))
    for column in ("", "expected", "recorded", "ledger says", "twin says"):
        table.add_column(column, no_wrap=True)
    for column in ("virtual", "real"):
        table.add_column(column, no_wrap=True, justify="right")
    for record in records:
        is_expected = record.recorded is record.expected
        is_agreed = record.ledger_config == record.twin_config == record.expected_config
        table.add_row(
            record.act,
            record.expected.value,
            Text(record.recorded.value, style="green" if is_expected else "bold red"),
            Text(_bare(record.ledger_config), style="" if is_agreed else "bold red"),
            Text(_bare(record.twin_config), style="" if is_agreed else "bold red"),
            say_roughly(record.virtual_seconds),
            f"{record.real_seconds} s",
        )
    return table


def _bare(config: str) -> str:
    """A config's version and the first digits of its digest, which tell the demo's configs apart."""
    told, _, digest = short_config_name(config).removeprefix(f"{ENDPOINT}-").rpartition("-")
    version = re.sub(r"-\d{8}$", "", told)
    return f"{version}-{digest[:_SHOWN_DIGITS]}" if version else digest or "–"


def _close(console: Console, *, is_true: bool, is_kept: bool, real_seconds: float) -> None:
    told = "Every outcome is true" if is_true else "NOT every outcome is as expected"
    style = "green" if is_true else "bold red"
    console.print(Text.assemble((told, style), f", in {say_duration(real_seconds)}."))
    console.print()
    if is_kept:
        console.print("The local cloud is still running. Try (commands in .venv/bin):")
        console.print(f"  switchover history {ENDPOINT} --local   every update with its reason")
        console.print(
            f"  switchover status {ENDPOINT} --local    what serves, alarms, last outcome"
        )
        console.print('  eval "$(switchover local env)"        then the plain aws CLI works too')
        console.print("  switchover local down                 stop it")
    else:
        console.print("  switchover local demo            play it again, and leave the cloud up")
        console.print("  switchover local up              a local cloud for your own rehearsals")
        console.print("  switchover upload --help         what a team uses every day")
