"""A release may tighten its endpoint's controls, and loosen only those that the owner allows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.support.samples import release

from switchover.domain.policies.layers import (
    EffectivePolicy,
    Layer,
    layer_of_input,
    layer_of_release,
    merge_policy,
)
from switchover.domain.policies.overrides import OVERRIDE_REFUSED, Override
from switchover.domain.policies.parts import leaves
from switchover.domain.policies.policy import Policy
from switchover.domain.policies.trust import OWNER, RULES, rule_for

if TYPE_CHECKING:
    from switchover.domain.reasons import Reason

FILE = "s3://models/policies/chat.yaml"
NIGHT = {"from": "22:00", "to": "04:00", "timezone": "Europe/Berlin"}
WEEKNIGHTS = {**NIGHT, "days": ["mon", "tue", "wed", "thu", "fri"]}
CHRISTMAS = {"from": "2026-12-20", "to": "2026-12-31", "reason": "trade"}
AUDIT = {"from": "2026-11-01", "to": "2026-11-02", "reason": "audit"}


def merge(
    held: dict[str, Any],
    offered: dict[str, Any],
    asked: dict[str, Any] | None = None,
    *,
    stack: tuple[str, ...] = (),
    **changes: Any,
) -> EffectivePolicy | tuple[Reason, ...]:
    """Lay a release and an input over a policy file; `changes` are the release's."""
    layers = (
        Layer(FILE, held),
        layer_of_release(release(policy=offered, **changes)),
        layer_of_input(asked or {}),
    )
    return merge_policy(layers, stack)


def accepted(*args: Any, **kwargs: Any) -> EffectivePolicy:
    merged = merge(*args, **kwargs)
    assert isinstance(merged, EffectivePolicy), [str(each) for each in merged]
    return merged


def refused(*args: Any, **kwargs: Any) -> dict[str, Reason]:
    merged = merge(*args, **kwargs)
    assert isinstance(merged, tuple), merged.overrides
    assert {each.code for each in merged} == {OVERRIDE_REFUSED}
    return {each.subject: each for each in merged}


def test_every_key_of_a_policy_has_a_rule_and_no_rule_is_of_none() -> None:
    assert {leaf.key for leaf in leaves(Policy())} == set(RULES)


def test_a_key_that_nobody_has_thought_about_is_the_owners() -> None:
    assert rule_for("approval.telepathy") is OWNER


@pytest.mark.parametrize(
    ("held", "offered"),
    [
        ({}, {"strategy": "canary", "canary": {"percent": 50}}),
        ({"tier": "critical"}, {"strategy": "rolling"}),
        ({"strategy": "redeploy", "allow_downtime": True}, {"strategy": "linear"}),
        ({"strategy": "all-at-once"}, {"termination_wait_seconds": "10m"}),
        ({"tier": "development"}, {"strategy": "all-at-once"}),
        ({}, {"approval": {"required": True, "promotion": True}}),
        ({"allow_downtime": True}, {"allow_downtime": False}),
        ({"retain_capacity": False}, {"retain_capacity": True}),
        ({"alarms": {"error_rate": 0.1}}, {"alarms": {"error_rate": 0.01}}),
        ({}, {"alarms": {"latency": {"limit_seconds": 2}, "evaluation_periods": 1}}),
        (
            {"alarms": {"latency": {"versus_old": 2}}},
            {"alarms": {"latency": {"versus_old": 1.5}}},
        ),
        ({"alarms": {"also": ["shop"]}}, {"alarms": {"also": ["shop", "mine"]}}),
        ({}, {"guard": {"min_requests": 100, "inconclusive": "roll-back"}}),
        ({}, {"tests": {"golden": "golden/chat.jsonl", "latency_seconds": 5, "warm_up": 0}}),
        ({}, {"rolling": {"bake_seconds": "10m", "batch_percent": 10}, "watch_seconds": "1h"}),
        ({}, {"variant": "main"}),
        ({}, {"window": NIGHT}),
        ({"window": NIGHT}, {"window": {**NIGHT, "from": "23:00", "to": "03:30"}}),
        ({"window": NIGHT}, {"window": WEEKNIGHTS}),
        ({"window": NIGHT}, {"window": {**NIGHT, "from": "00:00", "to": "04:00"}}),
        ({"window": {**NIGHT, "days": ["sun"]}}, {"window": {"days": ["mon"], "from": "00:00"}}),
        (
            {"window": [NIGHT, {**NIGHT, "from": "12:00", "to": "13:00"}]},
            {"window": [{**NIGHT, "from": "12:00", "to": "13:00"}]},
        ),
        ({"window": [NIGHT, {**NIGHT, "timezone": "UTC"}]}, {"window": [NIGHT]}),
        ({"freezes": [CHRISTMAS]}, {"freezes": [AUDIT, CHRISTMAS]}),
        ({}, {"freezes": [AUDIT]}),
        ({"capacity": {"during": {"min": 2, "max": 8}}}, {"capacity": {"during": {"max": 6}}}),
        ({"model": {"allow_pickle": True}}, {"model": {"allow_pickle": False}}),
        ({"approval": {"required": True}}, {"approval": {"required": True}}),
        ({}, {}),
    ],
)
def test_a_release_tightens_and_chooses_its_pace(
    held: dict[str, Any], offered: dict[str, Any]
) -> None:
    assert accepted(held, offered)


