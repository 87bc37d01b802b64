"""Many executions claim an endpoint at the same time: one gets the claim, the others wait or give way."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING, Any, cast

import pytest
from botocore.exceptions import ClientError
from tests.support.ledger_table import TABLE
from tests.support.samples import ENDPOINT, NOW, endpoint, reason, update

from switchover.aws.ledger import Ledger
from switchover.aws.queue import Queue
from switchover.aws.schedules import Ring, Schedules
from switchover.aws.wishes import Wishes
from switchover.domain.fleet import Absent
from switchover.domain.outcome import Outcome
from switchover.domain.policies.choices import WhenBusy
from switchover.domain.policies.layers import EffectivePolicy
from switchover.domain.policies.policy import Policy
from switchover.domain.queueing import Claim, Decision, Turn
from switchover.domain.recovering import FIRST_PAUSE
from switchover.domain.windows.window import Timetable
from switchover.steps.admission import Admission
from switchover.steps.queue_runner import QueueRunner
from switchover.steps.reopening import Reopening

if TYPE_CHECKING:
    from datetime import datetime

    from mypy_boto3_dynamodb import DynamoDBClient

    from switchover.domain.queueing import Waiting
    from switchover.domain.reasons import Reason
    from switchover.domain.update.update import Update

MACHINE = "arn:aws:states:us-east-1:000000000000:stateMachine:switchover-update"


@dataclass
class Workflow:
    """Executions that run until they are said to be over."""

    gone: set[str] = field(default_factory=set)
    started: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def is_running(self, execution_arn: str) -> bool:
        started = {name for name, _ in self.started}
        is_unknown = "recovery" in execution_arn and execution_arn.split(":")[-1] not in started
        return execution_arn not in self.gone and not is_unknown

    def find_input(self, _execution_arn: str) -> str | None:
        return None

    def start(self, _machine_arn: str, name: str, request: dict[str, Any]) -> bool:
        is_new = name not in [known for known, _ in self.started]
        self.started.append((name, request))
        return is_new


@dataclass
class Files:
    when_busy: WhenBusy = WhenBusy.SUPERSEDE

    def effective_policy(self, _update: Update) -> EffectivePolicy:
        return EffectivePolicy(Policy(when_busy=self.when_busy), {})


@dataclass
class StartTimes:
    faults: tuple[Reason, ...] = ()

    def read(self, *_args: object, **_kwargs: object) -> Timetable | tuple[Reason, ...]:
        return self.faults or Timetable()


@dataclass
class Scheduler:
    rings: dict[str, str] = field(default_factory=dict)

    def create_schedule(self, **asked: Any) -> None:
        if asked["Name"] in self.rings:
            raise ClientError({"Error": {"Code": "ConflictException"}}, "CreateSchedule")
        self.rings[asked["Name"]] = asked["ScheduleExpression"]


class OneByOne:
    """DynamoDB as threads meet it: a condition and its write are one step, which they aren't in moto."""

    def __init__(self, dynamodb: DynamoDBClient) -> None:
        self._dynamodb = dynamodb
        self._turn = Lock()

    def __getattr__(self, name: str) -> Any:
        act = getattr(self._dynamodb, name)

        def act_alone(*args: Any, **asked: Any) -> Any:
            with self._turn:
                return act(*args, **asked)

        return act_alone


