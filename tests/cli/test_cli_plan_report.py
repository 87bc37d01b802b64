"""The report of a plan: in a terminal of any width, and as Markdown."""

from __future__ import annotations

import re
from dataclasses import replace
from io import StringIO
from typing import Any

import pytest
from rich.console import Console
from tests.support import samples

from switchover.domain.policies.layers import EffectivePolicy, Layer, merge_policy
from switchover.domain.preflight import Check, Preflight
from switchover.domain.reasons import Reason
from switchover_cli.plan.forecast import REFUSED, Answer, Forecast, Running
from switchover_cli.plan.pricing import Price
from switchover_cli.plan.proposal import Proposal, record_proposal
from switchover_cli.screens.plan import draw_proposal
from switchover_cli.screens.plan_markdown import escape, write_markdown

STRATEGIES = ["rolling", "canary", "linear", "all-at-once", "redeploy"]
PREFLIGHT = Preflight(
    checks=(
        Check.judged("endpoint.status", "It is in service", "InService on chat-v1"),
        Check.unknown("quota", "There is room for the peak", "AccessDenied"),
        Check.noted("subscribers", "Somebody hears of it", "no subscription is confirmed"),
    ),
    checklist=(
        Check.judged("checklist.model", "The new model is in S3", "1 file"),
        Check.noted("checklist.dashboard", "A dashboard is ready", "none is known"),
    ),
)


def effective(origin: str, **values: Any) -> EffectivePolicy:
    merged = merge_policy([Layer(origin, values)])
    assert isinstance(merged, EffectivePolicy)
    return merged


def proposal(instances: int = 4, **values: Any) -> Proposal:
    """A clear proposal for the sample release, under a policy file of these values."""
    values = {"allow_downtime": True, **values}
    return Proposal(
        update_id="chat-v2-0a1b2c3d",
        endpoint=samples.ENDPOINT,
        version="v2",
        release=samples.release(),
        plan=samples.plan(instances, **values),
        preflight=PREFLIGHT,
        reasons=(),
        live=samples.live_release(instances),
        effective=effective("policies/chat.yaml", **values),
    )


def refused() -> Proposal:
    """A proposal that two reasons stand against."""
    return Proposal(
        update_id="chat-v2-0a1b2c3d",
        endpoint=samples.ENDPOINT,
        version="v2",
        release=samples.release(),
        plan=None,
        preflight=PREFLIGHT,
        reasons=(samples.reason(message="is red."), samples.reason(message="is | gone.")),
        forecast=REFUSED,
    )


def drawn(shown: Proposal, width: int = 100) -> str:
    """What a terminal of that width shows, without colour."""
    out = StringIO()
    Console(file=out, width=width, highlight=False).print(draw_proposal(shown, width=width))
    return out.getvalue()


def read(shown: Proposal) -> str:
    """The same as one line, however it was wrapped."""
    return " ".join(drawn(shown).split())


def changed(shown: Proposal, **changes: Any) -> Proposal:
    """A proposal whose plan was changed."""
    assert shown.plan is not None
    return replace(shown, plan=samples.amend_plan(shown.plan, **changes))


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("width", [80, 100])
def test_every_strategy_fits_the_terminal(strategy: str, width: int) -> None:
    lines = drawn(proposal(50, strategy=strategy), width).splitlines()

    assert max(map(len, lines)) <= width
    assert "\x1b" not in "".join(lines)


def test_the_headline_says_what_how_long_and_how_many() -> None:
    assert drawn(proposal(strategy="canary")).startswith(
        "chat: v1 → v2 by canary: 1 of 4 first, in about 21 min, with at most 8 instances"
    )


def test_a_strategy_that_the_policy_names_is_traced_to_its_file() -> None:
    assert "canary, set by policies/chat.yaml" in read(proposal(strategy="canary"))


def test_a_strategy_that_the_tier_brings_names_the_tier() -> None:
    shown = proposal(tier="critical", strategy="canary")
    by_tier = effective("policies/chat.yaml", tier="critical")

    told = read(replace(shown, effective=by_tier))

    assert "canary, the strategy of tier critical, set by policies/chat.yaml" in told


