"""Plays a rehearsal: a separate local cloud, a fleet under traffic, one release, its outcome."""

from __future__ import annotations

import shutil
import signal
import tempfile
import time
from collections import deque
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, NoReturn

from rich.text import Text

from switchover.domain.golden.questions import parse_golden
from switchover.domain.outcome import Outcome
from switchover_cli.cloud import bring_up, deploy_stack, folder_of
from switchover_cli.connect import find_deployment
from switchover_cli.demo.stage import IDLE_SPEED, Scenery, begin_on_the_dot, set_stage
from switchover_cli.errors import CommandFailed, Interrupted
from switchover_cli.exits import ExitCode
from switchover_cli.output import open_console, print_document, telling
from switchover_cli.records import record_update
from switchover_cli.rehearsal.report import (
    RehearsalRecord,
    count_transitions,
    draw_report,
    tell_story,
)
from switchover_cli.start.starting import await_pick_up, known_updates
from switchover_cli.watching.ending import exit_code_of
from switchover_cli.watching.follow import look_until_over, show
from switchover_cli.words import say_duration
from switchover_local.deploy import STACK_NAME
from switchover_local.record import log_path
from switchover_local.twin.scenario import Scenario

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Console

    from switchover.domain.update.update import Update
    from switchover_cli.demo.stage import Stage
    from switchover_cli.deployment import Deployment
    from switchover_cli.rehearsal.plan import Rehearsal
    from switchover_local.control import StageState
    from switchover_local.stack import LocalCloud

_VERSION = "v2"
_LOOK_SECONDS = 60
_LISTEN_SECONDS = 10
_REQUESTS_PER_SECOND_AND_INSTANCE = 0.5


def play_rehearsal(rehearsal: Rehearsal, project: Path, *, speed: float, is_json: bool) -> int:
    """Play a rehearsal and report it; returns the outcome's exit code. Nothing keeps running."""
    console = open_console(stderr=is_json)
    began = time.monotonic()
    home = folder_of(project)
    home.mkdir(exist_ok=True)
    try:
        with _ended_by_sigterm(), tempfile.TemporaryDirectory(dir=home, prefix="rehearsal-") as own:
            record, update = _play(rehearsal, project, Path(own), speed, console)
    except KeyboardInterrupt as error:
        raise Interrupted("The rehearsal was stopped.") from error
    if is_json:
        print_document(record.model_dump_json(indent=2))
    else:
        console.print(draw_report(record, update))
        console.print()
        console.print(Text(f"Rehearsed in {say_duration(time.monotonic() - began)}.", style="dim"))
    if not record.is_true:
        return ExitCode.UNEXPECTED
    return exit_code_of(record.update.outcome or Outcome.NEEDS_OPERATOR)


def _play(
    rehearsal: Rehearsal, project: Path, own: Path, speed: float, console: Console
) -> tuple[RehearsalRecord, Update]:
    # The endpoint is set up without the scenario's faults, which are meant for the update.
    calm = Scenario(seed=rehearsal.scenario.seed, quotas=rehearsal.roomy_quotas)
    with telling(console) as tell:
        tell("Starting a local cloud of its own…")
        cloud = bring_up(project, own / "cloud", IDLE_SPEED, calm)
    try:
        with telling(console) as tell:
            stage = _build_stage(rehearsal, project, own, cloud, tell)
        _announce(rehearsal, console)
        with cloud.at_speed(speed), cloud.stepping():
            return _follow(stage, rehearsal, console)
    except CommandFailed as error:
        log = shutil.copy(log_path(cloud.folder), folder_of(project) / "rehearsal.log")
        raise CommandFailed(
            error.message, f"The log of the local cloud and the functions is {log}."
        ) from error
    finally:
        with telling(console) as tell:
            cloud.down(tell)


def _build_stage(
    rehearsal: Rehearsal,
    project: Path,
    own: Path,
    cloud: LocalCloud,
    tell: Callable[[str], object],
) -> Stage:
    tell("Building and deploying the stack (a minute at first, then half of that)…")
    deploy_stack(cloud, project)
    tell(f"Bringing {rehearsal.endpoint} into service with v1…")
    deployment = find_deployment(STACK_NAME, cloud.session())
    stage = set_stage(cloud, deployment, own, _scenery_of(rehearsal))
    _bring_props(stage, rehearsal)
    cloud.load_scenario(rehearsal.scenario)
    return stage


def _scenery_of(rehearsal: Rehearsal) -> Scenery:
    return Scenery(
        endpoint=rehearsal.endpoint,
        policy=rehearsal.policy_text,
        instances=rehearsal.instances,
        instance_type=rehearsal.instance_type,
        variant=rehearsal.policy.variant or "AllTraffic",
        requests_per_second=rehearsal.instances * _REQUESTS_PER_SECOND_AND_INSTANCE,
    )


