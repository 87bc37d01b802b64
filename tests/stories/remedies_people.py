"""Situations in which a message to people names a command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.stories.remedies import DOMAIN, EXPLAIN, WEB, prints
from tests.stories.remedies_helps import (
    ASKS,
    is_rejected,
    last_is_updated,
    message_of,
    remedies_of,
    serves_first,
    serves_v2,
    write_model_folder,
)
from tests.stories.test_stories_approval_links import links, visit, wait_for_approval
from tests.stories.test_stories_four_eyes import offer_as
from tests.support.laptop import ANA
from tests.support.offering import object_created
from tests.support.scene import ENDPOINT

from switchover.domain.approvals.answering import find_objections
from switchover.domain.update.approval import Gate, Reply

if TYPE_CHECKING:
    from tests.stories.remedies import Desk
    from tests.support.world import World


_YES = {"by": "Kim", "reason": "go"}


def _asks_people_on_arrival(world: World) -> bool:
    key = f"releases/{ENDPOINT}/v2/release.json"
    head = world.s3.head_object(Bucket=world.bucket, Key=key)
    world.outlets.emit(object_created(world.bucket, key, head, world.clock.now().isoformat()))
    return world.run_to("RequestApproval", 1) is not None


def _wait_for_people(desk: Desk) -> None:
    desk.world.put_policy(ASKS)
    desk.world.offer("v2")
    desk.world.run_to("RequestApproval")
    desk.world.clock.advance(60)


@prints(f"{DOMAIN}/approvals/answering.py", "switchover history {}", shows="v2")
def an_answer_to_what_nobody_asked(desk: Desk) -> str:
    desk.world.offer("v2")
    desk.world.run()
    (fault,) = find_objections(desk.world.update(), Gate.START, Reply.APPROVED, "", "arn")
    return fault.remedy


@prints(f"{DOMAIN}/approvals/answering.py", "switchover reject {} --reason '…'", helps=is_rejected)
def a_rejection_without_a_reason(desk: Desk) -> str:
    _wait_for_people(desk)
    return desk.type("reject", ENDPOINT, "--reason", " ")


@prints(
    f"{DOMAIN}/approvals/decision.py",
    "switchover start --endpoint {} --version {} --now --reason '…'",
    shows="Started",
)
def a_yes_that_comes_when_the_window_is_over(desk: Desk) -> str:
    world = desk.world
    world.put_policy(f"{ASKS}\nwindow: {{from: '09:00', to: '13:00', timezone: UTC}}\n")
    world.offer("v2")
    world.run_to("RequestApproval")
    world.clock.advance(4 * 3600)
    desk.type("approve", ENDPOINT)
    world.run()
    return remedies_of(world.update())


@prints(f"{DOMAIN}/approvals/four_eyes.py", "switchover approve {}", helps=last_is_updated)
def the_same_person_offers_and_approves(desk: Desk) -> str:
    offer_as(desk.world, ANA, "strategy: all-at-once\napproval: {required: true, four_eyes: true}")
    update = desk.world.update()
    (fault,) = find_objections(update, Gate.START, Reply.APPROVED, "", ANA)
    return fault.remedy


@prints(
    f"{DOMAIN}/approvals/four_eyes.py",
    "switchover upload DIR --endpoint {} --version {} --reason '…'",
    helps=_asks_people_on_arrival,
    filled={"DIR": "small"},
)
def nobody_vouched_for_a_release(desk: Desk) -> str:
    desk.world.put_policy("strategy: all-at-once\napproval: {required: true, four_eyes: true}")
    write_model_folder(desk)
    desk.world.offer("v2", reason="nobody knows")
    desk.world.run()
    return remedies_of(desk.world.update())


@prints(
    f"{WEB}/start_approved.html.j2",
    "switchover abort {} --reason '…'",
    shows="RolledBack",
    helps=serves_first,
)
def approved_by_a_link(desk: Desk) -> str:
    wait_for_approval(desk.world, ASKS)
    page = visit(desk.world, links(desk.world)["approved"], "POST", _YES)
    desk.world.run_to("AwaitOutcome")
    return _plain(page["body"])


@prints(f"{WEB}/stay_approved.html.j2", "switchover rollback {}", helps=serves_first)
def a_promotion_is_approved_by_a_link(desk: Desk) -> str:
    world = desk.world
    world.lambdas.overrides["SWITCHOVER_LINKS_URL"] = "https://abc.lambda-url.us-east-1.on.aws/"
    world.put_policy("strategy: all-at-once\napproval: {promotion: true}")
    world.offer("v2")
    world.run_to("RequestPromotion")
    world.clock.advance(60)
    page = visit(world, links(world)["approved"], "POST", _YES)
    world.run()
    return _plain(page["body"])


def _plain(page: str) -> str:
    return page.replace("&#x27;", "'").replace("&#39;", "'")


@prints(f"{EXPLAIN}/account.py", "switchover explain {}", shows="Updated")
def people_are_told_of_an_outcome(desk: Desk) -> str:
    desk.world.offer("v2")
    desk.world.run()
    return message_of(desk.world)


@prints(f"{EXPLAIN}/announcement.py", "switchover approve {}", helps=serves_v2)
@prints(f"{EXPLAIN}/announcement.py", "switchover reject {} --reason '…'", helps=is_rejected)
def people_are_asked_by_mail(desk: Desk) -> str:
    _wait_for_people(desk)
    return message_of(desk.world)


@prints(f"{EXPLAIN}/waits.py", "switchover approve {}", helps=serves_v2)
@prints(f"{EXPLAIN}/waits.py", "switchover reject {} --reason '…'", helps=is_rejected)
def people_are_asked_on_the_screen(desk: Desk) -> str:
    _wait_for_people(desk)
    return desk.type("status", ENDPOINT)
