"""Text of others anywhere in an update can neither act on people's screens nor look like our own text."""

from __future__ import annotations

import ast
import json
import re
import unicodedata
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.poison import POISON, poison
from tests.support.samples import (
    NOW,
    amend,
    amend_plan,
    course,
    endpoint,
    later,
    live_release,
    plan,
    reason,
    release,
    update,
)

from switchover.domain.aborting import call_off
from switchover.domain.approvals.answering import Form
from switchover.domain.approvals.approval import LinkState, make_link
from switchover.domain.approvals.decision import decide
from switchover.domain.evidence import ContainerLog, Datapoint, LogLine, Trip
from switchover.domain.fleet import AlarmReading, AlarmState
from switchover.domain.golden.assessing import GoldenVerdict
from switchover.domain.golden.results import GoldenResult
from switchover.domain.marks import Mark, Pin
from switchover.domain.outcome import Outcome
from switchover.domain.policies.layers import EffectivePolicy, Layer, merge_policy
from switchover.domain.policies.overrides import Override
from switchover.domain.preflight import Check, Preflight
from switchover.domain.queueing import Waiting
from switchover.domain.serving import Serving, serving_of
from switchover.domain.update.approval import Approval, Channel, Gate, Reply
from switchover.domain.update.records import Evidence, Moment
from switchover.explain.announcement import announce_outcome, ask_people
from switchover.web.page import ask_page, done_page, refusal_page
from switchover_cli.output import open_console, print_document
from switchover_cli.plan.forecast import Answer, Forecast, Running
from switchover_cli.plan.proposal import Proposal
from switchover_cli.records import record_update
from switchover_cli.scene import Scene
from switchover_cli.screens.explanation import draw_explanation
from switchover_cli.screens.history import draw_history
from switchover_cli.screens.plan import draw_proposal
from switchover_cli.screens.plan_markdown import write_markdown
from switchover_cli.screens.reasons import draw_reasons
from switchover_cli.screens.status import draw_status
from switchover_cli.screens.update import draw_outcome, draw_scene
from switchover_cli.standing import Status

if TYPE_CHECKING:
    from rich.console import RenderableType

ROOT = Path(__file__).parents[2]
_SECRET = "s3cr3t"  # noqa: S105 - opens nothing
_LINKS = "https://links.example/"
_ACTIVE = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}

OVERRIDE = Override(key="alarms.also", was="a", value="b", source="release.json")
TIMELINE = (Moment(at=later(60), state="AwaitOutcome", text="Launching."),)
TRIP = Trip(
    name="mine",
    state=AlarmState.ALARM,
    reason="red",
    at=NOW,
    metric="Refunds",
    statistic="Sum",
    comparison="GreaterThanThreshold",
    threshold=1,
    datapoints=(Datapoint(at=NOW, value=2),),
)


def everything(**changes: Any) -> Any:
    """An update in which every part is there, all of it poisoned."""
    said = {"gate": Gate.START, "at": NOW, "by": "Kim", "reason": "go"}
    full = update(
        **{
            "outcome": Outcome.ROLLED_BACK,
            "summary": "chat is back on v1.",
            "reasons": (reason("alarm.went-red", subject="alarm mine"), reason()),
            "plan": amend_plan(plan(strategy="canary"), overrides=(OVERRIDE,)),
            "course": course(),
            "release": release(hotfix=True, reason="v1 fails"),
            "ended_at": later(600),
            "evidence": Evidence(
                failure_reason="Alarms are firing.",
                alarms=(TRIP, TRIP.model_copy(update={"datapoints": ()})),
                log=ContainerLog(
                    group="g", lines=(LogLine(at=NOW, stream="s", text="OOM"),), note="n"
                ),
            ),
            "golden": (
                GoldenResult(
                    name="g", status=200, verdict=GoldenVerdict.FAILED, faults=("says no",)
                ),
            ),
            "approvals": tuple(
                Approval(**said, verdict=verdict, channel=channel, reasons=(reason(),))
                for verdict in Reply
                for channel in Channel
            ),
            "abort": call_off("chat-v2", NOW, "arn", "why"),
            "serving": serving_of(endpoint(), plan()),
            "way_back_faults": (reason(),),
            "offered_by": ("arn:aws:iam::1:user/kim",),
            **changes,
        }
    )
    return poison(full)


