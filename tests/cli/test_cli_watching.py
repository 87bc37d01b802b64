"""Following an update: until its outcome, but not for ever."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest
from tests.support import samples

from switchover.domain.errors import UpdateUnknown
from switchover.domain.evidence import Trip
from switchover.domain.fleet import AlarmReading, AlarmState, EndpointReading
from switchover.domain.outcome import Outcome
from switchover.domain.update.request import Request
from switchover_cli.errors import CommandFailed, Misused
from switchover_cli.start.starting import await_pick_up, parse_overrides, start_update
from switchover_cli.watching.follow import look_until_over

if TYPE_CHECKING:
    from switchover.domain.served import Served
    from switchover.domain.update.records import Moment
    from switchover.domain.update.update import Update


@dataclass
class Ledger:
    """Gives out one version of the update per look; None is one that isn't known yet."""

    looks: list[Update | None]

    def look_up(self, update_id: str) -> Update:
        """The next version; the last one stays."""
        found = self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
        if found is None:
            raise UpdateUnknown(update_id)
        return found

    def timeline(self, _update_id: str) -> tuple[Moment, ...]:
        """Nothing happened yet."""
        return ()

    def served(self, _endpoint: str) -> tuple[Served, ...]:
        """Nothing is known to have served."""
        return ()

    def listed(self, _endpoint: str) -> tuple[Update, ...]:
        """What is known at this look."""
        found = self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
        return () if found is None else (found,)


class SageMaker:
    """An endpoint at rest."""

    def read(self, _endpoint: str) -> EndpointReading:
        """The sample endpoint."""
        return samples.endpoint()


class CloudWatch:
    """Alarms that are all fine."""

    def read(self, names: tuple[str, ...]) -> tuple[AlarmReading, ...]:
        """Green."""
        return tuple(AlarmReading(name=name, state=AlarmState.OK) for name in names)


@dataclass
class Workflow:
    """Executions that run or don't, and what was started."""

    runs: bool = True
    started: list[str] = field(default_factory=list)

    def is_running(self, _execution_arn: str) -> bool:
        """The same answer for all."""
        return self.runs

    def start(self, _machine: str, name: str, _request: dict[str, object]) -> bool:
        """Remember the name."""
        self.started.append(name)
        return True


@dataclass
class Deployment:
    """A deployment of fakes."""

    ledger: Ledger
    sagemaker: SageMaker = field(default_factory=SageMaker)
    cloudwatch: CloudWatch = field(default_factory=CloudWatch)
    workflow: Workflow = field(default_factory=Workflow)
    is_local: bool = False
    state_machine_arn: str = "arn:aws:states:us-east-1:000000000000:stateMachine:update"

    def execution_arn(self, update_id: str) -> str:
        """Any ARN."""
        return update_id


RUNNING = samples.update(plan=samples.plan(), course=samples.course())
ENDED = replace(RUNNING, outcome=Outcome.UPDATED)


@dataclass
class Pauses:
    """Counts the seconds that were waited, without waiting."""

    seconds: list[float] = field(default_factory=list)

    def __call__(self, seconds: float) -> None:
        """Wait no time at all."""
        self.seconds.append(seconds)


def test_looking_ends_with_the_outcome() -> None:
    deployment = Deployment(Ledger([RUNNING, RUNNING, ENDED]))

    scenes = list(look_until_over(deployment, "chat-v2", Pauses()))  # type: ignore[arg-type]

    assert [scene.update.outcome for scene in scenes] == [None, None, Outcome.UPDATED]


def test_sagemaker_is_asked_twice_a_minute_at_most() -> None:
    pauses = Pauses()

    list(look_until_over(Deployment(Ledger([RUNNING, ENDED])), "chat-v2", pauses))  # type: ignore[arg-type]

    assert pauses.seconds == [30]


def test_an_update_that_is_not_in_the_ledger_yet_is_awaited() -> None:
    deployment = Deployment(Ledger([None, None, ENDED]))

    [scene] = look_until_over(deployment, "chat-v2", Pauses())  # type: ignore[arg-type]

    assert scene.update is ENDED


def test_an_execution_that_ended_without_an_outcome_is_told_and_not_watched_forever() -> None:
    deployment = Deployment(Ledger([RUNNING]), workflow=Workflow(runs=False))
    looks = look_until_over(deployment, "chat-v2", Pauses())  # type: ignore[arg-type]

    with pytest.raises(CommandFailed, match="no outcome was recorded"):
        list(looks)


def test_alarms_of_an_ended_update_are_the_evidence_that_was_kept() -> None:
    red = Trip(name="switchover/chat/chat-v2/5xx", state=AlarmState.ALARM)
    kept = replace(ENDED.found.evidence, alarms=(red,))
    deployment = Deployment(Ledger([samples.amend(ENDED, evidence=kept)]))

    [scene] = look_until_over(deployment, "chat-v2", Pauses())  # type: ignore[arg-type]

    assert scene.alarms == (red,)


def test_an_uploads_update_is_recognised_by_its_version() -> None:
    deployment = Deployment(Ledger([None, RUNNING]))

    found = await_pick_up(deployment, "chat", "v2", frozenset(), Pauses())  # type: ignore[arg-type]

    assert found == RUNNING.update_id


def test_an_older_update_of_the_version_is_not_mistaken_for_the_new_one() -> None:
    pauses = Pauses()
    deployment = Deployment(Ledger([RUNNING]))
    known = frozenset({RUNNING.update_id})

    with pytest.raises(CommandFailed, match="no update began within 120 s"):
        await_pick_up(deployment, "chat", "v2", known, pauses)  # type: ignore[arg-type]

    assert sum(pauses.seconds) == 120


def test_overrides_nest_by_dots_and_read_yaml_values() -> None:
    values = parse_overrides(["canary.percent=25", "strategy=canary", "retain_capacity=false"])

    assert values == {"canary": {"percent": 25}, "strategy": "canary", "retain_capacity": False}


@pytest.mark.parametrize("pair", ["canary", "=1", "canary.percent=120", "tier.x=1"])
def test_an_override_that_makes_no_policy_is_refused(pair: str) -> None:
    with pytest.raises(Misused):
        parse_overrides([pair])


def test_a_rollback_carries_its_endpoint_in_its_id() -> None:
    deployment = Deployment(Ledger([None]))

    update_id = start_update(
        deployment,  # type: ignore[arg-type]
        Request(rollback="chat", to="v1"),
        salt="once",
    )

    assert update_id.startswith("chat-back-v1-")
    assert deployment.workflow.started == [update_id]