@pytest.mark.parametrize(
    ("held", "offered", "key"),
    [
        ({}, {"tier": "development"}, "tier"),
        ({}, {"strategy": "redeploy"}, "strategy"),
        ({"tier": "critical"}, {"strategy": "all-at-once"}, "strategy"),
        ({}, {"allow_downtime": True}, "allow_downtime"),
        ({}, {"retain_capacity": False}, "retain_capacity"),
        ({"variant": "main"}, {"variant": "other"}, "variant"),
        ({"variant": "main"}, {"variant": None}, "variant"),
        ({}, {"canary": {"bake_seconds": 0}}, "canary.bake_seconds"),
        ({}, {"rolling": {"bake_seconds": "4m"}}, "rolling.bake_seconds"),
        ({}, {"termination_wait_seconds": 0}, "termination_wait_seconds"),
        ({"watch_seconds": 60}, {"watch_seconds": 0}, "watch_seconds"),
        ({}, {"rolling": {"rollback_batch_percent": 5}}, "rolling.rollback_batch_percent"),
        ({"approval": {"required": True}}, {"approval": {"required": False}}, "approval.required"),
        (
            {"approval": {"promotion": True}},
            {"approval": {"promotion": False}},
            "approval.promotion",
        ),
        ({}, {"alarms": {"error_rate": 0.999}}, "alarms.error_rate"),
        ({}, {"alarms": {"latency": {"limit_seconds": 3600}}}, "alarms.latency.limit_seconds"),
        ({}, {"alarms": {"latency": {"statistic": "p10"}}}, "alarms.latency.statistic"),
        ({}, {"alarms": {"evaluation_periods": 100}}, "alarms.evaluation_periods"),
        ({}, {"alarms": {"period_seconds": 10}}, "alarms.period_seconds"),
        ({"alarms": {"also": ["shop"]}}, {"alarms": {"also": []}}, "alarms.also"),
        ({"alarms": {"also": ["shop"]}}, {"alarms": {"also": ["mine", "shop"]}}, "alarms.also"),
        ({}, {"guard": {"min_requests": 0}}, "guard.min_requests"),
        ({}, {"guard": {"probes_per_minute": 600}}, "guard.probes_per_minute"),
        (
            {"guard": {"inconclusive": "roll-back"}},
            {"guard": {"inconclusive": "hold"}},
            "guard.inconclusive",
        ),
        ({"tests": {"golden": "golden/a.jsonl"}}, {"tests": {"golden": None}}, "tests.golden"),
        (
            {"tests": {"golden": "golden/a.jsonl"}},
            {"tests": {"golden": "models/chat/v2/easy.jsonl"}},
            "tests.golden",
        ),
        (
            {"tests": {"latency_seconds": 5}},
            {"tests": {"latency_seconds": 60}},
            "tests.latency_seconds",
        ),
        ({}, {"tests": {"golden": "policies/search.yaml"}}, "tests.golden"),
        ({}, {"tests": {"warm_up": 20}}, "tests.warm_up"),
        ({}, {"tests": {"at_once": 1}}, "tests.at_once"),
        ({"window": NIGHT}, {"window": []}, "window"),
        ({"window": NIGHT}, {"window": None}, "window"),
        ({"window": WEEKNIGHTS}, {"window": [NIGHT]}, "window"),
        ({"window": NIGHT}, {"window": {"from": "21:59"}}, "window"),
        ({"window": NIGHT}, {"window": {"to": "04:01"}}, "window"),
        (
            {"window": {**NIGHT, "days": ["sun"]}},
            {"window": {"days": ["mon"]}},
            "window",
        ),
        ({"freezes": [CHRISTMAS]}, {"freezes": []}, "freezes"),
        ({"freezes": [CHRISTMAS]}, {"freezes": [AUDIT]}, "freezes"),
        ({"freezes": ["freezes.ics"]}, {"freezes": ["other.ics"]}, "freezes"),
        ({"freezes": [CHRISTMAS]}, {"freezes": [{**CHRISTMAS, "to": "2026-12-21"}]}, "freezes"),
        ({}, {"when_busy": "queue"}, "when_busy"),
        ({"capacity": {"during": {"min": 4, "max": 8}}}, {"capacity": {"during": {"min": 1}}},
         "capacity.during"),
        ({}, {"model": {"allow_pickle": True}}, "model.allow_pickle"),
        ({}, {"model": {"allow_remote_code": True}}, "model.allow_remote_code"),
        ({}, {"model": {"data_files": ["*.dat"]}}, "model.data_files"),
        ({}, {"model": {"tolerate": ["model.no-tokenizer"]}}, "model.tolerate"),
        ({"model": {"refuse": ["model.leftover"]}}, {"model": {"refuse": []}}, "model.refuse"),
        ({}, {"locked": ["strategy"]}, "locked"),
        ({"locked": ["approval"]}, {"locked": []}, "locked"),
        ({}, {"releases_may": ["approval", "freezes"]}, "releases_may"),
    ],
)  # fmt: skip
def test_a_release_loosens_nothing(held: dict[str, Any], offered: dict[str, Any], key: str) -> None:
    faults = refused(held, offered)
    assert list(faults) == [f"release.json policy: {key}"]


