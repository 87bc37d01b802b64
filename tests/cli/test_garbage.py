"""Which resources of past updates may be removed, and which must not."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.samples import ENDPOINT, NOW, OLD, amend_plan, later, plan, release, update

from switchover.domain.marks import Pin
from switchover.domain.naming import config_name
from switchover.domain.outcome import Outcome
from switchover.domain.plans.plan import Kind
from switchover.domain.served import Served
from switchover_cli.garbage.rules import Inventory, Judged, Sort, judge_made, made_by

if TYPE_CHECKING:
    from switchover.domain.update.update import Update


def name(version: str) -> str:
    return config_name(ENDPOINT, version, f"id-{version}", NOW)


def done(version: str, previous: str = OLD, **changes: Any) -> Update:
    """An update to `version` that is over."""
    planned = amend_plan(
        plan(),
        version=version,
        target_config=name(version),
        target_model=name(version),
        previous_config=previous,
    )
    values = {
        "update_id": f"id-{version}",
        "version": version,
        "release": release(),
        "plan": planned,
        "outcome": Outcome.UPDATED,
        **changes,
    }
    return update(**values)


def served(*versions: str) -> tuple[Served, ...]:
    """Oldest last, as the ledger tells them."""
    return tuple(
        Served(
            endpoint=ENDPOINT,
            version=version,
            config_name=name(version),
            model_name=name(version),
            update_id=f"id-{version}",
            at=later(-number * 3600),
        )
        for number, version in enumerate(versions)
    )


UPDATES = (done("v5"), done("v4"), done("v3"), done("v2"))
SERVED = served("v5", "v4", "v3", "v2")


def inventory(**changes: Any) -> Inventory:
    configs = {name(v): frozenset({name(v)}) for v in ("v2", "v3", "v4", "v5")}
    return Inventory(
        **{
            "configs": {**configs, OLD: frozenset({"model-v1"})},
            "models": frozenset({*configs, "model-v1"}),
            "endpoints": {ENDPOINT: frozenset({name("v5")})},
            **changes,
        }
    )


def judged(
    *updates: Update,
    keep: int = 2,
    pin: Pin | None = None,
    elsewhere: dict[str, tuple[Served, ...]] | None = None,
    **changes: Any,
) -> dict[tuple[str, str], Judged]:
    asked = updates or UPDATES
    found = judge_made(
        made_by(asked),
        inventory(**changes),
        endpoint=ENDPOINT,
        updates=asked,
        served={ENDPOINT: SERVED, **(elsewhere or {})},
        pin=pin,
        keep=keep,
    )
    return {(each.made.sort.value, each.made.version): each for each in found}


def removable(told: dict[tuple[str, str], Judged]) -> set[tuple[str, str]]:
    return {key for key, each in told.items() if each.is_removable}


def test_what_serves_and_the_last_that_served_stay_and_the_rest_may_go() -> None:
    assert removable(judged()) == {
        ("config", "v2"),
        ("model", "v2"),
        ("config", "v3"),
        ("model", "v3"),
    }


def test_configs_come_before_the_models_that_they_name() -> None:
    assert [kind for kind, _ in judged()] == ["config"] * 4 + ["model"] * 4


def test_what_somebody_else_made_is_never_touched() -> None:
    """v1 was there before Switchover; and a plan whose name isn't ours proves nothing."""
    foreign = replace(done("v9"), update_id="another")

    assert {made.version for made in made_by((*UPDATES, foreign))} == {"v2", "v3", "v4", "v5", "v1"}
    assert not any(version in {"v1", "v9"} for _, version in judged(*UPDATES, foreign))


def test_a_rollback_makes_no_more_than_a_copy_of_what_it_left() -> None:
    back = amend_plan(plan(), kind=Kind.ROLLBACK)

    (made,) = made_by((done("v2", kind=Kind.ROLLBACK, plan=back),))

    assert (made.sort, made.name) == (Sort.CONFIG, back.repair_config)


def test_another_endpoint_that_serves_it_keeps_it() -> None:
    told = judged(endpoints={ENDPOINT: frozenset({name("v5")}), "other": frozenset({name("v2")})})

    assert told["config", "v2"].needed_by == ("endpoint other serves it",)
    assert not told["model", "v2"].is_removable


def test_a_model_that_a_persons_config_names_stays_though_its_own_config_goes() -> None:
    by_hand = {**inventory().configs, "by-hand": frozenset({name("v2")})}

    told = judged(configs=by_hand)

    assert told["config", "v2"].is_removable
    assert told["model", "v2"].needed_by == ("config by-hand uses it",)


@pytest.mark.parametrize("outcome", [None, Outcome.QUEUED])
def test_what_an_unfinished_update_may_go_back_to_stays(outcome: Outcome | None) -> None:
    running = done("v6", previous=name("v2"), outcome=outcome)

    told = judged(running, *UPDATES)

    assert told["config", "v2"].needed_by == ("update id-v6 needs it",)
    assert not told["model", "v2"].is_removable


