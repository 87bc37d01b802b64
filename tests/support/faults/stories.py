"""The updates for fault injection: together they pass through every state."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError
from tests.support.scene import ENDPOINT, put_alarm

from switchover.domain.outcome import Outcome
from switchover_local.twin.scenario import Behaviour

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.world import World

_LONGEST_SECONDS = 3600
_OWN_ALARM = "refunds"


@dataclass(frozen=True, slots=True)
class Story:
    """An update from its offer on; `told` names it, `ends` is its outcome without faults.

    `is_stopped`: its execution is stopped from outside. `has_downtime`: for a while no fleet answers.
    `cause`: the code of the reason for its own rollback, which marks the version as bad.
    `pace`: how traffic is moved, if this matters for late calls or changes from outside.
    """

    name: str
    told: str
    ends: Outcome
    tell: Callable[[World], None]
    pace: str = ""
    cause: str = ""
    has_downtime: bool = False
    is_stopped: bool = False


def _update_by_canary(world: World) -> None:
    _put_golden(world, b"v2")
    put_alarm(world, _OWN_ALARM)
    world.traces_before = world.traces()
    world.put_policy(
        "strategy: canary\ntests: {golden: golden/vlm.jsonl}\nwatch_seconds: 10m\n"
        f"alarms: {{also: [{_OWN_ALARM}]}}"
    )
    world.offer()


def _offer_a_slow_one(world: World) -> None:
    world.put_policy("strategy: canary")
    world.twin.set_behaviour("*/v2/", Behaviour(latency_us=20_000_000))
    world.offer()


def _offer_what_answers_wrongly(world: World) -> None:
    _put_golden(world, b"v3")
    world.put_policy("strategy: canary\ntests: {golden: golden/vlm.jsonl}")
    world.offer()


def _redeploy(world: World) -> None:
    world.put_policy("strategy: redeploy\nallow_downtime: true")
    world.offer()


def _redeploy_what_never_gets_healthy(world: World) -> None:
    world.twin.set_behaviour("*/v2/", Behaviour(unhealthy_from_instance=1))
    _redeploy(world)


def _raise_the_fleet(world: World) -> None:
    world.put_policy("strategy: rolling\ncapacity: {during: {min: 6, max: 8}}")
    world.offer()


def _stop_it_in_the_air(world: World) -> None:
    world.put_policy("strategy: canary")
    world.offer()

    def stop() -> None:
        world.stepfunctions.stop_execution(executionArn=world.executions[0].arn)

    _once(world, lambda: world.executions[0].state == "AwaitOutcome", stop)


def _approve(world: World) -> None:
    world.put_policy("strategy: canary\napproval: {required: true}")
    world.offer()

    _once(world, lambda: world.executions[0].state == "RequestApproval", lambda: _say_yes(world))


def _promote(world: World) -> None:
    world.put_policy("strategy: canary\napproval: {promotion: true}")
    world.offer()

    _once(world, lambda: world.executions[0].state == "RequestPromotion", lambda: _say_yes(world))


def _update_linearly(world: World) -> None:
    world.put_policy("strategy: linear")
    world.offer()


STORIES = (
    Story("canary", "a canary that is updated", Outcome.UPDATED, _update_by_canary),
    Story(
        "alarm",
        "a canary that its alarm turns back",
        Outcome.ROLLED_BACK,
        _offer_a_slow_one,
        cause="alarm.went-red",
    ),
    Story(
        "answers",
        "answers that turn it back",
        Outcome.ROLLED_BACK,
        _offer_what_answers_wrongly,
        cause="golden.failed",
    ),
    Story(
        "stopped", "stopped in the air", Outcome.ROLLED_BACK, _stop_it_in_the_air, is_stopped=True
    ),
    Story("raised", "a fleet raised for it", Outcome.UPDATED, _raise_the_fleet),
    Story("approved", "approved by a person", Outcome.UPDATED, _approve),
    Story("promoted", "promoted by a person", Outcome.UPDATED, _promote),
    Story("linear", "step by step", Outcome.UPDATED, _update_linearly, pace="linear"),
    Story("redeploy", "a redeploy", Outcome.UPDATED, _redeploy, "redeploy", has_downtime=True),
    Story(
        "redeploy-fails",
        "a redeploy that fails",
        Outcome.ROLLED_BACK,
        _redeploy_what_never_gets_healthy,
        cause="sagemaker.failure-reason",
        has_downtime=True,
    ),
)


def _say_yes(world: World) -> None:
    """Answer every open question; a closed one gets no answer."""
    update = world.ledger.find(world.executions[0].name)
    with suppress(ClientError):
        world.stepfunctions.send_task_success(
            taskToken=(update.waiting.task_token if update else None) or "",
            output='{"verdict": "approved"}',
        )


def _put_golden(world: World, version: bytes) -> None:
    world.s3.put_object(
        Bucket=world.bucket,
        Key=f"golden/{ENDPOINT}.jsonl",
        Body=b'{"name": "who", "body": {"messages": []}, "expect": {"values": {"model": "%s"}}}'
        % version,
    )


def _once(world: World, is_time: Callable[[], bool], act: Callable[[], None]) -> None:
    """Act a minute after the condition holds; never, if it doesn't."""
    began_at = world.clock.now()

    def look() -> None:
        if world.executions and is_time():
            act()
        elif (world.clock.now() - began_at).total_seconds() < _LONGEST_SECONDS:
            world.clock.call_later(60, look)

    world.clock.call_later(60, look)
