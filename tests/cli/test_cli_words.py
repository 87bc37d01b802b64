"""Statuses, times and messages in words for people."""

from __future__ import annotations

import pytest
from tests.support import samples

from switchover.domain.units import say_bytes
from switchover.domain.update.records import Moment
from switchover_cli.words import (
    say_duration,
    say_moment,
    say_offset,
    say_plainly,
    say_roughly,
    say_strategy,
    shorten_alarm,
    squeeze,
)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (59.4, "59 s"),
        (60, "1 min"),
        (750, "12 min 30 s"),
        (3599.6, "1 h"),
        (3900, "1 h 05 min"),
        (-5, "0 s"),
    ],
)
def test_a_duration_has_two_units_at_most(seconds: float, words: str) -> None:
    assert say_duration(seconds) == words


def test_an_estimate_does_not_pretend_to_know_seconds() -> None:
    assert say_roughly(781) == "13 min"


def test_a_moment_is_told_by_its_distance_from_the_start() -> None:
    assert say_offset(samples.later(3725), samples.NOW) == "+1:02:05"


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("Launching 4 instance(s).", "Launching 4 instances"),
        ("Terminating 1 instance(s).", "Terminating 1 instance"),
        (
            (
                "Baking for 600 seconds (TerminationWaitInSeconds) with traffic enabled on full"
                " capacity of 2 instance(s)."
            ),
            "Baking for 10 min with traffic enabled on full capacity of 2 instances",
        ),
        ("Rejected (and 2 more).", "Rejected (and 2 more)"),
        ("Red: switchover/chat/chat-v2-0a1b/5xx, own.", "Red: 5xx, own"),
    ],
)
def test_sagemakers_words_are_told_plainly(message: str, words: str) -> None:
    assert say_plainly(message) == words


def test_a_strategy_is_told_in_whole_instances() -> None:
    plan = samples.plan(strategy="canary", canary={"percent": 25})

    assert say_strategy(plan) == "canary: 1 of 4 first"


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("switchover/chat/standing/latency", ("both fleets", "latency")),
        ("switchover/chat/chat-v2-0a1b2c3d/5xx", ("new fleet", "5xx")),
        ("team-alarm", ("others", "team-alarm")),
    ],
)
def test_an_alarm_is_named_by_the_fleet_that_it_sees(name: str, short: tuple[str, str]) -> None:
    assert shorten_alarm(name) == short


def test_sizes_count_in_powers_of_a_thousand() -> None:
    assert [say_bytes(812), say_bytes(4_200_000), say_bytes(16.6e9)] == [
        "812 B",
        "4.2 MB",
        "16.6 GB",
    ]


def test_what_is_told_twice_in_a_row_stands_once_and_is_counted() -> None:
    told = ("Launching 1 instance(s)", "Launching 1 instance.", "Baking.", "Launching 1 instance.")
    timeline = tuple(
        Moment(at=samples.later(n), state="AwaitOutcome", text=text) for n, text in enumerate(told)
    )

    twice = timeline[0].model_copy(update={"times": 2, "until": timeline[1].at})
    assert squeeze(timeline) == (twice, timeline[2], timeline[3])
    assert say_moment(twice) == f"Launching 1 instance (2 times until {timeline[1].at:%H:%M:%S})"


def test_what_the_ledger_counted_already_is_counted_on() -> None:
    counted = Moment(
        at=samples.later(0), state="RollBack", text="Back", times=12, until=samples.later(90)
    )
    again = Moment(at=samples.later(120), state="RollBack", text="Back")

    (squeezed,) = squeeze((counted, again))

    assert (squeezed.at, squeezed.times, squeezed.until) == (counted.at, 13, again.at)