def test_an_update_without_a_plan_may_need_anything() -> None:
    told = judged(update(update_id="new", plan=None), *UPDATES)

    assert removable(told) == set()
    assert "update new is not planned yet" in told["config", "v2"].needed_by


def test_a_model_that_is_made_before_its_config_stays() -> None:
    """CreateConfig makes the model first: for a moment no config uses it."""
    running = done("v6", outcome=None)

    told = judged(running, *UPDATES, models=frozenset({name("v6")}))

    assert told["model", "v6"].needed_by == ("update id-v6 needs it",)


def test_where_a_rollback_goes_stays_though_it_is_long_ago() -> None:
    """After going back twice, what served before is further back than the last that served."""
    been = served("v3", "v4", "v5", "v4", "v3", "v2")

    told = judged(endpoints={ENDPOINT: frozenset({name("v3")})}, elsewhere={ENDPOINT: been}, keep=1)

    assert told["config", "v2"].needed_by == ("a rollback would return to it",)
    assert removable(told) == {(sort, v) for sort in ("config", "model") for v in ("v4", "v5")}


def test_the_last_known_good_stays_where_somebody_else_moved_the_endpoint() -> None:
    told = judged(endpoints={ENDPOINT: frozenset({name("v3")})}, keep=1)

    assert "a rollback would return to it" in told["config", "v5"].needed_by


def test_a_pinned_version_stays() -> None:
    pin = Pin(endpoint=ENDPOINT, version="v2", reason="audited", at=later(0))

    assert removable(judged(pin=pin)) == {("config", "v3"), ("model", "v3")}


def test_what_is_gone_already_is_not_told() -> None:
    told = judged(configs={name("v5"): frozenset({name("v5")})}, models=frozenset({name("v2")}))

    assert set(told) == {("config", "v5"), ("model", "v2")}
    assert told["model", "v2"].is_removable


def test_a_repairs_config_is_ours_and_its_model_may_be_older() -> None:
    repair = UPDATES[-1].planned.repair_config
    configs = {**inventory().configs, repair: frozenset({"model-v1"})}

    told = judged(configs=configs)

    assert told["config", "v1"].made.name == repair
    assert told["config", "v1"].made.sort is Sort.CONFIG
    assert ("model", "v1") not in told


def test_what_another_endpoint_would_go_back_to_stays() -> None:
    """Somebody moved `other` from v2, which this endpoint's update made, to a config of their own."""
    known = tuple(entry.model_copy(update={"endpoint": "other"}) for entry in served("x", "v2"))
    serving = {ENDPOINT: frozenset({name("v5")}), "other": frozenset({name("x")})}

    told = judged(elsewhere={"other": known}, endpoints=serving)

    assert told["config", "v2"].needed_by == (
        "one of the last 2 that served other",
        "a rollback of other would return to it",
    )
    assert not told["model", "v2"].is_removable


def test_what_an_unsettled_end_left_serving_stays() -> None:
    """A mix reports the previous config alone, and its other half serves all the same (rules §2)."""
    mixed = done("v6", previous=name("v5"), outcome=Outcome.NEEDS_OPERATOR)
    configs = {**inventory().configs, name("v6"): frozenset({name("v6")})}

    told = judged(mixed, *UPDATES, configs=configs, models=frozenset(configs))

    assert told["config", "v6"].needed_by == (
        "update id-v6 ended before SageMaker had settled, and may serve it",
    )
    assert not told["model", "v6"].is_removable


def test_what_was_unsettled_once_may_go_when_a_later_update_has_settled() -> None:
    mixed = done("v3", previous=name("v2"), outcome=Outcome.NEEDS_OPERATOR)

    told = judged(*UPDATES[:2], mixed, UPDATES[-1])

    assert ("config", "v3") in removable(told)


@pytest.mark.parametrize(
    ("stem", "digits"),
    [(f"{ENDPOINT}-v4", 8), (f"switchover-{ENDPOINT}-v4", 8), (f"switchover-{ENDPOINT}-v4", 16)],
    ids=["no prefix", "short digest", "no date"],
)
def test_what_bears_a_name_of_earlier_versions_is_known_as_ours(stem: str, digits: int) -> None:
    former = f"{stem}-{hashlib.sha256(b'id-v4').hexdigest()[:digits]}"
    update = done("v4")
    assert update.plan is not None
    renamed = amend_plan(update.plan, target_config=former, target_model=former)

    made = made_by([replace(update, plan=renamed)])

    assert {(each.sort, each.name) for each in made} >= {
        (Sort.CONFIG, former),
        (Sort.MODEL, former),
    }