@pytest.mark.parametrize("off", [False, "no", "off", "false", 0])
def test_a_looser_value_is_refused_however_it_is_spelled(off: object) -> None:
    assert refused({"approval": {"required": True}}, {"approval": {"required": off}})


@pytest.mark.parametrize(
    "offered",
    [
        {"approval": None},
        {"approval": {"required": None}},
        {"approval.required": False},
        {"Approval": {"required": False}},
        {"freezes": None},
        {"alarms": {"error_rate": float("nan")}},
    ],
)
def test_what_is_no_policy_takes_no_control_away_either(offered: dict[str, Any]) -> None:
    merged = merge({"approval": {"required": True}, "freezes": [CHRISTMAS]}, offered)
    assert isinstance(merged, tuple)
    assert {each.code for each in merged} == {"policy.invalid"}


@pytest.mark.parametrize(
    ("held", "offered", "key"),
    [
        ({"window": NIGHT}, {"window": {**NIGHT, "timezone": "Europe/Paris"}}, "window"),
        ({"window": NIGHT}, {"window": [{**NIGHT, "from": "23:00", "timezone": "UTC"}]}, "window"),
        ({"window": NIGHT}, {"window": "auto"}, "window"),
        ({"window": "auto"}, {"window": NIGHT}, "window"),
        ({"window": "auto"}, {"window": {"auto": True, "hours": 1}}, "window"),
        (
            {},
            {"alarms": {"latency": {"versus_old": 100}}},
            "alarms.latency.versus_old",
        ),
        (
            {"alarms": {"latency": {"versus_old": 2}}},
            {"alarms": {"latency": {"versus_old": None}}},
            "alarms.latency.versus_old",
        ),
        ({}, {"capacity": {"during": {"min": 4, "max": 8}}}, "capacity.during"),
    ],
)
def test_what_cannot_be_compared_is_no_leave(
    held: dict[str, Any], offered: dict[str, Any], key: str
) -> None:
    fault = refused(held, offered)[f"release.json policy: {key}"]
    assert "can't be compared with" in fault.message


