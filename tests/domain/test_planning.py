"""A plan, or every reason why there is none (design: promise 2)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.cases import found
from tests.support.samples import (
    ENDPOINT,
    NOW,
    OLD,
    endpoint,
    later,
    live_config,
    live_model,
    live_release,
    policy,
    reason,
    release,
    update,
    variant,
)

from switchover.domain.fleet import Absent, AlarmReading, AlarmState, EndpointStatus
from switchover.domain.planning import choose_earlier, make_plan, name_target, version_of
from switchover.domain.plans.experience import PastUpdate
from switchover.domain.plans.plan import Kind, Plan
from switchover.domain.policies.layers import EffectivePolicy
from switchover.domain.preflight import Check, CheckState
from switchover.domain.readings import Unmeasured
from switchover.domain.reasons import Reason
from switchover.domain.served import Served
from switchover.domain.update.request import Request

if TYPE_CHECKING:
    from datetime import datetime

    from switchover.domain.checks.case import PlanInputs


def codes(surroundings: PlanInputs, **changes: Any) -> list[str]:
    refused = make_plan(update(**changes), surroundings)
    assert refused.plan is None
    return [each.code for each in refused.reasons]


def accepted(surroundings: PlanInputs, **changes: Any) -> Plan:
    made = make_plan(update(**changes), surroundings)
    assert made.plan is not None, [str(each) for each in made.reasons]
    return made.plan


def check(name: str, surroundings: PlanInputs, **changes: Any) -> Check:
    [wanted] = [
        each
        for each in make_plan(update(**changes), surroundings).preflight.checks
        if each.name == name
    ]
    return wanted


def served(version: str, config: str, at: datetime = NOW) -> Served:
    return Served(
        endpoint=ENDPOINT,
        version=version,
        config_name=config,
        model_name=f"model-{version}",
        update_id=f"to-{version}",
        at=at,
    )


def test_a_sound_update_gets_its_plan() -> None:
    made = accepted(found())
    assert (made.previous.config, made.target.version, made.capacity.peak_instances) == (
        OLD,
        "v2",
        6,
    )


def test_every_fault_is_told_at_once() -> None:
    """People mend all of them in one go."""
    red = AlarmReading(name="gpu", state=AlarmState.ALARM, reason="hot")
    missing = AlarmReading(name="queue", state=AlarmState.MISSING)
    told = codes(
        found(
            endpoint=endpoint(status=EndpointStatus.UPDATING, variants=(variant(1),)),
            wishes={"alarms": {"also": ["gpu", "queue"]}, "variant": "blue"},
            live=live_release(model=live_model()),
            alarms=(red, missing),
            golden=(reason("golden.missing"),),
        ),
        reasons=(reason("checkpoint.torn"),),
    )
    assert set(told) == {
        "checkpoint.torn",
        "golden.missing",
        "endpoint.not-in-service",
        "endpoint.variant-differs",
        "alarm.already-red",
        "alarm.missing",
        "strategy.fleet-too-small",
    }


def test_an_unknown_endpoint_is_a_reason() -> None:
    gone = Absent(name=ENDPOINT, read_at=NOW)
    assert codes(found(endpoint=gone, live=None)) == ["endpoint.unknown"]


def test_a_failed_endpoint_shows_no_variants_and_is_a_reason() -> None:
    """ProductionVariants is optional in DescribeEndpoint's answer."""
    failed = endpoint(status=EndpointStatus.FAILED, variants=())
    assert codes(found(endpoint=failed)) == ["endpoint.not-in-service"]


def test_a_config_that_is_gone_is_a_reason() -> None:
    assert codes(found(live=None)) == ["endpoint.no-way-back"]


def test_a_faulty_policy_is_a_reason() -> None:
    assert codes(found(effective=None, faults=(reason("policy.invalid"),))) == ["policy.invalid"]


def test_a_quota_is_held_against_the_peak() -> None:
    assert codes(found(quota_instances=5)) == ["quota.too-low"]


def test_a_quota_that_is_not_listed_is_not_held_against_anything() -> None:
    assert accepted(found(quota_instances=None)).capacity.peak_instances == 6


def test_a_release_that_serves_already_is_refused() -> None:
    model = live_model()
    source = model["PrimaryContainer"]["ModelDataSource"]["S3DataSource"]
    source["S3Uri"] = "s3://models/models/chat/v2/"
    assert codes(found(live=live_release(model=model))) == ["release.already-serving"]


@pytest.mark.parametrize(
    ("drop", "add"),
    [
        (("InstanceType", "InitialInstanceCount"), {"ServerlessConfig": {"MaxConcurrency": 1}}),
        (("InstanceType",), {"InstancePools": [{"InstanceType": "ml.g5.xlarge", "Priority": 1}]}),
    ],
)
def test_an_endpoint_of_another_kind_is_refused_not_stumbled_over(
    drop: tuple[str, ...], add: dict[str, Any]
) -> None:
    config = live_config(**add)
    for key in drop:
        del config["ProductionVariants"][0][key]
    assert codes(found(live=live_release(config=config))) == ["endpoint.unsupported"]


