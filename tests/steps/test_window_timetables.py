"""Files that policies name are read only if they matter."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.support.quiet_traffic import record_invocations
from tests.support.staging import START, Staging

from switchover.aws.files import Files
from switchover.aws.metrics import Traffic
from switchover.domain.policies.policy import Policy
from switchover.domain.release import Start
from switchover.domain.windows.freezes import Freeze
from switchover.domain.windows.times import Window
from switchover.domain.windows.window import Timetable
from switchover.steps.start_times import StartTimes

if TYPE_CHECKING:
    from datetime import datetime

    from mypy_boto3_s3 import S3Client

    from switchover.domain.reasons import Reason

ICS = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:1\r\n"
    "DTSTAMP:20260101T000000Z\r\nSUMMARY:Inventory\r\nDTSTART;VALUE=DATE:20260110\r\n"
    "END:VEVENT\r\nEND:VCALENDAR\r\n"
)
AUTO = Policy.model_validate({"window": {"auto": True, "hours": 3}})
CALENDAR = Policy.model_validate({"freezes": ["calendars/freezes.ics"]})


@pytest.fixture
def staging() -> Staging:
    return Staging()


@pytest.fixture
def timetables(s3: S3Client, staging: Staging) -> StartTimes:
    return StartTimes(Files(s3), Traffic(staging.cloudwatch))


def read(
    timetables: StartTimes,
    policy: Policy,
    *,
    wish: Start | datetime = Start.NOW,
    is_hotfix: bool = False,
    skips_window: bool = False,
    keeps_time: bool = False,
) -> Timetable | tuple[Reason, ...]:
    return timetables.read(
        policy,
        START,
        bucket="models",
        endpoint="chat",
        variant="main",
        wish=wish,
        is_hotfix=is_hotfix,
        skips_window=skips_window,
        keeps_time=keeps_time,
    )


def test_traffic_is_the_whole_hours_of_fourteen_days(staging: Staging) -> None:
    # The hour from START on has had traffic too, and isn't over yet.
    staging.clock.advance(3600)
    record_invocations(staging, "chat", days=15, rhythm=lambda _: 7)
    later = START + timedelta(minutes=40)

    hourly = Traffic(staging.cloudwatch).hourly_invocations("chat", "main", later)

    assert len(hourly) == 14 * 24
    assert (hourly[0], hourly[-1]) == (
        (START - timedelta(days=14), 7),
        (START - timedelta(hours=1), 7),
    )


def test_auto_measures_the_quietest_hours(staging: Staging, timetables: StartTimes) -> None:
    record_invocations(staging, "chat")

    found = read(timetables, AUTO)

    assert isinstance(found, Timetable)
    assert (len(found.windows), found.windows[0].opens) == (7, "02:00")


def test_auto_without_traffic_is_a_reason(timetables: StartTimes) -> None:
    found = read(timetables, AUTO)

    assert isinstance(found, tuple)
    assert [reason.code for reason in found] == ["window.no-data"]


def test_traffic_does_not_matter_to_who_skips_the_window(timetables: StartTimes) -> None:
    assert read(timetables, AUTO, skips_window=True) == Timetable()
    named = START + timedelta(days=1)
    assert read(timetables, AUTO, wish=named, keeps_time=True) == Timetable()


def test_declared_windows_and_freezes_are_taken_as_they_are(timetables: StartTimes) -> None:
    policy = Policy.model_validate(
        {
            "window": {"from": "01:00", "to": "02:00", "timezone": "UTC"},
            "freezes": [{"from": "2026-01-10", "to": "2026-01-11", "reason": "x"}],
        }
    )

    assert read(timetables, policy) == Timetable(
        (Window(opens="01:00", closes="02:00", timezone="UTC"),),
        (Freeze(begins="2026-01-10", ends="2026-01-11", reason="x"),),
    )


def test_a_calendar_is_read_from_the_model_bucket(s3: S3Client, timetables: StartTimes) -> None:
    s3.put_object(Bucket="models", Key="calendars/freezes.ics", Body=ICS.encode())

    found = read(timetables, CALENDAR)

    assert found == Timetable(
        (), (Freeze(begins="2026-01-10", ends="2026-01-10", reason="Inventory"),)
    )


def test_a_calendar_is_read_from_the_time_on_that_a_release_names(
    s3: S3Client, timetables: StartTimes
) -> None:
    s3.put_object(Bucket="models", Key="calendars/freezes.ics", Body=ICS.encode())

    assert read(timetables, CALENDAR, wish=START + timedelta(days=30)) == Timetable()


def test_a_calendar_that_is_missing_holds_everything_but_a_hotfix(timetables: StartTimes) -> None:
    held = read(timetables, CALENDAR)

    assert isinstance(held, tuple)
    assert [reason.code for reason in held] == ["freeze.calendar-missing"]
    assert "s3://models/calendars/freezes.ics" in held[0].message
    assert read(timetables, CALENDAR, is_hotfix=True) == Timetable()


def test_everything_that_cannot_be_read_is_told_at_once(
    s3: S3Client, timetables: StartTimes
) -> None:
    s3.put_object(Bucket="models", Key="broken.ics", Body=b"?")
    policy = Policy.model_validate({"window": "auto", "freezes": ["broken.ics", "gone.ics"]})

    found = read(timetables, policy)

    assert isinstance(found, tuple)
    assert [reason.code for reason in found] == [
        "window.no-data",
        "freeze.calendar",
        "freeze.calendar-missing",
    ]
