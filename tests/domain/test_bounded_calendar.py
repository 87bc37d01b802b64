"""Every calendar is unrolled within bounds, or refused with a reason."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.hostile_calendars import CALENDARS, read

ROOT = Path(__file__).parents[2]
# All of them together; a naive reader takes minutes for any one. Hard stops, and no measure.
_CPU_SECONDS = 120
_MEMORY_BYTES = 1536 * 1024**2


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))


@pytest.fixture(scope="module")
def said() -> dict[str, list[str]]:
    """What is said of each hostile calendar, by a process that must not take much for all of them."""
    ended = subprocess.run(
        [sys.executable, "-m", "tests.support.hostile_calendars"],
        cwd=ROOT,
        preexec_fn=_limit,
        capture_output=True,
        check=True,
    )
    told: dict[str, list[str]] = json.loads(ended.stdout)
    return told


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "expected"), [(name, words) for name, (_, words) in CALENDARS.items() if words]
)
def test_too_much_or_nonsense_is_a_fault(
    said: dict[str, list[str]], name: str, expected: str
) -> None:
    assert expected in said[name][0]
    assert len(said[name]) <= 21


@pytest.mark.long
@pytest.mark.parametrize("name", [name for name, (_, words) in CALENDARS.items() if not words])
def test_what_is_only_much_is_unrolled(said: dict[str, list[str]], name: str) -> None:
    assert said[name] == []


LINES = st.sampled_from(
    [
        "BEGIN:VEVENT", "END:VEVENT", "BEGIN:VTIMEZONE", "END:VTIMEZONE", "BEGIN:STANDARD",
        "END:STANDARD", "TZID:Z", "TZOFFSETFROM:+0100", "TZOFFSETTO:+0200", "UID:1", "UID:2",
        "DTSTART:20261127T100000Z", "DTSTART;VALUE=DATE:20261127", "DTSTART;TZID=Z:20261127T100000",
        "DTEND:20261127T110000Z", "DTEND:20261127", "DURATION:PT1H", "DURATION:-P1W", "RRULE:FREQ=DAILY",
        "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "RRULE:FREQ=WEEKLY;COUNT=3", "RRULE:", "RRULE:FREQ",
        "EXDATE:20261128T100000Z", "EXDATE;VALUE=DATE:20261128",
        "RDATE;VALUE=PERIOD:20261201T100000Z/PT5H",
        "RDATE:20261201", "RECURRENCE-ID:20261128T100000Z", "RECURRENCE-ID;RANGE=THISANDFUTURE:20261128",
        "SEQUENCE:2", "SEQUENCE:x", "STATUS:CANCELLED", "X-WR-TIMEZONE:Europe/Berlin", " folded",
        ";=:,", "",
    ]
)  # fmt: skip


@given(st.lists(LINES, max_size=25) | st.lists(st.text(max_size=30), max_size=10))
def test_any_lines_are_unrolled_or_refused(lines: list[str]) -> None:
    told = read("".join(f"{line}\r\n" for line in lines))

    assert all(each.startswith("f.ics") for each in told)