@dataclass
class Door:
    """An endpoint's door with the ledger behind it."""

    dynamodb: DynamoDBClient
    workflow: Workflow = field(default_factory=Workflow)
    files: Files = field(default_factory=Files)
    timetables: StartTimes = field(default_factory=StartTimes)
    scheduler: Scheduler = field(default_factory=Scheduler)

    def __post_init__(self) -> None:
        dynamodb = cast("DynamoDBClient", OneByOne(self.dynamodb))
        self.ledger = Ledger(dynamodb, TABLE)
        self.queue = Queue(dynamodb, TABLE)
        schedules = Schedules(cast("Any", self.scheduler), Ring("g", "t", "r", "d"))
        workflow = cast("Any", self.workflow)
        reopening = Reopening(self.ledger, workflow, "models")
        self.turns = QueueRunner(self.ledger, self.queue, workflow, schedules, reopening, MACHINE)
        self.admission = Admission(
            self.ledger,
            self.queue,
            workflow,
            cast("Any", self.files),
            cast("Any", self.timetables),
            Wishes(dynamodb, TABLE),
        )

    def open(self, number: int) -> Update:
        return self.ledger.open_update(
            update(
                update_id=f"chat-{number:03}",
                execution_arn=f"arn:{number:03}",
                version=f"v{number}",
                offered_at=NOW + timedelta(seconds=number),
            )
        )

    def start_next(self, at: datetime = NOW) -> str:
        return self.turns.start_next(
            Absent(name=ENDPOINT, read_at=at), self.queue.entries(ENDPOINT)
        )

    def admit(self, opened: Update) -> Decision:
        return self.admission.admit(opened, endpoint(), self.turns)


@pytest.fixture
def door(dynamodb: DynamoDBClient) -> Door:
    return Door(dynamodb)


def test_who_comes_first_goes_in(door: Door) -> None:
    assert door.admit(door.open(1)).turn is Turn.CLAIM
    assert door.queue.entries(ENDPOINT) == ()


def test_everything_that_keeps_a_start_unknown_is_told_at_once(door: Door) -> None:
    door.timetables.faults = (reason("window.no-traffic"), reason("freeze.calendar-missing"))
    first = door.open(1)
    assert door.admit(first) == Decision(Turn.REJECTED, door.timetables.faults)
    assert door.admission.postpone(first, endpoint(), 60, door.turns) == Decision(
        Turn.REJECTED, door.timetables.faults
    )


def test_who_comes_second_is_kept_with_a_schedule(door: Door) -> None:
    door.admit(door.open(1))
    assert door.admit(door.open(2)).verdict == "queued"
    assert [one.update_id for one in door.queue.entries(ENDPOINT)] == ["chat-002"]
    assert len(door.scheduler.rings) == 1


@pytest.mark.parametrize("when_busy", [WhenBusy.SUPERSEDE, WhenBusy.QUEUE])
def test_of_many_at_once_one_goes_in_and_the_newest_is_never_lost(
    door: Door, when_busy: WhenBusy
) -> None:
    door.files.when_busy = when_busy
    opened = [door.open(number) for number in range(16)]
    with ThreadPoolExecutor(16) as pool:
        decisions = list(pool.map(door.admit, opened))
    turns = [decision.turn for decision in decisions]
    kept = {one.update_id for one in door.queue.entries(ENDPOINT)}
    waits = {o.update_id for o, turn in zip(opened, turns, strict=True) if turn is Turn.WAIT}
    assert turns.count(Turn.CLAIM) == 1
    assert waits <= kept
    assert turns[-1] in {Turn.CLAIM, Turn.WAIT}


def test_a_holder_that_leaves_while_one_queues_up_is_noticed(door: Door) -> None:
    """The holder's end told the queue before anyone was in it: nobody else would tell."""
    first, second = door.open(1), door.open(2)
    door.admit(first)
    put = door.turns.put

    def leave_first(waiting: Waiting, now: datetime) -> None:
        door.ledger.release_claim(ENDPOINT, first.execution_arn)
        put(waiting, now)

    door.turns.put = leave_first  # type: ignore[method-assign]
    assert door.admit(second).turn is Turn.CLAIM
    assert door.queue.entries(ENDPOINT) == ()


def test_a_gone_holder_is_recovered_once_however_many_see_it(door: Door) -> None:
    old = Claim(ENDPOINT, "chat-old", "arn:gone", NOW - timedelta(hours=1))
    door.ledger.take_claim(old, "")
    door.workflow.gone.add("arn:gone")
    assert [door.admit(door.open(number)).verdict for number in (1, 2)] == ["queued"] * 2
    recoveries = {name for name, asked in door.workflow.started if "recover" in asked}
    assert len(recoveries) == 1
    assert door.ledger.claim(ENDPOINT) == old


