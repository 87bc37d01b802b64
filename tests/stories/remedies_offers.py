"""Situations in which the command line prints a command about an offer: plan, policy, upload."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.stories.remedies import CLI, DOMAIN, prints
from tests.stories.remedies_helps import (
    last_is_updated,
    write_model_folder,
)
from tests.support.scene import ENDPOINT

from switchover.domain.marks import Mark
from switchover_cli.upload.offer import offered_meanwhile

if TYPE_CHECKING:
    from tests.stories.remedies import Desk


_NIGHT = 'strategy: all-at-once\nwindow: {from: "22:00", to: "02:00", timezone: UTC}\n'


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


def _upload(desk: Desk, *more: str) -> str:
    named = ("--endpoint", ENDPOINT, "--version", "v2")
    return desk.type("upload", write_model_folder(desk), *named, *more)


@prints(
    f"{CLI}/start/starting.py", "switchover start --endpoint {} --version {}", helps=last_is_updated
)
def the_event_of_an_upload_is_lost(desk: Desk) -> str:
    return _upload(desk, "--watch")


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