def test_a_strategy_that_nobody_chose_is_called_the_default() -> None:
    shown = replace(proposal(), effective=effective("policies/chat.yaml"))

    assert "rolling, the default" in read(shown)


def test_latency_is_told_in_seconds_and_errors_in_percent() -> None:
    told = read(proposal(alarms={"latency": {"limit_seconds": 7.5}, "error_rate": 0.02}))

    assert "ModelLatency Average above 7.5 s" in told
    assert "Invocation5XXErrors rate above 2 %" in told


def test_an_alarm_is_held_against_the_bake_that_it_guards() -> None:
    told = read(proposal(strategy="canary", canary={"bake_seconds": "15m"}))

    assert "4 min (bake 15 min)" in told


def test_of_a_redeploy_no_alarm_is_given_to_sagemaker() -> None:
    told = read(proposal(strategy="redeploy"))

    assert "given to SageMaker" not in told
    assert "SageMaker itself rolls back" not in told


def test_alarms_that_a_hotfix_leaves_out_are_named() -> None:
    red = "switchover/chat/standing/errors"

    told = read(changed(proposal(), excluded_alarms=(red,)))

    assert f"ignored although red: {red}" in told
    assert "both fleets, ignored by this hotfix errors" in told


def test_accepted_overrides_are_named_for_people_pull_requests_and_machines() -> None:
    shown = replace(proposal(), plan=samples.overridden())

    assert "approval.required: false instead of true (input policy)" in read(shown)
    assert "approval.required: false instead of true (input policy)" in write_markdown(shown)
    assert record_proposal(shown).model_dump()["plan"]["overrides"][0]["value"] == "false"


def test_your_own_alarms_are_listed_with_the_rest() -> None:
    assert "my-alarm as you defined it" in read(proposal(alarms={"also": ["my-alarm"]}))


def test_money_is_the_price_times_the_extra_hours() -> None:
    shown = changed(proposal(), extra_instance_seconds=5400)
    priced = replace(shown, price=Price(usd_per_hour=2, source="as given"))

    assert "1.5 instance-hours in addition to the usual 4 instances" in read(priced)
    assert "3.00 USD extra" in read(priced)
    assert record_proposal(priced).extra_usd == 3


def test_without_a_price_the_way_to_give_one_is_named() -> None:
    assert "no price known; give --price USD_PER_HOUR" in read(proposal())


def test_every_phase_says_what_happens_if_it_fails() -> None:
    told = read(proposal(strategy="canary"))

    assert "launching a new instance doesn't come up: SageMaker removes the new fleet" in told
    assert "baking an alarm goes red: all traffic returns to the old fleet" in told


def test_a_rolling_update_launches_old_instances_again_to_go_back() -> None:
    assert "removed old instances are launched again" in read(proposal(strategy="rolling"))


def test_a_redeploy_warns_that_nothing_serves_meanwhile() -> None:
    assert "the endpoint answers no request until the new fleet is up" in read(
        proposal(strategy="redeploy")
    )


def test_checks_are_told_with_mark_and_evidence() -> None:
    told = drawn(proposal())

    assert "✓ It is in service: InService on chat-v1" in told
    assert "? There is room for the peak: AccessDenied" in told
    assert "! Somebody hears of it: no subscription is confirmed" in told


def test_a_refused_release_shows_every_reason_and_no_timeline() -> None:
    told = drawn(refused())

    assert told.startswith("chat → v2 would be Rejected: 2 reasons, and the endpoint stays")
    assert "is red." in told
    assert "is | gone." in told
    assert "Timeline" not in told


LATER = Reason(
    code="start.later",
    subject="endpoint chat",
    message="the update may begin at 22:00",
    remedy="It starts automatically then.",
)
RUNNING = Running(update_id="chat-v9-ffff0000", version="v9", seconds_left=1500)


