"""Every strategy and every outcome on the deployed stack: the record agrees with the twin.

Bad releases of one endpoint go back while good ones of its neighbours arrive. A lane's updates follow
each other, so that each finds what the one before it left.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING

import pytest
from tests.support.season import AT_ONCE, Season
from tests.support.season_cases import (
    ASKED,
    CALLED_OFF,
    CASES,
    SHARDLESS,
    STUCK,
    WORLD,
    Case,
)

from switchover.domain.outcome import Outcome
from switchover.domain.plans.alarms import Scope
from switchover_local.stack import LocalCloud

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.deployed


@pytest.fixture(name="season", scope="module")
def play_season(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Season]:
    cloud = LocalCloud.up(speed=600, scenario=WORLD, folder=tmp_path_factory.mktemp("season"))
    try:
        season = Season(cloud)
        season.open()
        yield season
        season.close()
    finally:
        cloud.down()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_outcome_is_what_serves(season: Season, case: Case) -> None:
    played = season.of(case)

    update, plan = played.update, played.update.plan
    assert update.outcome is case.expected, (update.summary, update.reasons)
    serves = {
        Outcome.UPDATED: plan.target.config if plan else None,
        Outcome.ROLLED_BACK: played.serving_before,
        Outcome.REJECTED: played.serving_before,
        Outcome.NEEDS_OPERATOR: played.serving_before,
    }
    assert played.serving == serves[case.expected]
    assert update.serving_config == played.serving


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_nothing_is_left_behind(season: Season, case: Case) -> None:
    played = season.of(case)

    planned = played.update.plan.alarms.specs if played.update.plan else ()
    own = {spec.name for spec in planned if spec.scope is not Scope.STANDING}
    assert not own & played.alarms
    assert not played.is_claimed
    assert played.scaling == played.scaling_before


def test_a_missing_shard_touches_nothing(season: Season) -> None:
    update = season.of(SHARDLESS).update

    assert not update.progress.is_started
    assert {reason.code for reason in update.reasons} == {"model.file-missing"}


def test_a_repair_that_fails_leaves_a_mix_and_says_so(season: Season) -> None:
    played = season.of(STUCK)

    assert played.status == "UpdateRollbackFailed"
    assert "UpdateRollbackFailed" in played.update.summary


def test_an_abort_is_told_with_its_reason(season: Season) -> None:
    update = season.of(CALLED_OFF).update

    assert update.abort is not None
    assert "moved to Monday" in update.summary


def test_a_quiet_canary_is_asked_golden_requests_at_the_policys_pace(season: Season) -> None:
    played = season.of(ASKED)

    told = [moment.text for moment in played.timeline if moment.state == "GuardBake"]
    assert any("golden requests as traffic" in text for text in told)
    assert played.update.guard is not None
    assert played.update.guard.has_seen_enough
    asked = season.asked_per_minute("quiet", played.update.started_at)
    assert sum(asked) > played.update.planned.guard.min_requests
    assert max(asked) <= played.update.planned.guard.probes_per_minute


@pytest.mark.parametrize(
    "case",
    [case for case in CASES if case.expected is Outcome.UPDATED and not case.has_downtime],
    ids=lambda case: case.name,
)
def test_nobody_notices_a_good_release_nor_its_neighbours(season: Season, case: Case) -> None:
    assert season.of(case).failed_requests == 0


def test_endpoints_are_updated_at_the_same_time(season: Season) -> None:
    ends = Counter[datetime]()
    updates = [season.of(case).update for case in CASES]
    for update in updates:
        assert update.ended_at is not None
        ends.update({update.started_at: 1, update.ended_at: -1})

    running, most = 0, 0
    for at in sorted(ends):
        running += ends[at]
        most = max(most, running)

    assert most == AT_ONCE


def test_each_outcome_is_told_once(season: Season) -> None:
    expected = Counter(f"{case.expected}: {case.endpoint} {case.version}" for case in CASES)
    for case in CASES:
        season.of(case)

    assert Counter(season.heard()) == expected