def test_a_recovery_that_took_nothing_over_is_started_again(door: Door) -> None:
    old = Claim(ENDPOINT, "chat-old", "arn:gone", NOW - timedelta(hours=1))
    door.ledger.take_claim(old, "")
    door.workflow.gone.add("arn:gone")
    door.start_next()
    (first,) = [name for name, _ in door.workflow.started]
    running = door.start_next()
    door.workflow.gone.add(f"{MACHINE.replace(':stateMachine:', ':execution:')}:{first}")

    too_early = door.start_next(NOW + timedelta(minutes=9))
    started_too_early = len({name for name, _ in door.workflow.started})
    again = door.start_next(NOW + timedelta(minutes=10))

    assert (running, too_early, again) == ("recovering", "recovering", "recovering")
    assert started_too_early == 1
    assert len({name for name, _ in door.workflow.started}) == 2


def end_recovery(door: Door, at: datetime) -> None:
    """Have a recovery started that ends and takes nothing over."""
    door.start_next(at)
    last, _ = door.workflow.started[-1]
    door.workflow.gone.add(f"{MACHINE.replace(':stateMachine:', ':execution:')}:{last}")


@pytest.mark.parametrize("earlier", [0, 1, 4])
def test_only_a_recovery_that_is_started_is_counted(door: Door, earlier: int) -> None:
    old = Claim(ENDPOINT, "chat-old", "arn:gone", NOW - timedelta(hours=1))
    door.ledger.take_claim(old, "")
    door.workflow.gone.add("arn:gone")
    at = [NOW + FIRST_PAUSE * (2**number - 1) for number in range(earlier + 1)]
    [end_recovery(door, begun) for begun in at[:-1]]
    door.start_next(at[-1])

    found = door.start_next(at[-1] + timedelta(days=9))

    assert found == "recovering"
    assert door.ledger.recoveries(ENDPOINT, "chat-old").count == earlier + 1
    assert len({name for name, _ in door.workflow.started}) == earlier + 1


def test_a_trigger_that_comes_twice_starts_the_same_execution(door: Door) -> None:
    door.admit(door.open(1))
    waiting = door.open(2)
    door.admit(waiting)
    door.ledger.save(replace(waiting, outcome=Outcome.QUEUED))
    door.ledger.release_claim(ENDPOINT, "arn:001")
    found = [door.start_next() for _ in range(2)]
    assert found == ["started", "started"]
    assert len({name for name, _ in door.workflow.started}) == 1


def test_an_execution_that_was_stopped_before_it_took_up_its_update_gets_another(
    door: Door,
) -> None:
    door.admit(door.open(1))
    waiting = door.open(2)
    door.admit(waiting)
    door.ledger.save(replace(waiting, outcome=Outcome.QUEUED))
    door.ledger.release_claim(ENDPOINT, "arn:001")
    door.start_next()
    stopped = door.workflow.started[0][0]
    door.workflow.gone.add(f"{MACHINE.replace(':stateMachine:', ':execution:')}:{stopped}")
    door.start_next()
    assert len({name for name, _ in door.workflow.started}) == 2


def test_what_a_crash_left_in_the_queue_is_cleared_away(door: Door) -> None:
    door.admit(door.open(1))
    waiting = door.open(2)
    door.admit(waiting)
    door.ledger.save(replace(waiting, outcome=Outcome.REJECTED))
    door.ledger.release_claim(ENDPOINT, "arn:001")
    assert door.start_next() == "not_yet"
    assert door.queue.entries(ENDPOINT) == ()


def test_the_endpoints_that_anybody_waits_for_are_known(door: Door) -> None:
    door.admit(door.open(1))
    door.admit(door.open(2))
    assert door.queue.endpoints() == (ENDPOINT,)