def forecast(**fields: Any) -> Proposal:
    """A clear proposal with a forecast of these values."""
    return replace(proposal(), forecast=Forecast(**{"answer": Answer.STARTS, **fields}))


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "starts at once"),
        ({"ends_by": samples.NOW}, "starts at once; the update must end by 2026-01-05 12:00 UTC"),
        (
            {"answer": Answer.QUEUED, "reasons": (LATER,)},
            "starts later: the update may begin at 22:00 It starts automatically then.",
        ),
        ({"running": RUNNING}, "chat-v9-ffff0000 holds the endpoint, for about 25 min more"),
        (
            {"running": RUNNING.model_copy(update={"seconds_left": None})},
            "holds the endpoint; its duration isn't known yet",
        ),
        (
            {"running": RUNNING.model_copy(update={"seconds_left": 0})},
            "holds the endpoint, longer than it was expected to take",
        ),
        (
            {"running": RUNNING.model_copy(update={"waits_for_people": True})},
            "holds the endpoint, and waits for a person's answer",
        ),
        ({"notes": ("v2 is marked bad.",)}, "note v2 is marked bad."),
    ],
)
def test_when_it_would_start_is_told(fields: dict[str, Any], said: str) -> None:
    shown = forecast(**fields)

    assert said in read(shown)
    assert said.split()[-1] in write_markdown(shown)


def test_what_is_planned_when_its_turn_comes_says_so() -> None:
    queued = {"answer": Answer.QUEUED, "reasons": (LATER,), "running": RUNNING}
    shown = replace(forecast(**queued), plan=None)

    assert "would be Queued; it is planned when its turn comes" in read(shown)
    assert record_proposal(shown).is_clear


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_markdown_is_plain_text(strategy: str) -> None:
    written = write_markdown(proposal(strategy=strategy))

    assert "\x1b" not in written
    assert "\t" not in written


@pytest.mark.parametrize("shown", [proposal(alarms={"also": ["a|b"]}), refused()])
def test_every_row_of_a_markdown_table_has_as_many_cells_as_its_head(shown: Proposal) -> None:
    tables = re.findall(r"(?m)(?:^\|.*\|\n)+", write_markdown(shown))

    widths = [
        {len(re.findall(r"(?<!\\)\|", row)) for row in table.splitlines()} for table in tables
    ]

    assert widths
    assert all(len(width) == 1 for width in widths)


def test_markdown_names_the_reasons_with_their_codes() -> None:
    assert "is \\| gone. → Mend it. (`test`)" in write_markdown(refused())


def test_markdown_draws_the_timeline_as_it_is() -> None:
    written = write_markdown(proposal(strategy="canary"))

    assert "```text\nminutes " in written
    assert "\nnew traffic " in written


def test_the_checklist_is_ticked_where_it_is_met() -> None:
    written = write_markdown(proposal())

    assert "- [x] The new model is in S3: 1 file" in written
    assert "- [ ] A dashboard is ready: none is known" in written


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("a|b", r"a\|b"),
        ("*bold*", r"\*bold\*"),
        ("<b>", r"\<b>"),
        ("[x](y)", r"\[x](y)"),
        ("a\\b", r"a\\b"),
        ("_it_ is", r"\_it\_ is"),
        ("#12", r"\#12"),
        ("one ` alone", r"one \` alone"),
    ],
)
def test_nothing_in_a_value_is_taken_for_markdown(text: str, written: str) -> None:
    assert escape(text) == written


def test_what_is_marked_as_code_stays_code_even_within_a_table() -> None:
    assert escape("see `a_b|*c`, bake_seconds") == r"see `a_b\|*c`, bake_seconds"


def test_a_value_of_two_lines_stays_in_its_cell() -> None:
    assert escape("one\n\ttwo") == r"one\\n\\ttwo"


def test_the_record_holds_the_very_plan() -> None:
    shown = proposal()

    record = record_proposal(shown)

    assert record.plan == shown.plan
    assert record.is_clear