def test_an_inference_component_endpoint_is_refused_not_stumbled_over() -> None:
    """Its variant has no ModelName (rules §3)."""
    config = live_config()
    del config["ProductionVariants"][0]["ModelName"]
    told = codes(found(live=live_release(config=config, model={})))
    assert set(told) == {"endpoint.unsupported"}


def test_an_endpoint_of_two_variants_is_refused() -> None:
    config = live_config()
    config["ProductionVariants"] *= 2
    two = endpoint(variants=(variant(name="a"), variant(name="b")))
    told = codes(found(endpoint=two, live=live_release(config=config)))
    assert told == ["endpoint.unsupported"]


def test_a_rollback_goes_to_what_served_before() -> None:
    request = Request(rollback=ENDPOINT)
    made = accepted(
        found(served=(served("v1", OLD), served("v0", "chat-v0", NOW - timedelta(days=1)))),
        request=request,
        kind=Kind.ROLLBACK,
        release=None,
    )
    assert (made.target.config, made.target.version, made.previous.version) == (
        "chat-v0",
        "v0",
        "v1",
    )


def test_a_second_rollback_goes_further_back_not_to_what_was_just_left() -> None:
    """v0, then v1 (OLD), then v2, then back on OLD: the next way back is v0, not v2."""
    history = (
        served("v1", OLD, NOW),
        served("v2", "chat-v2", NOW - timedelta(days=1)),
        served("v1", OLD, NOW - timedelta(days=2)),
        served("v0", "chat-v0", NOW - timedelta(days=3)),
    )
    made = accepted(
        found(served=history),
        request=Request(rollback=ENDPOINT),
        kind=Kind.ROLLBACK,
        release=None,
    )
    assert made.target.version == "v0"


def test_a_rollback_by_name_may_go_to_what_was_left() -> None:
    history = (served("v1", OLD, NOW), served("v2", "chat-v2", NOW - timedelta(days=1)))
    made = accepted(
        found(served=(*history, served("v1", OLD, NOW - timedelta(days=2)))),
        request=Request(rollback=ENDPOINT, to="v2"),
        kind=Kind.ROLLBACK,
        release=None,
    )
    assert made.target.config == "chat-v2"


def test_a_rollback_with_nowhere_to_go_is_refused() -> None:
    request = Request(rollback=ENDPOINT)
    told = codes(
        found(served=(served("v1", OLD),)), request=request, kind=Kind.ROLLBACK, release=None
    )
    assert told == ["rollback.nowhere-to-go"]


def test_a_rollback_is_not_held_up_by_red_alarms() -> None:
    """They are why somebody rolls back."""
    red = AlarmReading(name="switchover/chat/standing/errors", state=AlarmState.ALARM)
    made = accepted(
        found(served=(served("v0", "chat-v0"),), alarms=(red,)),
        request=Request(rollback=ENDPOINT),
        kind=Kind.ROLLBACK,
        release=None,
    )
    assert made.kind is Kind.ROLLBACK


def test_the_last_other_config_is_chosen() -> None:
    entries = (
        served("v2", "chat-v2", later(20)),
        served("v1", OLD, later(10)),
        served("v0", "chat-v0"),
    )
    chosen = choose_earlier(entries, "chat-v2", None)
    assert isinstance(chosen, Served)
    assert chosen.config_name == OLD


def test_an_asked_version_is_chosen() -> None:
    chosen = choose_earlier((served("v1", OLD), served("v0", "chat-v0")), "chat-v2", "v0")
    assert isinstance(chosen, Served)
    assert chosen.config_name == "chat-v0"


def test_an_unknown_version_is_told_with_those_that_are_known() -> None:
    refused = choose_earlier((served("v1", OLD), served("v0", "chat-v0")), "chat-v2", "v9")
    assert isinstance(refused, Reason)
    assert (refused.subject, refused.remedy) == (
        "input: to",
        "Versions that served before: v1, v0.",
    )


def test_the_present_version_is_nowhere_to_go() -> None:
    assert isinstance(choose_earlier((served("v1", OLD),), OLD, "v1"), Reason)


def test_the_ledger_knows_a_version_best() -> None:
    assert version_of(live_release(), (served("2025-06", OLD),)) == "2025-06"


def test_an_unrecorded_version_is_read_off_the_folder() -> None:
    assert version_of(live_release(), ()) == "v1"


def test_a_model_without_a_folder_is_called_by_its_config() -> None:
    assert version_of(live_release(model={"ModelName": "m"}), ()) == OLD


EVERYTHING_UNREADABLE = Unmeasured("couldn't be read: AccessDenied")


def test_a_plan_is_there_exactly_when_nothing_is_refused() -> None:
    made = make_plan(update(), found())
    assert (made.plan is not None, made.reasons) == (True, ())