def test_every_refused_override_is_told_at_once() -> None:
    held = {"approval": {"required": True}, "freezes": [CHRISTMAS]}
    offered = {
        "approval": {"required": False},
        "freezes": [],
        "alarms": {"error_rate": 0.9, "also": ["mine"]},
    }
    faults = refused(held, offered, hotfix=True, reason="it burns")
    assert set(faults) == {
        "release.json policy: approval.required",
        "release.json policy: freezes",
        "release.json policy: alarms.error_rate",
        "release.json: hotfix",
    }


def test_a_refusal_names_the_value_what_holds_who_set_it_and_the_ways_out() -> None:
    (fault,) = refused({"approval": {"required": True}}, {"approval": {"required": False}}).values()
    assert fault.message == (
        f"false is not allowed instead of true, set by {FILE}: a release may turn it on."
    )
    assert fault.remedy == (
        "Remove it, or start the release as an operator: --policy-override"
        " approval.required=false. Or ask the policy's owner to write"
        " `releases_may: [approval.required]` in the policy file."
    )


@pytest.mark.parametrize("names", [["approval.required"], ["approval"]])
def test_an_owner_lets_releases_set_a_key_or_a_section(names: list[str]) -> None:
    held = {"approval": {"required": True}, "releases_may": names}
    assert not accepted(held, {"approval": {"required": False}}).policy.approval.required


@pytest.mark.parametrize("names", [["approv"], ["approval.promotion"], ["alarms"], []])
def test_leave_for_one_key_is_none_for_another(names: list[str]) -> None:
    held = {"approval": {"required": True}}
    assert refused(held, {"approval": {"required": False}}, stack=tuple(names))


def test_the_stack_says_what_releases_may_where_the_file_does_not() -> None:
    offered = {"alarms": {"error_rate": 0.2}}
    merged = accepted({}, offered, stack=("alarms",))
    assert merged.policy.releases_may == ("alarms",)
    assert merged.origins["releases_may"] == "the stack's ReleasesMay"


def test_the_file_wins_over_the_stack() -> None:
    assert refused({"releases_may": []}, {"alarms": {"error_rate": 0.2}}, stack=("alarms",))


@pytest.mark.parametrize("key", ["locked", "releases_may"])
def test_no_word_of_the_stack_lets_releases_say_whose_word_counts(key: str) -> None:
    assert refused({}, {key: ["alarms"]}, stack=(key,))


@pytest.mark.parametrize("locked", ["approval", "approval.required"])
def test_what_is_locked_holds_against_releases_and_operators(locked: str) -> None:
    held = {"locked": [locked], "releases_may": ["approval"]}
    change = {"approval": {"required": True}}
    assert list(refused(held, change)) == ["release.json policy: approval.required"]
    assert list(refused(held, {}, change)) == ["input policy: approval.required"]


def test_a_locked_strategy_is_not_changed_by_way_of_the_tier() -> None:
    held = {"strategy": "rolling", "locked": ["strategy", "allow_downtime"]}
    assert accepted(held, {}, {"tier": "development"}).policy.strategy == "rolling"
    assert refused({"locked": ["strategy"]}, {}, {"tier": "development"})


