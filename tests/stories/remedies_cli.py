"""Situations in which the command line prints a command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.stories.remedies import CLI, DOMAIN, prints
from tests.stories.test_stories_unreadable import damage
from tests.support.laptop import deployment_of
from tests.support.offering import checkpoint
from tests.support.scene import ENDPOINT, FIRST_CONFIG

from switchover.domain.aborting import call_off
from switchover.domain.marks import Mark
from switchover.domain.outcome import Outcome
from switchover_cli.errors import Misused
from switchover_cli.exits import ExitCode
from switchover_cli.steering.aborting import ask_to_stop
from switchover_cli.upload.offer import offered_meanwhile

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.stories.remedies import Desk
    from tests.support.world import World

_NIGHT = 'strategy: all-at-once\nwindow: {from: "22:00", to: "02:00", timezone: UTC}\n'


def serves_first(world: World) -> bool:
    return world.serving == FIRST_CONFIG


def last_is_updated(world: World) -> bool:
    world.run()
    return world.update(world.executions[-1]).outcome is Outcome.UPDATED


def nothing_holds(world: World) -> bool:
    world.run()
    world.clock.advance(6 * 3600)
    return world.ledger.claim(ENDPOINT) is None


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


def write_model_folder(desk: Desk) -> str:
    folder = desk.folder / "small"
    folder.mkdir(exist_ok=True)
    for path, content in checkpoint().items():
        (folder / path).write_bytes(content)
    return str(folder)


@prints(
    f"{CLI}/plan/asked.py",
    "switchover start --endpoint ENDPOINT --version VERSION --now --reason '…'",
    helps=last_is_updated,
    filled={"VERSION": "v2"},
)
def a_folder_is_planned_for_now(desk: Desk) -> str:
    desk.world.put_policy(_NIGHT)
    named = ("--endpoint", ENDPOINT, "--version", "v2")
    told = desk.type(
        "plan", "--dir", write_model_folder(desk), *named, "--now", "--reason", "because"
    )
    desk.world.offer("v2", is_told=False)
    return told


def _mark(desk: Desk) -> None:
    at = desk.world.clock.now()
    desk.world.wishes.add_mark(Mark(endpoint=ENDPOINT, version="v2", reason="slow", at=at))


@prints(
    f"{DOMAIN}/queue_reasons.py",
    "switchover start --endpoint {} --version {}",
    helps=last_is_updated,
)
def what_is_marked_bad_is_planned(desk: Desk) -> str:
    desk.world.offer("v2", is_told=False)
    _mark(desk)
    return desk.type("plan", "--endpoint", ENDPOINT, "--version", "v2")


@prints(
    f"{CLI}/commands/policy/init.py",
    "switchover policy pull {} -o FILE",
    filled={"FILE": "pulled.yaml"},
)
def a_policy_is_there_already(desk: Desk) -> str:
    return desk.type("policy", "init", ENDPOINT, "--upload")


@prints(f"{CLI}/commands/policy/pull.py", "switchover policy init {}", shows="strategy")
def no_policy_is_there(desk: Desk) -> str:
    desk.world.s3.delete_object(Bucket=desk.world.bucket, Key=f"policies/{ENDPOINT}.yaml")
    return desk.type("policy", "pull", ENDPOINT)


@prints(
    f"{CLI}/screens/push.py",
    "switchover policy pull {} --object-version {}",
    shows="strategy: all-at-once",
)
def a_policy_is_replaced(desk: Desk) -> str:
    file = desk.folder / "new.yaml"
    file.write_text("strategy: canary\n")
    return desk.type("policy", "push", ENDPOINT, str(file), "--yes")


@prints(f"{CLI}/steering/queueing.py", "switchover queue {}", shows="Nobody waits for vlm")
def cancelled_after_it_ended(desk: Desk) -> str:
    desk.world.offer("v2")
    desk.world.run()
    return desk.type("cancel", ENDPOINT, desk.world.update().update_id)


def _lose_a_running_record(desk: Desk) -> None:
    desk.world.crash("CleanUp", times=10_000)
    desk.world.crash("StartQueued", times=10_000)
    desk.world.offer("v2")
    running = desk.world.run_to("AwaitOutcome")
    damage(desk.world, running.name)


def lose_a_stopped_record(desk: Desk) -> None:
    _lose_a_running_record(desk)
    desk.world.executions[0].abort()
    desk.world.clock.advance(3600)


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


def _upload(desk: Desk, *more: str) -> str:
    named = ("--endpoint", ENDPOINT, "--version", "v2")
    return desk.type("upload", write_model_folder(desk), *named, *more)


@prints(
    f"{CLI}/start/starting.py", "switchover start --endpoint {} --version {}", helps=last_is_updated
)
def the_event_of_an_upload_is_lost(desk: Desk) -> str:
    return _upload(desk, "--watch")


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


@prints(f"{CLI}/steering/unclaiming.py", "switchover queue {}", shows="Nobody waits for vlm")
def unclaim_of_what_is_free(desk: Desk) -> str:
    return desk.type("unclaim", ENDPOINT, "--reason", "because")


@prints(f"{CLI}/steering/unclaiming.py", "switchover status {}", shows="vlm")
def unclaim_of_what_cannot_be_read(desk: Desk) -> str:
    lose_a_stopped_record(desk)
    return desk.type("unclaim", ENDPOINT, "--reason", "because")


def _upload_and_arrive(desk: Desk) -> None:
    _upload(desk)
    key = f"releases/{ENDPOINT}/v2/release.json"
    desk.type("start", f"s3://{desk.world.bucket}/{key}")


@prints(
    f"{CLI}/commands/upload.py",
    "switchover start --endpoint {} --version {}",
    helps=last_is_updated,
)
def the_same_is_uploaded_after_it_was_refused(desk: Desk) -> str:
    desk.world.put_policy("strategy: all-at-once\nalarms: {also: [nobody-made-it]}")
    _upload_and_arrive(desk)
    desk.world.run()
    desk.world.put_policy("strategy: all-at-once")
    return _upload(desk)


@prints(f"{CLI}/commands/upload.py", "switchover watch --update {}", shows="Updated")
def the_same_is_uploaded_while_it_runs(desk: Desk) -> str:
    _upload_and_arrive(desk)
    desk.world.run_to("AwaitOutcome")
    return _upload(desk)


@prints(
    f"{CLI}/upload/first_look.py",
    "switchover release unmark {} {}",
    helps=lambda world: world.wishes.mark(ENDPOINT, "v2") is None,
)
@prints(
    f"{CLI}/upload/first_look.py",
    "switchover start --endpoint {} --version {}",
    helps=last_is_updated,
)
def what_is_marked_bad_is_uploaded(desk: Desk) -> str:
    desk.world.offer("v2", is_told=False)
    _mark(desk)
    return _upload(desk)


@prints(f"{CLI}/upload/offer.py", "switchover history", shows=ENDPOINT)
def somebody_else_offered_meanwhile(desk: Desk) -> str:
    desk.world.offer("v2")
    desk.world.run()
    return offered_meanwhile("s3://bucket/releases/vlm/v2/release.json").remedy


@prints(
    f"{CLI}/commands/watch.py", "switchover start --endpoint {} --version {}", helps=last_is_updated
)
def nobody_picks_an_offer_up(desk: Desk) -> str:
    desk.world.offer("v2", is_told=False)
    return desk.type("watch", ENDPOINT)


@prints(f"{CLI}/watching/follow.py", "switchover history")
@prints(
    f"{CLI}/watching/follow.py",
    "switchover upload DIR --endpoint {} --version VERSION",
    filled={"DIR": "small", "VERSION": "v2"},
    shows="Uploaded",
)
def nothing_was_ever_offered(desk: Desk) -> str:
    write_model_folder(desk)
    return desk.type("watch", ENDPOINT)


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
