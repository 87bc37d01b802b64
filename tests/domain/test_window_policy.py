"""`window` and `freezes` as policies write them, and their faults."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from switchover.domain.policies.layers import EffectivePolicy, merge_policy, parse_policy
from switchover.domain.policies.policy import Policy
from switchover.domain.windows.freezes import Freeze
from switchover.domain.windows.times import WEEK, QuietWindow, Weekday, Window
from switchover.domain.windows.zones import Span

if TYPE_CHECKING:
    from switchover.domain.reasons import Reason

YEAR = Span(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))


def read(text: str) -> Policy:
    merged = merge_policy((parse_policy(text.encode(), "chat.yaml"),))
    assert isinstance(merged, EffectivePolicy), merged
    return merged.policy


def faults(text: str) -> tuple[Reason, ...]:
    merged = merge_policy((parse_policy(text.encode(), "chat.yaml"),))
    assert isinstance(merged, tuple)
    return merged


def test_one_window_may_stand_alone() -> None:
    policy = read("window: {days: [sat, Sunday], from: '22:00', to: '4:30', timezone: Asia/Tokyo}")

    assert policy.window == (
        Window(
            days=(Weekday.SAT, Weekday.SUN), opens="22:00", closes="4:30", timezone="Asia/Tokyo"
        ),
    )


def test_several_windows_are_a_list_and_days_default_to_all() -> None:
    policy = read(
        "window:\n"
        "  - {from: '01:00', to: '02:00', timezone: UTC}\n"
        "  - {days: [sun], from: '00:00', to: '24:00', timezone: UTC}\n"
    )

    assert isinstance(policy.window, tuple)
    assert [window.days for window in policy.window] == [WEEK, (Weekday.SUN,)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("window: auto", QuietWindow()),
        (
            "window: {auto: true, hours: 6, timezone: Europe/Berlin}",
            QuietWindow(hours=6, timezone="Europe/Berlin"),
        ),
        ("window: []", ()),
        ("window:", ()),
        ("tier: critical", ()),
    ],
)
def test_a_window_may_be_measured_or_absent(text: str, expected: object) -> None:
    assert read(text).window == expected


def test_times_without_quotes_mean_what_they_look_like() -> None:
    policy = read("window: {from: 22:00, to: 23:30, timezone: UTC}")

    assert policy.window == (Window(opens="22:00", closes="23:30", timezone="UTC"),)


@pytest.mark.parametrize(
    ("text", "subject", "hint"),
    [
        ("window: {from: '1:00', to: '25:00', timezone: UTC}", "window.to", "'22:00'"),
        ("window: {from: 1000, to: '11:00', timezone: UTC}", "window.from", "'22:00'"),
        ("window: {from: '1:00', to: '01:00', timezone: UTC}", "window", "'00:00' to '24:00'"),
        ("window: {from: '1:00', to: '2:00'}", "window.timezone", "is missing"),
        ("window: {from: '1:00', to: '2:00', timezone: Berlin}", "timezone", "'Europe/Berlin'"),
        ("window: {from: '1:00', to: '2:00', timezone: europe/berln}", "zone", "'Europe/Berlin'"),
        ("window: {from: '1:00', to: '2:00', timezone: ../UTC}", "timezone", "not an IANA"),
        ("window: {from: '1:00', to: '2:00', timezone: Europe}", "timezone", "not an IANA"),
        ("window: {auto: true, hours: 25}", "window.hours", "24"),
        ("window: nights", "window", "'auto'"),
        ("window: 3", "window", "3"),
        ("window: [{from: '1:00', to: '2:00', timezone: UTC, days: []}]", "window[0].days", "1"),
        ("freezes: [{from: 2026-12-24, to: 2026-12-23, reason: x}]", "freezes[0]", "after `from`"),
        ("freezes: [{from: soon, to: 2026-12-23, reason: x}]", "freezes[0].from", "2026-12-24"),
        (
            "freezes: [{from: 2026-12-24, to: 9999-12-31, reason: x}]",
            "freezes[0].to",
            "between 1970 and 2999",
        ),
        ("freezes: [{from: 2026-12-24, to: 2026-12-24}]", "freezes[0].reason", "is missing"),
        ("freezes: [s3://models/freezes.ics]", "freezes[0]", "model bucket"),
        ("freezes: [freezes.txt]", "freezes[0]", "iCal"),
    ],
)
def test_a_fault_names_the_key_and_says_what_is_meant(text: str, subject: str, hint: str) -> None:
    [fault] = faults(text)

    assert subject in fault.subject
    assert hint in str(fault)


def test_all_faults_of_windows_and_freezes_are_told_at_once() -> None:
    found = faults(
        "window:\n"
        "  - {from: '1:00', to: '2:00', timezone: Nowhere}\n"
        "  - {days: [mon, tusday], from: '1:00', to: '2:00', timezone: UTC, hours: 3}\n"
        "freezes: [{from: 2026-12-24, to: tomorrow, reason: x}, freezes]\n"
    )

    places = [fault.subject.rpartition(": ")[2] for fault in found]
    assert places == [
        "window[0].timezone",
        "window[1].days[1]",
        "window[1].hours",
        "freezes[0].to",
        "freezes[1]",
    ]


def test_dates_of_a_freeze_are_whole_days_with_the_last_included() -> None:
    [freeze] = read(
        "freezes: [{from: 2026-12-24, to: 2026-12-26, reason: x, timezone: Europe/Berlin}]"
    ).freezes

    assert isinstance(freeze, Freeze)
    assert (freeze.begins, freeze.ends) == (date(2026, 12, 24), date(2026, 12, 26))
    assert freeze.span(YEAR) == Span(
        datetime(2026, 12, 23, 23, tzinfo=UTC), datetime(2026, 12, 26, 23, tzinfo=UTC)
    )


def test_a_time_without_a_zone_is_one_on_the_freezes_clocks() -> None:
    [freeze] = read(
        "freezes: [{from: 2026-07-01T18:00, to: '2026-07-02T06:00:00Z', reason: x,"
        " timezone: America/New_York}]"
    ).freezes

    assert isinstance(freeze, Freeze)
    assert freeze.span(YEAR) == Span(
        datetime(2026, 7, 1, 22, tzinfo=UTC), datetime(2026, 7, 2, 6, tzinfo=UTC)
    )


def test_a_freeze_over_the_repeated_hour_holds_both_times() -> None:
    freeze = Freeze(
        begins="2026-10-25T02:00",
        ends="2026-10-25T02:30",
        reason="x",
        timezone="Europe/Berlin",
    )

    # 02:00 is shown at 00:00 and 01:00 UTC; 02:30 is over for good at 01:30 UTC.
    assert freeze.span(YEAR) == Span(
        datetime(2026, 10, 25, 0, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    )


def test_a_day_whose_midnight_clocks_skip_is_frozen_from_its_first_instant() -> None:
    freeze = Freeze(begins="2026-04-24", ends="2026-04-24", reason="x", timezone="Africa/Cairo")

    # On 24 April 2026 clocks in Cairo go from 00:00 to 01:00, which is 22:00 UTC; the day has 23 h.
    span = freeze.span(YEAR)
    assert span == Span(
        datetime(2026, 4, 23, 22, tzinfo=UTC), datetime(2026, 4, 24, 21, tzinfo=UTC)
    )
    assert span.length == timedelta(hours=23)


def test_a_freeze_that_lies_elsewhere_has_no_span() -> None:
    freeze = Freeze(begins="2025-12-24", ends="2025-12-26", reason="x")

    assert freeze.span(YEAR) is None


def test_windows_and_freezes_survive_json() -> None:
    policy = read(
        "window: {days: [mon], from: '22:00', to: '02:00', timezone: UTC}\n"
        "freezes: [{from: 2026-12-24, to: '2026-12-26T12:00Z', reason: x}, freezes.ics]\n"
    )

    again = Policy.model_validate_json(policy.model_dump_json())

    assert again == policy
    assert again.model_dump(mode="json")["window"][0]["from"] == "22:00"