def test_what_is_locked_is_not_changed_by_way_of_the_releases_tier() -> None:
    held = {"locked": ["allow_downtime"], "releases_may": ["tier"]}
    assert list(refused(held, {"tier": "development"})) == ["release.json policy: allow_downtime"]
    assert accepted({"releases_may": ["tier"]}, {"tier": "development"}).policy.allow_downtime


@pytest.mark.parametrize(
    ("locked", "wish", "told"),
    [
        ("window", {"skips_window": True}, "now"),
        ("freezes", {"is_hotfix": True}, "hotfix"),
        ("alarms", {"is_hotfix": True}, "hotfix"),
        ("alarms.error_rate", {"is_hotfix": True}, "hotfix"),
    ],
)
def test_an_operator_does_not_pass_over_what_is_locked(
    locked: str, wish: dict[str, bool], told: str
) -> None:
    held = Layer(FILE, {"window": NIGHT, "freezes": [AUDIT], "locked": [locked]})
    merged = merge_policy((held, layer_of_input({}, **wish)))

    assert isinstance(merged, tuple)
    assert [(each.code, each.subject) for each in merged] == [(OVERRIDE_REFUSED, told)]


@pytest.mark.parametrize("wish", [{"skips_window": True}, {"is_hotfix": True}])
def test_an_operator_passes_over_what_is_not_locked(wish: dict[str, bool]) -> None:
    held = Layer(FILE, {"window": NIGHT, "freezes": [AUDIT], "locked": ["approval"]})

    assert isinstance(merge_policy((held, layer_of_input({}, **wish))), EffectivePolicy)


@pytest.mark.parametrize(
    ("locked", "changes"),
    [
        ("window", {"start": "2026-12-24T12:00:00Z"}),
        ("freezes", {"hotfix": True, "reason": "on fire"}),
    ],
)
def test_a_release_that_may_pass_a_control_does_not_pass_a_locked_one(
    locked: str, changes: dict[str, Any]
) -> None:
    held = {
        "window": NIGHT,
        "freezes": [AUDIT],
        "locked": [locked],
        "releases_may": ["hotfix", "start-time"],
    }

    assert refused(held, {}, **changes)


@pytest.mark.parametrize("key", ["locked", "releases_may"])
def test_an_operator_does_not_say_whose_word_counts(key: str) -> None:
    assert list(refused({}, {}, {key: ["approval"]})) == [f"input policy: {key}"]


def test_an_operator_overrides_what_is_not_locked() -> None:
    merged = accepted(
        {"approval": {"required": True}, "freezes": [AUDIT]},
        {},
        {"approval": {"required": False}, "freezes": [], "strategy": "redeploy"},
    )
    assert not merged.policy.approval.required
    assert {each.key for each in merged.overrides} == {"approval.required", "freezes", "strategy"}


def test_an_operators_value_counts_in_place_of_the_releases() -> None:
    merged = accepted({}, {"alarms": {"error_rate": 0.9}}, {"alarms": {"error_rate": 0.3}})
    assert merged.policy.alarms.error_rate == 0.3


def test_an_operator_who_starts_a_release_does_not_speak_for_its_other_keys() -> None:
    offered = {"alarms": {"error_rate": 0.9}, "approval": {"required": False}}
    held = {"approval": {"required": True}}
    assert list(refused(held, offered, {"alarms": {"error_rate": 0.3}})) == [
        "release.json policy: approval.required"
    ]


@pytest.mark.parametrize("instead", [None, "none", [], 0, False])
def test_a_release_empties_no_section_by_way_of_an_operator_who_sets_one_key_of_it(
    instead: object,
) -> None:
    """What stands under a section's name without being one would take the owner's keys along."""
    held = {"approval": {"required": True}, "alarms": {"error_rate": 0.01}}
    offered = {"approval": instead, "alarms": instead}
    asked = {"approval": {"promotion": True}, "alarms": {"evaluation_periods": 3}}

    effective = accepted(held, offered, asked)

    assert effective.policy.approval.required
    assert effective.policy.alarms.error_rate == 0.01
    assert {each.key for each in effective.overrides} == {
        "approval.promotion",
        "alarms.evaluation_periods",
    }