def asked(gate: Gate) -> Any:
    """An update that waits for people, all of it poisoned but what opens the link."""
    link = make_link(gate, _SECRET, later(60), (poison(reason()),))
    changes = {"awaited": gate.value, "task_token": "token-1", "approvals": (), "outcome": None}
    return amend(everything(), **{**changes, "approval_link": link})


def proposal() -> Proposal:
    merged = merge_policy([Layer("policies/chat.yaml", {"alarms": {"also": ["mine"]}})])
    assert isinstance(merged, EffectivePolicy)
    made = plan(alarms={"also": ["mine"]})
    preflight = Preflight(
        checks=(Check.judged("a", "b", "c", (reason(),)), Check.unknown("a", "b", "c")),
        checklist=(Check.noted("a", "b", "c"),),
    )
    return Proposal(
        update_id="chat-v2",
        endpoint="chat",
        version="v2",
        release=poison(release()),
        # Phases and codes are words of ours alone.
        plan=amend_plan(poison(made), phases=made.times.phases),
        preflight=poison(preflight),
        reasons=(poison(reason()).model_copy(update={"code": "a.b"}),),
        live=live_release(),
        effective=merged,
        unchecked=(POISON,),
        forecast=Forecast(
            answer=Answer.QUEUED,
            reasons=(poison(reason()),),
            running=Running(update_id=POISON, version=POISON, seconds_left=1),
            notes=(POISON,),
        ),
    )


SCENE = Scene(
    update=everything(outcome=None),
    timeline=poison(TIMELINE),
    endpoint=endpoint(),
    alarms=(poison(AlarmReading(name="mine", state=AlarmState.ALARM)),),
    now=later(600),
)
WAITING = Waiting(
    endpoint=POISON,
    update_id=POISON,
    version=POISON,
    offered_at=NOW,
    not_before=later(60),
    why=POISON,
    queued_by=POISON,
)
NOW_SERVES = poison(serving_of(endpoint(), plan()))
SCREENS: dict[str, RenderableType] = {
    "explain": draw_explanation(everything(), poison(TIMELINE), NOW_SERVES, ()),
    "outcome": draw_outcome(everything()),
    "reasons": draw_reasons((poison(reason()),))[0],
    "history": draw_history([everything()]),
    "watch": draw_scene(SCENE),
    "watch asked": draw_scene(replace(SCENE, update=asked(Gate.START))),
    "status": draw_status(
        Status(
            endpoint=endpoint(),
            serving=Serving(version=POISON, config_name=POISON, instances=1),
            running=SCENE,
            waiting=(WAITING,),
            last=everything(),
            last_change=everything(),
            pin=Pin(endpoint=POISON, version=POISON, reason=POISON, at=later(0)),
            marks=(Mark(endpoint=POISON, version=POISON, reason=POISON, at=later(0)),),
            alarms=SCENE.alarms,
        )
    ),
    "plan": draw_proposal(proposal(), width=100),
    "a string": f"said: {POISON}",
}
MESSAGES = {
    **{
        f"outcome {outcome}": announce_outcome(everything(outcome=outcome)).text
        for outcome in Outcome
    },
    **{
        f"question {gate}": ask_people(
            asked(gate), gate, (poison(reason()),), later(60), _LINKS, _SECRET
        ).text
        for gate in Gate
    },
}
PAGES = {
    **{
        f"question {gate} {verdict}": ask_page(
            asked(gate), verdict, _SECRET, NOW, Form(POISON, POISON, POISON)
        )
        for gate in Gate
        for verdict in (Reply.APPROVED, Reply.DECLINED)
    },
    "done": done_page(
        asked(Gate.START),
        decide(asked(Gate.START), Reply.APPROVED, POISON, POISON, Channel.LINK, NOW),
    ),
    **{
        f"refused {state}": refusal_page(state, everything())
        for state in (LinkState.ANSWERED, LinkState.EXPIRED)
    },
}


