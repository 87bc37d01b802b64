"""Situations in which the board, a report, an announcement or the chat prints a command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.stories.remedies import CLI, DOMAIN, EXPLAIN, prints
from tests.support.chat import press, turn_on
from tests.support.scene import ENDPOINT

from switchover.domain.outcome import Outcome
from switchover_cli.exits import ExitCode

if TYPE_CHECKING:
    from tests.stories.remedies import Desk
    from tests.support.world import World

STEPS = "layers/core/switchover/steps"
_ASKS = "strategy: all-at-once\napproval: {required: true}\n"


def update(desk: Desk) -> None:
    """Play an update to v2."""
    desk.world.offer("v2")
    desk.world.run()


def ask(desk: Desk) -> str:
    """Have an update wait for approval; returns its id."""
    desk.world.put_policy(_ASKS)
    desk.world.offer("v2")
    name = desk.world.run_to("RequestApproval").name
    desk.world.clock.advance(30)
    return name


def is_approved(world: World) -> bool:
    """Whether the update goes on to its end."""
    world.run()
    return world.update().outcome is Outcome.UPDATED


def page(desk: Desk) -> str:
    """The report of the last update as the command writes it."""
    desk.type("report", ENDPOINT, "-o", "report.html")
    return (desk.folder / "report.html").read_text(encoding="utf-8")


@prints(
    f"{CLI}/board/reading.py",
    "switchover policy show {}",
    ends=ExitCode.REJECTED,
    shows="policies/vlm.yaml",
)
def the_board_meets_a_faulty_policy(desk: Desk) -> str:
    desk.world.put_policy("tier: [\n")
    return desk.type("status")


@prints(f"{CLI}/screens/board.py", "switchover policy init ENDPOINT", shows="tier: production")
def the_board_is_empty(desk: Desk) -> str:
    desk.world.s3.delete_object(Bucket=desk.world.bucket, Key=f"policies/{ENDPOINT}.yaml")
    return desk.type("status")


@prints(f"{CLI}/screens/board.py", "switchover window {}", ends=ExitCode.REJECTED, shows="window")
def the_board_does_not_compute_quiet_hours(desk: Desk) -> str:
    desk.world.put_policy("window: auto\n")
    return desk.type("status")


@prints(f"{CLI}/commands/status.py", "switchover report {}", shows="Wrote")
def a_page_of_one_endpoint_is_asked_of_the_board(desk: Desk) -> str:
    update(desk)
    return desk.type("status", ENDPOINT, "--html", "board.html")


@prints(
    f"{DOMAIN}/report/facts.py", "switchover report {}", shows="Wrote", filled={"USD_PER_HOUR": "2"}
)
def a_report_knows_no_price(desk: Desk) -> str:
    update(desk)
    return page(desk)


@prints(f"{EXPLAIN}/reports.py", "switchover report {}", shows="Wrote")
def an_announcement_names_the_report(desk: Desk) -> str:
    update(desk)
    return str(desk.world.outlets.messages[-1]["Message"])


@prints(f"{EXPLAIN}/text_message.py", "switchover explain {}", shows="missing")
def an_sms_tells_of_a_refusal(desk: Desk) -> str:
    desk.world.offer("v2", files={})
    desk.world.run()
    return str(desk.world.outlets.messages[-1]["Sms"])


@prints(
    f"{EXPLAIN}/text_message.py",
    "switchover approve {}",
    helps=is_approved,
)
def an_sms_asks(desk: Desk) -> str:
    ask(desk)
    return str(desk.world.outlets.messages[-1]["Sms"])


@prints(f"{EXPLAIN}/chat.py", "switchover watch {}", shows="v2")
def a_chat_channel_is_told_that_an_update_began(desk: Desk) -> str:
    channel = turn_on(desk.world)
    update(desk)
    return channel.bodies[0]


@prints(f"{EXPLAIN}/chat.py", "switchover explain {}", shows="v2")
def a_chat_channel_is_told_an_outcome(desk: Desk) -> str:
    channel = turn_on(desk.world)
    update(desk)
    return channel.bodies[-1]


@prints(
    f"{STEPS}/act_from_chat.py",
    "switchover approve {}",
    helps=is_approved,
)
def a_button_may_not_approve(desk: Desk) -> str:
    turn_on(desk.world, buttons=True)
    return str(press(desk.world, "approve", ask(desk))["answer"])
