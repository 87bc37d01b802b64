"""When an update may begin, by requested start, window, freeze and duration."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from switchover.domain.reasons import Reason
from switchover.domain.release import Start
from switchover.domain.windows.freezes import Freeze
from switchover.domain.windows.times import Window
from switchover.domain.windows.window import StartTime, find_start

# A Sunday.
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR = 3600
NIGHT = Window(opens="22:00", closes="04:00", timezone="UTC")
CHRISTMAS = Freeze(begins="2026-12-24", ends="2026-12-26", reason="Christmas trade")


def test_without_window_and_freeze_an_update_begins_at_once() -> None:
    found = find_start(NOON, wish=Start.NOW, windows=(), freezes=())

    assert found == StartTime(at=NOON, why="No window or freeze delays it.", closes_at=None)


def test_now_waits_for_the_policys_window() -> None:
    found = find_start(NOON, wish=Start.NOW, windows=(NIGHT,), freezes=())

    assert found == StartTime(
        at=NOON.replace(hour=22),
        why="Its window is open from Sun 2026-11-22 22:00 UTC.",
        closes_at=datetime(2026, 11, 23, 4, tzinfo=UTC),
        passed_by=("--now",),
    )


def test_in_an_open_window_an_update_begins_at_once_and_knows_when_it_closes() -> None:
    now = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)

    found = find_start(
        now, wish=Start.LOW_PEAK, windows=(NIGHT,), freezes=(), lasts_seconds=2 * HOUR
    )

    assert found == StartTime(
        at=now,
        why="Its window is open until Mon 2026-11-23 04:00 UTC.",
        closes_at=datetime(2026, 11, 23, 4, tzinfo=UTC),
    )


def test_low_peak_without_a_window_is_refused() -> None:
    found = find_start(NOON, wish=Start.LOW_PEAK, windows=(), freezes=())

    assert isinstance(found, Reason)
    assert found.code == "start.no-window"


@pytest.mark.parametrize("wish", [NOON + timedelta(hours=3), NOON - timedelta(days=9000)])
def test_a_named_time_means_not_before_and_the_window_still_holds(wish: datetime) -> None:
    found = find_start(NOON, wish=wish, windows=(NIGHT,), freezes=())

    assert isinstance(found, StartTime)
    assert found.at == datetime(2026, 11, 22, 22, tzinfo=UTC)


def test_a_named_time_that_may_be_kept_passes_over_the_window() -> None:
    at = NOON + timedelta(hours=3)

    found = find_start(NOON, wish=at, windows=(NIGHT,), freezes=(), keeps_time=True)

    assert found == StartTime(
        at=at,
        why="The release asks for Sun 2026-11-22 15:00 UTC.",
        closes_at=None,
        passed_by=("--now",),
    )


def test_a_named_time_that_is_past_holds_nothing() -> None:
    found = find_start(NOON, wish=NOON - timedelta(days=1), windows=(), freezes=())

    assert found == StartTime(at=NOON, why="No window or freeze delays it.", closes_at=None)


def test_a_named_time_in_any_zone_means_that_instant() -> None:
    found = find_start(
        NOON,
        wish=datetime.fromisoformat("2026-11-22T20:00:00+05:30"),
        windows=(),
        freezes=(),
    )

    assert isinstance(found, StartTime)
    assert found.at == datetime(2026, 11, 22, 14, 30, tzinfo=UTC)


def test_an_update_that_would_outlast_the_opening_waits_for_the_next_and_says_so() -> None:
    now = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)

    found = find_start(
        now, wish=Start.NOW, windows=(NIGHT,), freezes=(), lasts_seconds=2 * HOUR + 1800 + 1
    )

    assert found == StartTime(
        at=datetime(2026, 11, 23, 22, tzinfo=UTC),
        why=(
            "The opening until Mon 2026-11-23 04:00 UTC is too short for the longest duration of"
            " 2 h 31 min. Its window is open from Mon 2026-11-23 22:00 UTC."
        ),
        closes_at=datetime(2026, 11, 24, 4, tzinfo=UTC),
        passed_by=("--now",),
    )


def test_an_update_that_ends_as_the_window_closes_fits() -> None:
    now = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)

    found = find_start(
        now, wish=Start.NOW, windows=(NIGHT,), freezes=(), lasts_seconds=2 * HOUR + 1800
    )

    assert isinstance(found, StartTime)
    assert found.at == now


def test_an_update_that_no_window_is_long_enough_for_is_refused_with_both_lengths() -> None:
    found = find_start(
        NOON, wish=Start.NOW, windows=(NIGHT,), freezes=(), lasts_seconds=6 * HOUR + 1
    )

    assert isinstance(found, Reason)
    assert found.code == "window.too-short"
    assert "the longest opening is 6 h" in found.message
    assert "may take 6 h 01 min" in found.message


def test_windows_that_touch_or_overlap_are_one() -> None:
    windows = (
        Window(opens="22:00", closes="24:00", timezone="UTC"),
        Window(opens="00:00", closes="05:00", timezone="UTC"),
        # 03:00 to 04:30 UTC
        Window(opens="04:00", closes="05:30", timezone="Africa/Lagos"),
    )

    found = find_start(NOON, wish=Start.NOW, windows=windows, freezes=(), lasts_seconds=7 * HOUR)

    assert isinstance(found, StartTime)
    assert (found.at, found.closes_at) == (
        NOON.replace(hour=22),
        datetime(2026, 11, 23, 5, tzinfo=UTC),
    )


def test_a_window_that_is_always_open_never_closes() -> None:
    always = Window(opens="00:00", closes="24:00", timezone="Europe/Berlin")

    found = find_start(NOON, wish=Start.NOW, windows=(always,), freezes=(), lasts_seconds=90 * HOUR)

    assert found == StartTime(at=NOON, why="Its window is always open.", closes_at=None)


def test_a_freeze_holds_what_would_begin_at_once_and_says_why() -> None:
    now = datetime(2026, 12, 25, 9, tzinfo=UTC)

    found = find_start(now, wish=Start.NOW, windows=(), freezes=(CHRISTMAS,))

    assert found == StartTime(
        at=datetime(2026, 12, 27, tzinfo=UTC),
        why="Frozen until Sun 2026-12-27 00:00 UTC: “Christmas trade”.",
        closes_at=None,
        passed_by=("--hotfix",),
    )


def test_a_freeze_holds_a_named_time() -> None:
    found = find_start(
        NOON, wish=datetime(2026, 12, 24, 6, tzinfo=UTC), windows=(), freezes=(CHRISTMAS,)
    )

    assert isinstance(found, StartTime)
    assert found.at == datetime(2026, 12, 27, tzinfo=UTC)
    assert found.why == (
        "The release asks for Thu 2026-12-24 06:00 UTC."
        " Frozen until Sun 2026-12-27 00:00 UTC: “Christmas trade”."
    )


def test_a_freeze_that_is_over_before_the_named_time_is_not_mentioned() -> None:
    at = datetime(2026, 12, 30, tzinfo=UTC)

    found = find_start(NOON, wish=at, windows=(), freezes=(CHRISTMAS,))

    assert found == StartTime(
        at=at,
        why="The release asks for Wed 2026-12-30 00:00 UTC.",
        closes_at=None,
        passed_by=("--now",),
    )


def test_an_update_must_end_before_a_freeze_begins() -> None:
    now = datetime(2026, 12, 23, 23, tzinfo=UTC)

    held = find_start(now, wish=Start.NOW, windows=(), freezes=(CHRISTMAS,), lasts_seconds=HOUR + 1)

    assert isinstance(held, StartTime)
    assert held.at == datetime(2026, 12, 27, tzinfo=UTC)
    assert "Christmas trade" in held.why


def test_an_update_that_ends_before_a_freeze_is_told_when_that_begins() -> None:
    now = datetime(2026, 12, 23, 23, tzinfo=UTC)

    found = find_start(now, wish=Start.NOW, windows=(), freezes=(CHRISTMAS,), lasts_seconds=HOUR)

    assert isinstance(found, StartTime)
    assert (found.at, found.closes_at) == (now, datetime(2026, 12, 24, tzinfo=UTC))


def test_a_freeze_shortens_an_opening() -> None:
    now = datetime(2026, 12, 23, 12, tzinfo=UTC)

    found = find_start(
        now, wish=Start.NOW, windows=(NIGHT,), freezes=(CHRISTMAS,), lasts_seconds=3 * HOUR
    )

    # 22:00 to midnight is left of the 23rd, midnight to 04:00 of the 27th.
    assert isinstance(found, StartTime)
    assert (found.at, found.closes_at) == (
        datetime(2026, 12, 27, 0, tzinfo=UTC),
        datetime(2026, 12, 27, 4, tzinfo=UTC),
    )
    assert "Christmas trade" in found.why
    assert "too short" not in found.why


def test_a_freeze_outside_the_window_is_not_what_is_waited_for() -> None:
    afternoon = Freeze(begins="2026-11-22T14:00", ends="2026-11-22T16:00", reason="a demo")

    found = find_start(NOON, wish=Start.NOW, windows=(NIGHT,), freezes=(afternoon,))

    assert isinstance(found, StartTime)
    assert found.why == "Its window is open from Sun 2026-11-22 22:00 UTC."


def test_a_hotfix_passes_a_freeze_but_not_the_window() -> None:
    now = datetime(2026, 12, 25, 9, tzinfo=UTC)

    found = find_start(now, wish=Start.NOW, windows=(NIGHT,), freezes=(CHRISTMAS,), is_hotfix=True)

    assert isinstance(found, StartTime)
    assert found.at == now.replace(hour=22)


def test_skipping_the_window_does_not_skip_a_freeze() -> None:
    now = datetime(2026, 12, 25, 9, tzinfo=UTC)

    found = find_start(
        now, wish=Start.LOW_PEAK, windows=(NIGHT,), freezes=(CHRISTMAS,), skips_window=True
    )

    assert isinstance(found, StartTime)
    assert found.at == datetime(2026, 12, 27, tzinfo=UTC)


def test_skipping_the_window_begins_at_once_whatever_the_release_asks_for() -> None:
    wishes = (Start.NOW, Start.LOW_PEAK, NOON + timedelta(days=3))

    found = [
        find_start(
            NOON,
            wish=wish,
            windows=(NIGHT,),
            freezes=(),
            lasts_seconds=9 * HOUR,
            skips_window=True,
        )
        for wish in wishes
    ]

    assert found == 3 * [StartTime(at=NOON, why="No window or freeze delays it.", closes_at=None)]


def test_freezes_without_an_end_in_sight_are_refused_by_name() -> None:
    endless = Freeze(begins="2026-01-01", ends="2036-01-01", reason="the bank's change ban")

    found = find_start(NOON, wish=Start.NOW, windows=(NIGHT,), freezes=(endless,))

    assert isinstance(found, Reason)
    assert found.code == "freeze.endless"
    assert "the bank's change ban" in found.message


def test_a_time_is_told_on_the_clocks_of_the_window() -> None:
    tokyo = Window(opens="03:00", closes="05:00", timezone="Asia/Tokyo")

    found = find_start(NOON, wish=Start.NOW, windows=(tokyo,), freezes=())

    assert isinstance(found, StartTime)
    assert found.at == datetime(2026, 11, 22, 18, tzinfo=UTC)
    assert found.why == "Its window is open from Mon 2026-11-23 03:00 Asia/Tokyo."


IN_CHRISTMAS = datetime(2026, 12, 25, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("windows", "freezes", "wish", "options"),
    [
        ((), (CHRISTMAS,), Start.NOW, ("--hotfix",)),
        ((NIGHT,), (), Start.NOW, ("--now",)),
        ((NIGHT,), (CHRISTMAS,), Start.NOW, ("--now", "--hotfix")),
        ((NIGHT,), (CHRISTMAS,), Start.LOW_PEAK, ("--now", "--hotfix")),
        ((), (), IN_CHRISTMAS + timedelta(days=9), ("--now",)),
        ((), (CHRISTMAS,), IN_CHRISTMAS + timedelta(days=9), ("--now", "--hotfix")),
        ((), (), Start.NOW, ()),
    ],
)
def test_what_passes_over_the_wait_is_known_by_trying(
    windows: tuple[Window, ...],
    freezes: tuple[Freeze, ...],
    wish: Start | datetime,
    options: tuple[str, ...],
) -> None:
    found = find_start(IN_CHRISTMAS, wish=wish, windows=windows, freezes=freezes)

    assert isinstance(found, StartTime)
    assert found.passed_by == options
    passed = find_start(
        IN_CHRISTMAS,
        wish=wish,
        windows=windows,
        freezes=freezes,
        skips_window="--now" in options,
        is_hotfix="--hotfix" in options,
    )
    assert isinstance(passed, StartTime)
    assert passed.at == IN_CHRISTMAS