def _bring_props(stage: Stage, rehearsal: Rehearsal) -> None:
    """Create what the policy names and the team has: its own alarms, golden requests."""
    cloudwatch = stage.cloud.session().client("cloudwatch")
    for name in rehearsal.policy.alarms.also:
        cloudwatch.put_metric_alarm(
            AlarmName=name,
            Namespace="Rehearsal",
            MetricName="Calm",
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=0,
            ComparisonOperator="GreaterThanThreshold",
            TreatMissingData="notBreaching",
        )
        cloudwatch.set_alarm_state(AlarmName=name, StateValue="OK", StateReason="rehearsal")
    if rehearsal.golden is not None and rehearsal.policy.tests.golden is not None:
        _bring_golden(stage, rehearsal.golden, rehearsal.policy.tests.golden)


def _bring_golden(stage: Stage, golden: Path, key: str) -> None:
    """The golden requests, and the image and body files that they name."""
    raw = golden.read_bytes()
    stage.put(key, raw)

    def put_beside(name: str) -> bytes | None:
        file = golden.parent / name
        if not file.is_file():
            return None
        content = file.read_bytes()
        stage.put(str(PurePosixPath(key).parent / name), content)
        return content

    # The update finds the file's faults again, and reports them better.
    parse_golden(raw, str(golden), put_beside)


def _announce(rehearsal: Rehearsal, console: Console) -> None:
    fleet = f"{rehearsal.instances} × {rehearsal.instance_type}"
    console.print(
        Text.assemble(
            (rehearsal.endpoint, "bold"), f" serves v1 on {fleet}, under traffic; v2 arrives."
        )
    )
    for note in rehearsal.notes:
        console.print(Text(f"Note: {note}.", style="dim"))
    console.print()


def _follow(stage: Stage, rehearsal: Rehearsal, console: Console) -> tuple[RehearsalRecord, Update]:
    cloud, deployment, endpoint = stage.cloud, stage.deployment, rehearsal.endpoint
    begin_on_the_dot(cloud.step)
    before = cloud.state().endpoints[endpoint].traffic
    known = known_updates(deployment, endpoint)
    stage.offer(_VERSION, seed=2)
    update_id = await_pick_up(deployment, endpoint, _VERSION, known, cloud.step)
    heard: dict[StageState, None] = {}
    looks = look_until_over(deployment, update_id, _listen(cloud, endpoint, heard))
    is_shown = console.is_terminal
    scene = show(looks, console, leaves_panel=False) if is_shown else deque(looks, maxlen=1).pop()
    cloud.stop_traffic(endpoint)
    after = cloud.state().endpoints.get(endpoint)  # after a failed redeploy there is no endpoint
    traffic = after.traffic if after is not None else before
    headcounts = after.headcounts if after is not None else ()
    ended = scene.update.ended_at or scene.now
    record = RehearsalRecord(
        update=record_update(scene.update, scene.timeline),
        story=tell_story(scene.update, scene.timeline, heard, after),
        virtual_seconds=round((ended - scene.update.started_at).total_seconds()),
        peak_instances=max((count.old_total + count.new_total for count in headcounts), default=0),
        requests=traffic.requests - before.requests,
        failed_requests=traffic.failures - before.failures,
        first_failures=traffic.first_failures,
        state_transitions=count_transitions(_read_history(deployment, update_id)),
        twin_config=after.serving_config if after is not None else "",
    )
    return record, scene.update


def _listen(
    cloud: LocalCloud, endpoint: str, heard: dict[StageState, None]
) -> Callable[[float], None]:
    """A pause between two readings that records SageMaker's messages, some of which last ten seconds.

    The messages are read from the twin itself, as the scenario may throttle the API. Virtual time stops
    between two steps, so that no message is missed and every playing is the same.
    """

    def pause(_seconds: float) -> None:
        for _ in range(_LOOK_SECONDS // _LISTEN_SECONDS):
            found = cloud.step(_LISTEN_SECONDS).endpoints.get(endpoint)
            heard.update(dict.fromkeys(found.stages if found else ()))

    return pause


def _read_history(deployment: Deployment, update_id: str) -> list[str]:
    """The type of each event of the update's execution."""
    client = deployment.session.client("stepfunctions")
    pages = client.get_paginator("get_execution_history").paginate(
        executionArn=deployment.execution_arn(update_id)
    )
    return [event["type"] for page in pages for event in page["events"]]


@contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """Let SIGTERM end the block like Ctrl-C, so that the local cloud is stopped too."""

    def stop(_signal: int, _frame: object) -> NoReturn:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