@pytest.mark.parametrize(
    "broken",
    [
        {"endpoint": Absent(name=ENDPOINT, read_at=NOW), "live": None},
        {"endpoint": endpoint(variants=())},
        {"live": None},
        {"live": live_release(config=live_config(ServerlessConfig={}))},
        {"effective": None, "faults": (reason("policy.invalid"),)},
        {"quota_instances": 1},
        {"wishes": {"strategy": "canary"}, "endpoint": endpoint(variants=(variant(1),))},
    ],
    ids=["absent", "no-variants", "no-live", "unsupported", "no-policy", "quota", "too-small"],
)
def test_without_a_plan_there_is_always_a_reason(broken: dict[str, Any]) -> None:
    """A rejection that gives none would leave people with nothing to mend."""
    made = make_plan(update(), found(**broken))
    assert made.plan is None
    assert made.reasons != ()


def test_what_cannot_be_measured_refuses_nothing() -> None:
    unread: dict[str, Any] = dict.fromkeys(
        ("quota_instances", "usage", "scaling", "permission", "subscribers"), EVERYTHING_UNREADABLE
    )
    made = make_plan(update(), found(**unread))
    assert made.plan is not None
    unknown = [each for each in made.preflight.checks if each.state is CheckState.UNKNOWN]
    assert {each.name for each in unknown} >= {
        "quota.headroom",
        "scaling.target",
        "alarms.readable",
        "announcement.subscribers",
    }
    assert "AccessDenied" in unknown[0].evidence


def test_every_check_says_what_it_saw() -> None:
    assert all(each.evidence for each in make_plan(update(), found()).preflight.checks)


def test_the_checks_of_a_refused_update_are_all_there() -> None:
    """People mend all in one go, so a first fault must not hide what else was looked at."""
    sound = make_plan(update(), found())
    refused = make_plan(update(), found(quota_instances=1))
    assert [each.name for each in refused.preflight.checks] == [
        each.name for each in sound.preflight.checks
    ]


def test_what_people_set_is_not_adapted() -> None:
    """Without the wish the alarms are made to fit the bake; with it they are theirs to mend."""
    fast = {"strategy": "rolling", "rolling": {"bake_seconds": 185}}
    slow = {"alarms": {"period_seconds": 300}}
    chosen = found(wishes={**fast, **slow})
    free = EffectivePolicy(policy(**fast, **slow), {})
    assert set(codes(chosen)) == {"alarms.slower-than-bake"}
    assert accepted(replace(chosen, effective=free)).alarms.specs[-2].period_seconds < 300


def test_a_hotfix_leaves_out_what_is_red_and_nothing_else() -> None:
    red = AlarmReading(name="errors", state=AlarmState.ALARM, reason="hot")
    fine = AlarmReading(name="queue", state=AlarmState.OK)
    made = accepted(
        found(wishes={"alarms": {"also": ["errors", "queue"]}}, alarms=(red, fine)),
        request=Request(release="s3://m/r/release.json", hotfix=True, reason="v1 crashes"),
    )
    assert made.alarms.excluded == ("errors",)
    assert "errors" not in (*made.alarms.listed, *made.alarms.observed)
    assert "queue" in made.alarms.listed
    assert made.alarms.abort in made.alarms.listed


def test_a_hotfix_with_quiet_alarms_leaves_none_out() -> None:
    fine = AlarmReading(name="errors", state=AlarmState.OK)
    made = accepted(
        found(wishes={"alarms": {"also": ["errors"]}}, alarms=(fine,)),
        release=release(hotfix=True, reason="v1 crashes"),
    )
    assert made.alarms.excluded == ()


def test_a_hotfix_excuses_nothing_but_red_alarms() -> None:
    missing = AlarmReading(name="queue", state=AlarmState.MISSING)
    told = codes(
        found(wishes={"alarms": {"also": ["queue"]}}, alarms=(missing,), quota_instances=1),
        release=release(hotfix=True, reason="v1 crashes"),
    )
    assert set(told) == {"alarm.missing", "quota.too-low"}


def test_a_rollback_to_a_config_that_is_gone_is_refused() -> None:
    told = codes(
        found(served=(served("v0", "chat-v0"),), goal=None),
        request=Request(rollback=ENDPOINT),
        kind=Kind.ROLLBACK,
        release=None,
    )
    assert told == ["rollback.goal-gone"]


def test_the_target_of_a_release_is_named_as_the_plan_names_it() -> None:
    assert name_target(update(), None) == accepted(found()).target.config


def test_past_updates_teach_the_plan_its_pace() -> None:
    past = PastUpdate(
        instance_type="ml.g6e.2xlarge",
        model_bytes=16_000_000_000,
        launches=1,
        other_seconds=100,
        measured_seconds=1100,
    )
    assert accepted(found(past=(past,))).times.ready_seconds == 1000
