"""Situations in which the command line prints a command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.stories.remedies import CLI, DOMAIN, prints
from tests.stories.remedies_helps import (
    lose_a_stopped_record,
    nothing_holds,
    serves_first,
)
from tests.support.laptop import deployment_of
from tests.support.scene import ENDPOINT, FIRST_CONFIG

from switchover.domain.aborting import call_off
from switchover_cli.errors import Misused
from switchover_cli.exits import ExitCode
from switchover_cli.steering.aborting import ask_to_stop

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.stories.remedies import Desk
    from tests.support.world import World


@prints(
    f"{CLI}/steering/aborting.py",
    "switchover watch {}",
    ends=ExitCode.ROLLED_BACK,
    helps=serves_first,
)
def somebody_else_aborts_first(desk: Desk) -> str:
    world = desk.world
    world.offer("v2")
    world.run_to("AwaitOutcome")
    seen = world.update()
    desk.type("abort", ENDPOINT, "--reason", "because", "--no-watch")
    request = call_off(seen.update_id, world.clock.now(), "kim", "because")
    try:
        ask_to_stop(deployment_of(world), seen, request)
    except Misused as refused:
        return refused.remedy
    return ""


@prints(f"{CLI}/screens/adopting.py", "switchover rollback {}", helps=serves_first)
def adopted_and_then_replaced(desk: Desk) -> str:
    told = desk.type("adopt", ENDPOINT)
    desk.world.offer("v2")
    desk.world.run()
    return told


@prints(f"{CLI}/releases/adopting.py", "switchover status {}", shows=FIRST_CONFIG)
def nobody_records_an_adoption(desk: Desk) -> str:
    desk.world.crash("WakeUpdate", times=10_000)
    return desk.type("adopt", ENDPOINT)


def _ask_people(desk: Desk) -> None:
    desk.world.put_policy("strategy: all-at-once\napproval: {required: true}")
    desk.world.offer("v2")
    desk.world.run_to("RequestApproval")
    desk.world.clock.advance(60)


@prints(f"{CLI}/steering/answering.py", "switchover abort {} --reason '…'")
def rejected_after_it_was_approved(desk: Desk) -> str:
    _ask_people(desk)
    desk.type("approve", ENDPOINT)
    desk.world.clock.advance(60)
    return desk.type("reject", ENDPOINT, "--reason", "not on Friday")


@prints(f"{CLI}/steering/answering.py", "switchover status {}", shows="v2")
def approved_twice(desk: Desk) -> str:
    _ask_people(desk)
    desk.type("approve", ENDPOINT)
    desk.world.clock.advance(60)
    return desk.type("approve", ENDPOINT)


@prints(f"{CLI}/steering/answering.py", "switchover history {}", shows="Updated")
def approved_when_all_is_over(desk: Desk) -> str:
    desk.world.offer("v2")
    desk.world.run()
    return desk.type("approve", ENDPOINT)


@prints(f"{CLI}/steering/answering.py", "switchover history {}", shows=ENDPOINT)
def approved_when_nothing_was_ever_offered(desk: Desk) -> str:
    return desk.type("approve", ENDPOINT)


@prints(f"{CLI}/screens/answering.py", "switchover watch --update {}", shows="Updated")
def approved(desk: Desk) -> str:
    _ask_people(desk)
    return desk.type("approve", ENDPOINT)


@prints(f"{CLI}/explained.py", "switchover history", shows=ENDPOINT)
def explain_of_nothing(desk: Desk) -> str:
    desk.world.offer("v2")
    desk.world.run()
    return desk.type("explain", "vlmm")


@prints(f"{CLI}/screens/explanation.py", "switchover explain {} --json", shows='"timeline"')
def a_long_timeline(desk: Desk) -> str:
    desk.monkeypatch.setattr("switchover_cli.screens.explanation._MOST_MOMENTS", 2)
    desk.world.offer("v2")
    desk.world.run()
    return desk.type("explain", ENDPOINT)


def _roll_out_three(desk: Desk) -> None:
    for version in ("v2", "v3", "v4"):
        desk.world.offer(version)
        desk.world.run()


@prints(f"{CLI}/commands/gc.py", "switchover gc {} --keep {} --yes", shows="Removed config")
def old_configs_are_there(desk: Desk) -> str:
    _roll_out_three(desk)
    return desk.type("gc", ENDPOINT, "--keep", "2")


def _spoil_pin(desk: Desk) -> str:
    desk.world.offer("v2")
    desk.world.run()
    desk.world.dynamodb.put_item(
        TableName=desk.world.settings["SWITCHOVER_TABLE"],
        Item={"pk": {"S": f"wish#{ENDPOINT}"}, "sk": {"S": "pin"}, "body": {"S": "{"}},
    )
    return desk.type("gc", ENDPOINT)


def _pinned_to(version: str | None) -> Callable[[World], bool]:
    def check(world: World) -> bool:
        pin = world.wishes.pin(ENDPOINT)
        return (pin.version if pin else None) == version

    return check


@prints(
    f"{CLI}/garbage/collecting.py", "switchover pin {} VERSION --reason '…'", helps=_pinned_to("v1")
)
def a_pin_cannot_be_read(desk: Desk) -> str:
    return _spoil_pin(desk)


@prints(f"{CLI}/garbage/collecting.py", "switchover unpin {}", helps=_pinned_to(None))
def a_pin_cannot_be_read_and_is_taken_off(desk: Desk) -> str:
    return _spoil_pin(desk)


@prints(f"{CLI}/releases/known_versions.py", "switchover history", shows=ENDPOINT)
def a_pin_of_an_unknown_endpoint(desk: Desk) -> str:
    desk.world.offer("v2")
    desk.world.run()
    return desk.type("pin", "vlmm", "v1", "--reason", "because")


@prints(f"{CLI}/releases/known_versions.py", "switchover history {}", shows="v2")
def a_pin_to_an_unknown_version(desk: Desk) -> str:
    desk.world.offer("v2")
    desk.world.run()
    return desk.type("pin", ENDPOINT, "v22", "--reason", "because")


@prints(f"{CLI}/steering/queueing.py", "switchover queue {}", shows="No update waits for vlm")
def cancelled_after_it_ended(desk: Desk) -> str:
    desk.world.offer("v2")
    desk.world.run()
    return desk.type("cancel", ENDPOINT, desk.world.update().update_id)


@prints(f"{CLI}/screens/queue.py", "switchover unclaim {} --reason '…'", helps=nothing_holds)
def a_record_that_holds_cannot_be_read(desk: Desk) -> str:
    lose_a_stopped_record(desk)
    return desk.type("queue", ENDPOINT)


@prints(f"{CLI}/refusals.py", "switchover history", shows=ENDPOINT)
@prints(f"{CLI}/refusals.py", "switchover history ENDPOINT", shows="v2")
def an_update_that_nobody_knows(desk: Desk) -> str:
    desk.world.offer("v2")
    desk.world.run()
    return desk.type("watch", "--update", "vlm-v9-20260302-00000000")


@prints(f"{CLI}/screens/rolling_back.py", "switchover rollback {}", helps=serves_first)
def a_rollback_of_what_had_not_begun(desk: Desk) -> str:
    desk.world.offer("v2")
    desk.world.run()
    desk.world.put_policy("strategy: all-at-once\napproval: {required: true}")
    desk.world.offer("v3")
    desk.world.run_to("RequestApproval", 1)
    desk.world.clock.advance(60)
    return desk.type("rollback", ENDPOINT)


@prints(f"{CLI}/screens/status.py", "switchover adopt {}", shows=FIRST_CONFIG)
def nothing_is_recorded_yet(desk: Desk) -> str:
    return desk.type("status", ENDPOINT)


def _drift(desk: Desk) -> str:
    world = desk.world
    world.offer("v2")
    world.run()
    world.sagemaker.update_endpoint(EndpointName=ENDPOINT, EndpointConfigName=FIRST_CONFIG)
    world.clock.advance(3600)
    return desk.type("status", ENDPOINT)


def _serves_v2(world: World) -> bool:
    return "-v2-" in world.serving


@prints(f"{DOMAIN}/adoption.py", "switchover rollback {}", helps=_serves_v2)
def somebody_else_changed_what_serves(desk: Desk) -> str:
    return _drift(desk)


@prints(
    f"{DOMAIN}/adoption.py",
    "switchover adopt {} --version NAME",
    filled={"NAME": "v1"},
    shows="v1",
)
def somebody_else_changed_what_serves_and_that_stays(desk: Desk) -> str:
    return _drift(desk)


@prints(f"{CLI}/screens/status.py", "switchover unpin {}", helps=_pinned_to(None))
def an_endpoint_is_pinned(desk: Desk) -> str:
    desk.type("pin", ENDPOINT, "v1", "--reason", "audit")
    return desk.type("status", ENDPOINT)


@prints(f"{CLI}/steering/unclaiming.py", "switchover abort {} --reason '…'", helps=serves_first)
def unclaim_of_what_runs(desk: Desk) -> str:
    desk.world.offer("v2")
    desk.world.run_to("AwaitOutcome")
    return desk.type("unclaim", ENDPOINT, "--reason", "because")


@prints(f"{CLI}/steering/unclaiming.py", "switchover queue {}", shows="No update waits for vlm")
def unclaim_of_what_is_free(desk: Desk) -> str:
    return desk.type("unclaim", ENDPOINT, "--reason", "because")


@prints(f"{CLI}/steering/unclaiming.py", "switchover status {}", shows="vlm")
def unclaim_of_what_cannot_be_read(desk: Desk) -> str:
    lose_a_stopped_record(desk)
    return desk.type("unclaim", ENDPOINT, "--reason", "because")


@prints(f"{CLI}/watching/follow.py", "switchover status {}", shows=FIRST_CONFIG)
def no_outcome_is_recorded(desk: Desk) -> str:
    desk.world.crash("CleanUp", times=10_000)
    desk.world.crash("StartQueued", times=10_000)
    desk.world.offer("v2")
    desk.world.run_to("ValidateModel").abort()
    return desk.type("watch", ENDPOINT)


@prints(f"{CLI}/watching/follow.py", "switchover watch --update {}", shows="Updated")
def watching_is_stopped(desk: Desk) -> str:
    desk.world.offer("v2")
    desk.world.run_to("AwaitOutcome")
    with desk.monkeypatch.context() as patched:
        patched.setattr("switchover_cli.watching.follow.read_scene", _press_ctrl_c)
        return desk.type("watch", ENDPOINT)


def _press_ctrl_c(*_: object) -> None:
    raise KeyboardInterrupt
