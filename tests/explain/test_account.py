"""The text of an outcome for an on-call engineer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.support.samples import NEW, OLD, amend, endpoint, later, plan, reason, update

from switchover.domain.evidence import ContainerLog, Datapoint, Fleet, LogLine, Trip, say_trip
from switchover.domain.fleet import (
    Absent,
    AlarmState,
    CapacitySnapshot,
    EndpointStatus,
    ScalingReading,
)
from switchover.domain.naming import alarm_name
from switchover.domain.outcome import Outcome
from switchover.domain.plans.plan import Kind
from switchover.domain.reasons import Reason
from switchover.domain.serving import serving_of
from switchover.domain.units import say_roughly
from switchover.domain.update.records import Evidence
from switchover.domain.update.request import Request
from switchover.explain.account import tell_outcome
from switchover.explain.advice import advise

if TYPE_CHECKING:
    from switchover.domain.update.update import Update

LATENCY = alarm_name("chat", NEW, "latency")
TRIP = Trip(
    name=LATENCY,
    state=AlarmState.ALARM,
    at=later(300),
    fleet=Fleet.NEW,
    metric="ModelLatency",
    statistic="p99",
    comparison="GreaterThanThreshold",
    threshold=5_000_000,
    datapoints=(Datapoint(value=20_000_000), Datapoint(value=19_800_000)),
)
RED = Reason(
    code="alarm.went-red",
    subject=f"alarm {LATENCY}",
    message=say_trip(TRIP),
    remedy="Compare the new version's answers and latency with the old one's.",
)
LOG = ContainerLog(
    group="g",
    lines=(LogLine(at=later(290), stream="main/i-1", text="RuntimeError: CUDA out of memory"),),
)
MIXED = EndpointStatus.UPDATE_ROLLBACK_FAILED


def ended(outcome: Outcome = Outcome.ROLLED_BACK, **changes: Any) -> Update:
    return update(
        **{
            "outcome": outcome,
            "summary": f"chat is back on v1 (chat-v1), not on v2: {RED.subject}: went red …",
            "reasons": (RED,),
            "plan": plan(),
            "ended_at": later(900),
            "serving_config": OLD,
            "serving": serving_of(endpoint(), plan()),
            "evidence": Evidence(failure_reason="Alarms are firing.", alarms=(TRIP,), log=LOG),
            **changes,
        }
    )


def needs_operator(**reading: Any) -> Update:
    return ended(Outcome.NEEDS_OPERATOR, serving=serving_of(endpoint(**reading), plan()))


def commands(told: Update) -> list[str]:
    return [step.command for step in advise(told) if step.command]


def test_a_rollback_by_an_alarm_is_told_in_a_few_lines() -> None:
    assert tell_outcome(ended()) == (
        "chat is back on v1 (chat-v1), not on v2.",
        (
            "Why: alarm latency: went red at 12:05:00 UTC: p99 ModelLatency of the new fleet"
            " 20 s, 19.8 s (red above 5 s)."
        ),
        "SageMaker says: Alarms are firing.",
        "Container log: “RuntimeError: CUDA out of memory”",
        "Serves now: v1 (chat-v1), 4 instances (at 12:15:00 UTC).",
        "Next: Compare the new version's answers and latency with the old one's.",
        (
            "Next: v2 is marked bad and starts only by name:"
            " switchover start --endpoint chat --version v2"
        ),
        "More: switchover explain chat-v2-0a1b2c3d",
    )


@pytest.mark.parametrize("outcome", list(Outcome))
def test_no_outcome_takes_more_than_a_phones_screen(outcome: Outcome) -> None:
    crowded = ended(
        outcome,
        reasons=tuple(reason(f"code.n{n}", remedy=f"Do {n}.") for n in range(9)),
        release=update().release.model_copy(update={"hotfix": True, "reason": "broken"}),  # type: ignore[union-attr]
        serving=serving_of(endpoint(status=MIXED), plan()),
    )

    assert len(tell_outcome(crowded)) <= 12


def test_a_long_failure_reason_is_cut_to_what_a_phone_shows() -> None:
    told = tell_outcome(ended(evidence=Evidence(failure_reason="word " * 400)))

    assert max(len(line) for line in told) <= 220


def test_a_success_has_nothing_to_do() -> None:
    told = tell_outcome(
        ended(
            Outcome.UPDATED,
            summary="chat serves v2.",
            reasons=(),
            evidence=Evidence(),
            serving=serving_of(endpoint(config_name=plan().target.config), plan()),
        )
    )

    assert told == (
        "chat serves v2.",
        "Proven by the serving config; the model itself was not asked for its name.",
        f"Serves now: v2 ({plan().target.config}), 4 instances (at 12:15:00 UTC).",
        "Nothing to do.",
        "More: switchover explain chat-v2-0a1b2c3d",
    )


def test_a_success_tells_its_strategy_how_long_it_took_and_who_asked_why() -> None:
    told = tell_outcome(
        ended(
            Outcome.UPDATED,
            summary="chat serves v2.",
            reasons=(),
            moving_seconds=1500,
            offered_by=("arn:aws:iam::111122223333:user/kim",),
            request=Request(release="s3://models/releases/chat/v2/release.json", reason="emoji"),
        )
    )

    assert told[1] == (
        f"Moved by rolling, 4 instances in steps of 2, in 25 min (planned: about"
        f" {say_roughly(plan().times.expected_seconds)})."
    )
    assert told[2] == "Requested by user/kim (AWS identity, account 111122223333): “emoji”."


def test_a_rejection_tells_its_faults_with_their_remedies_and_counts_the_rest() -> None:
    told = tell_outcome(
        ended(
            Outcome.REJECTED,
            summary="chat is unchanged: file: field: is wrong. (and 6 more)",
            reasons=(reason(),) * 7,
        )
    )

    assert told[0] == "chat is unchanged."
    assert told[1:8] == ("- file: field: is wrong.", "→ Mend it.") * 3 + ("- and 4 more",)
    assert not any(line.startswith("Serves now") for line in told)


@pytest.mark.parametrize(
    ("failure", "advice"),
    [
        ("Unable to provision: InsufficientInstanceCapacity error.", "had no free instances"),
        ("The container did not pass the ping health check.", "read its log"),
        ("Request to service failed. If failure persists, …", "start the release again"),
    ],
)
def test_sagemakers_words_lead_to_advice(failure: str, advice: str) -> None:
    told = ended(evidence=Evidence(failure_reason=failure))

    assert advice in advise(told)[0].text


def test_a_release_that_was_not_to_blame_may_start_again() -> None:
    told = ended(evidence=Evidence(failure_reason="CapacityError: Unable to provision"))

    assert "v2 may start again" in advise(told)[-1].text


def test_a_rollback_that_went_back_offers_no_release() -> None:
    assert commands(ended(kind=Kind.ROLLBACK)) == []


def test_a_mix_is_left_with_the_way_back_and_the_way_on() -> None:
    told = needs_operator(status=MIXED)

    back, on = commands(told)
    assert f"--endpoint-config-name {OLD} " in back
    assert f"--endpoint-config-name {plan().target.config} " in on
    assert (
        "Serves now: a mix of configs, under the name of v1 (chat-v1), 4 instances (at 12:15:00 UTC)."
        in (tell_outcome(told))
    )


def test_a_failed_endpoint_is_deleted_before_it_is_made_again() -> None:
    delete, create = commands(needs_operator(status=EndpointStatus.FAILED))

    assert delete.startswith("aws sagemaker delete-endpoint")
    assert create.startswith("aws sagemaker create-endpoint")
    assert create.endswith(OLD)


def test_an_endpoint_that_is_gone_is_made_again() -> None:
    gone = serving_of(Absent(name="chat", read_at=later(0)), plan())

    told = ended(Outcome.NEEDS_OPERATOR, serving=gone)

    assert "Serves now: nothing: the endpoint doesn't exist (at 12:15:00 UTC)." in tell_outcome(
        told
    )
    assert [command.split()[2] for command in commands(told)] == ["create-endpoint"]


def test_somebody_elses_config_is_a_persons_decision() -> None:
    told = needs_operator(config_name="by-hand")

    assert commands(told) == ["switchover rollback chat --to v1"]


def test_an_update_that_never_settles_is_looked_at_again() -> None:
    told = needs_operator(
        status=EndpointStatus.UPDATING,
        pending_config_name=plan().target.config,
    )

    assert commands(told) == ["aws sagemaker describe-endpoint --endpoint-name chat"]
    assert any("still Updating" in line for line in tell_outcome(told))


def test_capacity_that_is_not_back_has_the_command_that_puts_it_back() -> None:
    target = {
        "MinCapacity": 1,
        "MaxCapacity": 8,
        "SuspendedState": {"ScheduledScalingSuspended": True},
    }
    snapshot = CapacitySnapshot(desired_instances=4, scaling=ScalingReading(target=target))

    off = reason("capacity.not-restored")
    told = amend(needs_operator(), snapshot=snapshot, reasons=(RED, off))

    [command] = commands(told)
    assert "--resource-id endpoint/chat/variant/main" in command
    assert "--min-capacity 1 --max-capacity 8" in command
    assert command.endswith("ScheduledScalingSuspended=true")


def of_other_capacity(noted: CapacitySnapshot | None, **wishes: Any) -> Update:
    return amend(
        needs_operator(),
        plan=plan(**wishes),
        snapshot=noted,
        reasons=(reason("capacity.not-restored"),),
    )


def test_a_fleet_that_did_not_get_its_size_back_has_the_command_that_resizes_it() -> None:
    noted = CapacitySnapshot(desired_instances=1, scaling=ScalingReading())

    [command] = commands(of_other_capacity(noted))

    assert command == (
        "aws sagemaker update-endpoint-weights-and-capacities --endpoint-name chat"
        " --desired-weights-and-capacities VariantName=main,DesiredInstanceCount=1"
    )


@pytest.mark.parametrize(
    ("wishes", "resizes"),
    [
        (
            {"capacity": {"during": {"min": 6, "max": 9}}},
            ["update-endpoint-weights-and-capacities"],
        ),
        ({}, []),
    ],
    ids=["raised-by-the-update", "left-to-scaling"],
)
def test_where_a_fleet_scales_it_is_resized_only_if_the_update_did(
    wishes: dict[str, Any], resizes: list[str]
) -> None:
    target = {"MinCapacity": 1, "MaxCapacity": 8}
    noted = CapacitySnapshot(desired_instances=7, scaling=ScalingReading(target=target))

    said = [command.split()[2] for command in commands(of_other_capacity(noted, **wishes))]

    assert said == ["register-scalable-target", *resizes]


@pytest.mark.parametrize(
    "noted", [None, CapacitySnapshot(desired_instances=4, scaling=ScalingReading())]
)
def test_a_capacity_of_which_too_little_is_known_is_looked_at(
    noted: CapacitySnapshot | None,
) -> None:
    assert commands(of_other_capacity(noted)) == [
        "aws sagemaker describe-endpoint --endpoint-name chat"
    ]


def test_a_release_that_could_not_be_taken_back_may_go_once_more_or_to_another_version() -> None:
    again, other = commands(needs_operator(config_name=plan().target.config))

    assert f"update-endpoint --endpoint-name chat --endpoint-config-name {OLD} " in again
    assert other == "switchover rollback chat --to VERSION"


FULL = Reason(
    code="aws.refused",
    subject="rollback of chat",
    message="AWS refused: The account-level service limit is 4.",
    remedy="Mend it.",
)
CRASHED = Reason(
    code="switchover.crashed", subject="state RollBack", message="failed: X.", remedy="See its log."
)


def told_of(*reasons: Reason, faults: tuple[Reason, ...] = (), failure: str = "") -> str:
    return "\n".join(
        tell_outcome(
            ended(
                Outcome.NEEDS_OPERATOR,
                reasons=reasons,
                way_back_faults=faults,
                evidence=Evidence(failure_reason=failure),
            )
        )
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (told_of(RED, FULL, faults=(FULL,)), "The rollback failed: AWS refused: The account-level"),
        (told_of(RED, CRASHED), "The rollback failed: failed: X."),
        (told_of(RED, FULL, CRASHED, faults=(FULL,)), "The rollback failed: failed: X."),
    ],
)
def test_why_it_is_not_back_stands_beside_why_it_had_to_go_back(text: str, says: str) -> None:
    assert "Why: alarm latency: went red" in text
    assert says in text
    assert text.count("The rollback failed") == 1
    assert "more" not in text.partition("Next")[0]


@pytest.mark.parametrize(
    "text",
    [
        told_of(RED),
        told_of(CRASHED),
        told_of(FULL, faults=(FULL,), failure="The account-level service limit is 4."),
    ],
)
def test_the_way_back_has_no_line_of_its_own_where_it_says_nothing_new(text: str) -> None:
    assert "The rollback failed" not in text
