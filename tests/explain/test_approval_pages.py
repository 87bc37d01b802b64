"""The pages of approval links: the facts for an answer, and one button, the only part that acts."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.samples import NOW, amend_plan, later, overridden, plan, reason, release, update

from switchover.domain.approvals.answering import Form
from switchover.domain.approvals.approval import LinkState, make_link
from switchover.domain.approvals.decision import Decision, decide
from switchover.domain.golden.assessing import GoldenVerdict
from switchover.domain.golden.results import GoldenResult
from switchover.domain.outcome import Outcome
from switchover.domain.update.approval import Approval, Channel, Gate, Reply
from switchover.web.page import ask_page, done_page, not_allowed_page, refusal_page

if TYPE_CHECKING:
    from switchover.domain.reasons import Reason
    from switchover.domain.update.update import Update
    from switchover.web.frame import Page

SECRET = "s3cr3t"  # noqa: S105 - opens nothing
_ALONE = frozenset({"meta", "input", "br", "!doctype"})


_INLINE = {"bdi"}


class Reader(HTMLParser):
    """Reads a page as a browser does: its words, what is written in each tag, and what stays open."""

    def __init__(self, body: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(body)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.words.append("" if tag in _INLINE else " ")
        self.tags.append((tag, dict(attrs)))
        if tag not in _ALONE:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        self.words.append("" if tag in _INLINE else " ")

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())

    def find(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def read(page: Page) -> Reader:
    reader = Reader(page.response["body"])
    assert reader.open == []
    return reader


def asked(gate: Gate = Gate.START, reasons: tuple[Reason, ...] = (), **changes: Any) -> Update:
    link = make_link(gate, SECRET, later(7_200), reasons)
    waiting = {"awaited": gate.value, "task_token": "token-1", "plan": plan(), **changes}
    return update(approval_link=link, **waiting)


def ask(waiting: Update, verdict: Reply = Reply.APPROVED) -> Reader:
    return read(ask_page(waiting, verdict, SECRET, NOW))


def answered(waiting: Update, verdict: Reply, by: str = "Kim", reason: str = "go") -> Decision:
    return decide(waiting, verdict, by, reason, Channel.LINK, NOW)


ALL = (
    ask_page(asked(), Reply.APPROVED, SECRET, NOW),
    ask_page(asked(Gate.PROMOTION), Reply.DECLINED, SECRET, NOW),
    ask_page(asked(), Reply.DECLINED, SECRET, NOW, Form("Kim", "", "Say why."), 422),
    done_page(asked(), answered(asked(), Reply.APPROVED)),
    refusal_page(LinkState.WRONG, None),
    refusal_page(LinkState.EXPIRED, asked()),
    refusal_page(LinkState.ANSWERED, asked()),
    not_allowed_page(),
)


def test_whoever_is_asked_reads_what_it_takes_and_until_when() -> None:
    text = ask(asked(release=release(reason="reads receipts"))).text

    assert "May chat move to v2?" in text
    assert (
        "2 hours left, until 2026-01-05 14:00 UTC. Without an answer, the update is rejected."
        in text
    )
    facts = ("v1, 4 instances", "v2 of qwen", "rolling", "about 22 minutes", "at most 6 ")
    assert [fact for fact in facts if fact not in text] == []
    assert "0.7 instance-hours more than usual" in text
    assert "reads receipts" in text


def test_the_last_minutes_are_told_as_minutes() -> None:
    page = ask_page(asked(), Reply.APPROVED, SECRET, later(7_200 - 59))

    assert "0 minutes left" in read(page).text


def test_a_redeploy_says_that_requests_fail_and_that_it_costs_no_more() -> None:
    redeploy = ask(asked(plan=plan(strategy="redeploy", allow_downtime=True))).text

    assert "Downtime requests fail until v2 serves" in redeploy
    assert "Costs no more than usual" in redeploy
    assert "Downtime" not in ask(asked()).text


@pytest.mark.parametrize("gate", Gate)
@pytest.mark.parametrize(
    ("excluded", "told"),
    [
        ((), "Hotfix “v1 fails everybody” No alarm is ignored"),
        (
            ("errors", "p99"),
            "Hotfix “v1 fails everybody” These alarms are already red and are ignored: errors, p99",
        ),
    ],
)
def test_a_hotfix_tells_why_and_which_alarms_it_leaves_out(
    gate: Gate, excluded: tuple[str, ...], told: str
) -> None:
    hotfix = release(hotfix=True, reason="v1 fails everybody")
    planned = amend_plan(plan(), excluded_alarms=excluded)

    assert told in ask(asked(gate, release=hotfix, plan=planned)).text


def test_accepted_overrides_are_told() -> None:
    text = ask(asked(plan=overridden())).text

    assert "Overrides approval.required: false instead of true (input policy)" in text


def test_at_promotion_people_read_what_was_tested_and_what_a_no_means() -> None:
    golden = (
        GoldenResult(name="reads the sign", status=200, verdict=GoldenVerdict.PASSED),
        GoldenResult(name="counts cats", status=200, verdict=GoldenVerdict.FAILED),
    )

    text = ask(asked(Gate.PROMOTION, golden=golden), Reply.DECLINED).text

    assert "May chat stay on v2?" in text
    assert "Without an answer, the update is rolled back." in text
    assert "1 of 2 golden requests passed “counts cats”: failed" in text
    assert "back to v1" in text


def test_at_promotion_people_read_that_nothing_was_tested() -> None:
    assert "the policy names no golden requests" in ask(asked(Gate.PROMOTION)).text


def test_a_long_list_leaves_the_button_on_the_screen() -> None:
    doubts = tuple(reason(subject=f"request {number}") for number in range(5))

    text = ask(asked(reasons=doubts)).text

    assert "request 2: is wrong. and 2 more" in text
    assert "request 3" not in text


def test_why_people_are_asked_at_all_is_told() -> None:
    doubt = reason(subject="config c2", message="its fleet answered 3 requests.")

    assert "config c2: its fleet answered 3 requests." in ask(asked(reasons=(doubt,))).text


@pytest.mark.parametrize(
    ("gate", "verdict", "words"),
    [
        (Gate.START, Reply.APPROVED, "Approve: it may start"),
        (Gate.START, Reply.DECLINED, "Reject: it must not start"),
        (Gate.PROMOTION, Reply.APPROVED, "Approve: it may stay"),
        (Gate.PROMOTION, Reply.DECLINED, "Reject: roll it back"),
    ],
)
def test_a_page_has_one_button_that_posts(gate: Gate, verdict: Reply, words: str) -> None:
    page = ask(asked(gate), verdict)

    assert page.find("button") == [{"class": verdict.value}]
    assert page.find("form") == [{"method": "post"}]
    assert words in page.text


def test_only_a_no_must_say_why_and_everybody_says_who() -> None:
    def must_be_typed(verdict: Reply) -> list[str | None]:
        fields = ask(asked(), verdict).find("input")
        return [field["name"] for field in fields if "required" in field]

    assert must_be_typed(Reply.APPROVED) == ["by"]
    assert must_be_typed(Reply.DECLINED) == ["by", "reason"]


def test_whoever_took_the_wrong_link_finds_the_other_one() -> None:
    (link,) = ask(asked(), Reply.APPROVED).find("a")

    assert link["href"] == f"?update=chat-v2-0a1b2c3d&secret={SECRET}&verdict=declined"


def test_a_page_escapes_what_it_shows() -> None:
    evil = release(reason="<script>alert(1)</script>")

    page = ask_page(asked(release=evil, update_id='"><b>'), Reply.APPROVED, SECRET, NOW)

    assert "<script" not in page.response["body"]
    assert '"><b>' not in page.response["body"]


def test_what_was_typed_is_escaped_too() -> None:
    page = done_page(asked(), answered(asked(), Reply.APPROVED, by="<b>Kim", reason="<i>"))

    assert not re.search("<[bi]>", page.response["body"])


def test_a_quotation_that_was_typed_is_kept_as_text_in_its_field() -> None:
    typed = Form("“Kim”", "", "A rejection needs a reason.")

    page = read(ask_page(asked(), Reply.DECLINED, SECRET, NOW, typed, 422))

    assert [field["value"] for field in page.find("input")] == ["“Kim”", ""]


def test_what_has_to_be_mended_is_said_and_what_was_typed_is_kept() -> None:
    typed = Form('Kim "><b>', "\x1b[2J", "A rejection needs a reason.")

    page = read(ask_page(asked(), Reply.DECLINED, SECRET, NOW, typed, 422))

    assert "A rejection needs a reason." in page.text
    assert [field["value"] for field in page.find("input")] == ['Kim "><b>', r"\x1b[2J"]


@pytest.mark.parametrize("poison", ["\x1b[2J", "\u202eevil", "\u200b", "two\nlines", "\x9b31m"])
def test_no_page_shows_what_would_not_be_seen(poison: str) -> None:
    waiting = asked(
        release=release(reason=poison, hotfix=True), offered_by=(f"arn:aws:iam::1:user/{poison}",)
    )
    said = {"gate": Gate.START, "verdict": "declined", "channel": "link", "at": NOW}
    first = asked(approvals=(Approval(**said, by=poison, reason=poison),), summary=poison)
    pages = (
        ask_page(waiting, Reply.APPROVED, SECRET, NOW, Form(poison, poison, "Mend it.")),
        done_page(waiting, answered(waiting, Reply.APPROVED, by=poison, reason=poison)),
        refusal_page(LinkState.ANSWERED, first),
    )

    assert [page.verdict for page in pages if poison in page.response["body"]] == []


def test_whoever_approved_reads_what_was_recorded_and_how_to_stop_it() -> None:
    text = read(done_page(asked(), answered(asked(), Reply.APPROVED))).text

    assert "Approved. chat moves to v2 now." in text
    assert "switchover abort chat" in text
    assert "“Kim” (as claimed by the holder of the link)" in text


@pytest.mark.parametrize(
    ("gate", "verdict", "title"),
    [
        (Gate.START, Reply.DECLINED, "Rejected. chat stays on v1."),
        (Gate.PROMOTION, Reply.APPROVED, "Approved. chat stays on v2."),
        (Gate.PROMOTION, Reply.DECLINED, "Rejected. chat goes back to v1."),
    ],
)
def test_an_answer_says_what_comes_of_it(gate: Gate, verdict: Reply, title: str) -> None:
    body = done_page(asked(gate), answered(asked(gate), verdict)).response["body"]

    assert f"<h1>{title}</h1>" in body
    assert f"<title>Switchover: {title}</title>" in body


def test_who_comes_second_reads_who_was_first() -> None:
    said = {"gate": Gate.START, "verdict": "approved", "channel": "link", "at": NOW}
    first = asked(approvals=(Approval(**said, by="Kim", reason="go"),))

    text = read(refusal_page(LinkState.ANSWERED, first)).text

    assert "chat v2" in text
    assert (
        "2026-01-05 12:00 UTC: Approved by “Kim” (as claimed by the holder of the link): “go”."
        in text
    )


def test_who_comes_when_all_is_over_reads_how_it_ended() -> None:
    ended = asked(outcome=Outcome.ROLLED_BACK, summary="chat is back on v1.")

    text = read(refusal_page(LinkState.ANSWERED, ended)).text

    assert "The update ended as RolledBack. chat is back on v1." in text


def test_a_wrong_link_is_told_nothing_of_any_update() -> None:
    page = refusal_page(LinkState.WRONG, None)

    assert page.status == 403
    assert "chat" not in page.response["body"]


@pytest.mark.parametrize(("state", "status"), [(LinkState.ANSWERED, 409), (LinkState.EXPIRED, 410)])
def test_a_link_that_does_nothing_says_so(state: LinkState, status: int) -> None:
    page = refusal_page(state, asked())

    assert page.status == status
    assert read(page).find("button") == []


@pytest.mark.parametrize("page", ALL, ids=lambda page: page.verdict)
def test_a_page_is_neither_kept_nor_framed_nor_indexed_nor_told_to_others(page: Page) -> None:
    headers = page.response["headers"]

    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "noindex" in headers["X-Robots-Tag"]
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]


@pytest.mark.parametrize("page", ALL, ids=lambda page: page.verdict)
def test_a_page_loads_nothing_and_needs_no_script(page: Page) -> None:
    tags = {tag for tag, _ in read(page).tags}

    assert not tags & {"script", "img", "link", "iframe", "object", "embed"}
    assert "url(" not in page.response["body"]


@pytest.mark.parametrize("page", ALL, ids=lambda page: page.verdict)
def test_a_page_can_be_read_aloud(page: Page) -> None:
    found = read(page)

    assert found.find("html") == [{"lang": "en"}]
    assert len(found.find("h1")) == len(found.find("main")) == 1
    assert len(found.find("label")) == len(found.find("input"))


def colours(scheme: str) -> dict[str, str]:
    """The colours of a scheme; the dark one redefines what it changes."""
    light, _, dark = ALL[0].response["body"].partition("prefers-color-scheme: dark")
    known = dict(re.findall(r"--(\w+): (#\w+)", light))
    return known if scheme == "light" else known | dict(re.findall(r"--(\w+): (#\w+)", dark))


def test_a_long_word_is_broken_anywhere_on_the_page() -> None:
    style = ALL[0].response["body"]

    assert re.search(r"\nbody \{[^}]*overflow-wrap: anywhere", style)


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2, "relative luminance")."""
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    channels = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("front", "behind", "least"),
    [
        ("text", "page", 4.5),
        ("soft", "page", 4.5),
        ("link", "page", 4.5),
        ("edge", "page", 3),
        ("#fff", "yes", 4.5),
        ("#fff", "no", 4.5),
    ],
)
def test_everything_stands_out_enough(scheme: str, front: str, behind: str, least: float) -> None:
    known = colours(scheme)

    assert contrast(known.get(front, front), known[behind]) >= least