def active(text: str) -> set[str]:
    """The characters of a text that act or hide, except line breaks."""
    return {char for char in text if char != "\n" and unicodedata.category(char) in _ACTIVE}


def printed(drawn: RenderableType, **options: Any) -> str:
    out = StringIO()
    open_console(file=out, width=140, **options).print(drawn)
    return out.getvalue()


@pytest.mark.parametrize("name", SCREENS)
def test_nothing_acts_on_a_terminal(name: str) -> None:
    shown = printed(SCREENS[name])

    assert active(shown) == set()
    assert "evil.example" in shown or "…" in shown


@pytest.mark.parametrize("name", SCREENS)
def test_on_a_terminal_with_colours_only_our_own_styles_act(name: str) -> None:
    shown = printed(SCREENS[name], force_terminal=True, color_system="standard")

    assert active(re.sub(r"\x1b\[[\d;]*m", "", shown)) == set()


def test_the_console_itself_may_steer_the_terminal() -> None:
    out = StringIO()

    open_console(file=out, force_terminal=True).clear()

    assert out.getvalue() == "\x1b[2J\x1b[H"


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_has_no_line_and_no_link_but_our_own(name: str) -> None:
    told = MESSAGES[name]

    assert active(told) == set()
    assert [line for line in told.split("\n") if line.startswith("Yes: https")] == []
    assert set(re.findall(r"(?i)https?://[^/\s]*", told)) <= {_LINKS.rstrip("/")}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_shows_nothing_that_acts(name: str) -> None:
    body = PAGES[name].response["body"]

    assert active(body) == set()
    assert "<b>" not in body
    assert re.findall(r"^Yes: https", body, re.MULTILINE) == []


def test_markdown_holds_no_link_no_tag_no_image_and_mentions_nobody() -> None:
    written = write_markdown(proposal())
    bare = re.sub(r"`[^`]*`|\\.", "", written)

    assert active(written) == set()
    assert "https://" not in written
    assert re.findall(r"<(?!/?(?:details|summary)>)", bare) == []
    assert re.findall(r"!?\[[^\]]*\]\(|@\w", bare) == []
    assert [line for line in written.split("\n") if line.startswith("Yes:")] == []


def test_json_says_the_same_and_acts_on_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    record = record_update(everything(), poison(TIMELINE))

    print_document(record.model_dump_json(indent=2))

    shown = capsys.readouterr().out
    assert active(shown) == set()
    assert json.loads(shown) == json.loads(record.model_dump_json())


def test_every_way_to_the_terminal_is_the_one_that_cleans() -> None:
    """A new command that prints by itself would be found here."""
    own = re.compile(r"(Console|typer\.echo|from_markup|print_exc|print|std(out|err)\.write)")
    found = {
        (path.name, ast.unparse(node.func))
        for path in (ROOT / "cli/switchover_cli").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and own.fullmatch(ast.unparse(node.func))
    }

    assert found == {
        ("output.py", "typer.echo"),
        # Words of our own, and values that the shell is given quoted.
        ("connect.py", "typer.echo"),
        ("local.py", "typer.echo"),
    }


def test_only_the_one_console_is_made() -> None:
    makers = [
        path.name
        for path in (ROOT / "cli/switchover_cli").rglob("*.py")
        if re.search(r"^from rich\.console import .*\bConsole\b", path.read_text(), re.MULTILINE)
    ]

    assert makers == ["output.py"]