def test_each_accepted_override_is_told_with_its_source() -> None:
    merged = accepted(
        {"canary": {"bake_seconds": "10m"}},
        {"strategy": "canary", "canary": {"bake_seconds": "15m"}},
        {"watch_seconds": 60},
    )
    assert merged.overrides == (
        Override(key="strategy", was="rolling", value="canary", source="release.json policy"),
        Override(key="canary.bake_seconds", was="10m", value="15m", source="release.json policy"),
        Override(key="watch_seconds", was="0s", value="1m", source="input policy"),
    )


def test_a_value_that_is_the_policys_already_is_no_override() -> None:
    assert accepted({"strategy": "canary"}, {"strategy": "canary"}).overrides == ()


def test_a_release_is_no_hotfix_by_its_own_word() -> None:
    (fault,) = refused({}, {}, hotfix=True, reason="it burns").values()
    assert "switchover start" in fault.remedy
    assert "releases_may: [hotfix]" in fault.remedy


@pytest.mark.parametrize(("held", "stack"), [({"releases_may": ["hotfix"]}, ()), ({}, ("hotfix",))])
def test_a_release_is_a_hotfix_where_releases_may(
    held: dict[str, Any], stack: tuple[str, ...]
) -> None:
    assert accepted(held, {}, hotfix=True, reason="it burns", stack=stack)


def test_an_operator_may_say_that_a_release_is_a_hotfix() -> None:
    layers = (
        layer_of_release(release(hotfix=True, reason="it burns")),
        layer_of_input({}, is_hotfix=True),
    )
    assert isinstance(merge_policy(layers), EffectivePolicy)


def test_an_operator_who_does_not_wait_for_the_window_is_told() -> None:
    layers = (Layer(FILE, {"window": NIGHT}), layer_of_input({}, skips_window=True))
    merged = merge_policy(layers)
    assert isinstance(merged, EffectivePolicy)
    assert [(each.key, each.source) for each in merged.overrides] == [("window", "input: now")]


@pytest.mark.parametrize(
    ("names", "told"), [([], []), (["start-time"], [("window", "release.json: start")])]
)
def test_a_release_that_keeps_its_time_is_told(
    names: list[str], told: list[tuple[str, str]]
) -> None:
    held = {"window": NIGHT, "releases_may": names}
    merged = accepted(held, {}, start="2030-01-01T00:00:00Z")
    assert [(each.key, each.source) for each in merged.overrides] == told


@pytest.mark.parametrize(
    ("values", "near"),
    [
        ({"locked": ["aproval"]}, "Did you mean 'approval'?"),
        ({"releases_may": ["hot-fix"]}, "Did you mean 'hotfix'?"),
        ({"locked": ["hotfix"]}, ""),
        ({"releases_may": ["locked"]}, ""),
        ({"releases_may": ["releases_may"]}, ""),
    ],
)
def test_a_name_that_is_no_key_is_refused_where_it_stands(
    values: dict[str, Any], near: str
) -> None:
    """What a misspelt name was meant to lock would stay open."""
    faults = merge_policy([Layer(FILE, values)])
    assert isinstance(faults, tuple)
    (key,) = values
    assert [(each.code, each.subject) for each in faults] == [("policy.invalid", f"{FILE}: {key}")]
    assert near in faults[0].remedy


def test_a_faulty_policy_file_is_not_mended_by_an_override() -> None:
    held = {"capacity": {"during": {"min": 4}}}
    merged = merge(held, {}, {"capacity": {"during": {"max": 8}}})
    assert isinstance(merged, tuple)
    assert {each.code for each in merged} == {"policy.invalid"}
