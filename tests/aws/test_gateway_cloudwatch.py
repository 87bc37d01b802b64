"""CloudWatch alarms, against the twin and against AWS's own model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber
from tests.support.aws_models import faults_of
from tests.support.staging import Staging
from tests.support.storms import counted_calls

from switchover.aws.cloudwatch import CloudWatch
from switchover.domain.fleet import AlarmReading, AlarmState
from switchover.domain.plans.alarms import AlarmSpec, Scope, standing_alarms, update_alarms
from switchover.domain.policies.sections import Alarms
from switchover_local.twin.scenario import CallRate

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient

POLICY = Alarms()
SPECS = (
    *standing_alarms(POLICY, "chat", "main"),
    *update_alarms(POLICY, "chat", "main", "chat-v2"),
)
NAMES = [spec.name for spec in SPECS]
ABORT = next(spec.name for spec in SPECS if spec.scope is Scope.ABORT)


@pytest.fixture
def staging() -> Staging:
    return Staging()


@pytest.fixture
def gateway(staging: Staging) -> CloudWatch:
    return CloudWatch(staging.cloudwatch)


@pytest.fixture
def client() -> CloudWatchClient:
    return boto3.client(
        "cloudwatch",
        region_name="us-east-1",
        aws_access_key_id="none",
        aws_secret_access_key="none",  # noqa: S106
    )


def states(gateway: CloudWatch, names: list[str]) -> list[AlarmState]:
    return [alarm.state for alarm in gateway.read(names)]


# The fields that DescribeAlarms returns and PutMetricAlarm accepts.
_SETTINGS = (
    "AlarmName", "AlarmDescription", "Namespace", "MetricName", "Dimensions", "Statistic", "Period",
    "EvaluationPeriods", "DatapointsToAlarm", "Threshold", "ComparisonOperator", "TreatMissingData",
)  # fmt: skip
# These change with every put.
_TIMES = frozenset(
    {"AlarmConfigurationUpdatedTimestamp", "StateUpdatedTimestamp", "StateTransitionedTimestamp"}
)


def described(staging: Staging, name: str) -> list[dict[str, Any]]:
    found = staging.cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    return [{key: alarm[key] for key in alarm.keys() - _TIMES} for alarm in found]


def put_requests(client: CloudWatchClient, specs: tuple[AlarmSpec, ...]) -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = []
    client.meta.events.register(
        "provide-client-params.cloudwatch.PutMetricAlarm",
        lambda params, **_: sent.append(dict(params)),
    )
    with Stubber(client) as stub:
        for _ in range(0, len(specs), 100):
            stub.add_response("describe_alarms", {})
        for _ in specs:
            stub.add_response("put_metric_alarm", {})
        CloudWatch(client).ensure(specs)
    return sent


def test_every_alarm_is_one_that_cloudwatch_takes(client: CloudWatchClient) -> None:
    policies = (
        POLICY,
        Alarms.model_validate({"latency": {"limit_seconds": 3600, "statistic": "p99.9"}}),
        Alarms.model_validate({"period_seconds": 10, "evaluation_periods": 100}),
    )
    longest = "e" * 63
    specs = tuple(
        spec for policy in policies for spec in update_alarms(policy, longest, longest, longest)
    )
    requests = put_requests(client, specs)
    assert [faults_of("cloudwatch", "PutMetricAlarm", request) for request in requests] == [
        ""
    ] * len(specs)


def test_no_unit_is_named(client: CloudWatchClient) -> None:
    """An alarm with another Unit than the metric's sees nothing (rules §4)."""
    assert all("Unit" not in request for request in put_requests(client, SPECS))


def test_a_percentile_is_an_extended_statistic(client: CloudWatchClient) -> None:
    policy = Alarms.model_validate({"latency": {"limit_seconds": 5, "statistic": "p95"}})
    [request] = put_requests(client, standing_alarms(policy, "chat", "main")[:1])
    assert request["ExtendedStatistic"] == "p95"
    assert "Statistic" not in request


def test_an_average_is_a_plain_statistic(client: CloudWatchClient) -> None:
    request = put_requests(client, SPECS)[0]
    assert request["Statistic"] == "Average"
    assert "ExtendedStatistic" not in request


def test_ensured_alarms_exist_and_a_repeat_is_fine(gateway: CloudWatch) -> None:
    gateway.ensure(SPECS)
    gateway.ensure(SPECS)
    assert AlarmState.MISSING not in states(gateway, NAMES)


def test_an_alarm_that_is_as_wanted_is_not_put_again(staging: Staging, gateway: CloudWatch) -> None:
    gateway.ensure(SPECS)

    with counted_calls(staging.cloudwatch) as calls:
        gateway.ensure(SPECS)

    assert (calls["PutMetricAlarm"], calls["DescribeAlarms"]) == (0, 1)


@pytest.mark.parametrize(
    "changed",
    [
        {"Threshold": 0.5},
        {"Period": 300},
        {"Unit": "Percent"},
        {"Dimensions": [{"Name": "EndpointName", "Value": "another"}]},
        {"TreatMissingData": "breaching"},
        {"MetricName": "Invocation4XXErrors"},
        {"EvaluateLowSampleCountPercentile": "ignore"},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_an_alarm_that_somebody_changed_is_put_right(
    staging: Staging, gateway: CloudWatch, changed: dict[str, Any]
) -> None:
    gateway.ensure(SPECS)
    [wanted] = described(staging, NAMES[-1])
    settings = {key: wanted[key] for key in _SETTINGS if key in wanted}
    staging.cloudwatch.put_metric_alarm(**{**settings, **changed})

    gateway.ensure(SPECS)

    assert described(staging, NAMES[-1]) == [wanted]


def test_tries_that_are_throttled_add_up_to_all_alarms(
    staging: Staging, gateway: CloudWatch
) -> None:
    """An account may put 3 alarms a second: an update's own six never fit into one."""
    staging.twin.change_scenario(call_rates={"PutMetricAlarm": CallRate(per_second=3, burst=3)})
    with pytest.raises(ClientError, match="Rate exceeded"):
        gateway.ensure(SPECS)
    staging.clock.advance(1)

    gateway.ensure(SPECS)

    assert AlarmState.MISSING not in states(gateway, NAMES)


def test_alarms_are_read_in_the_order_asked(gateway: CloudWatch) -> None:
    gateway.ensure(SPECS)
    asked = [NAMES[3], "nobody", NAMES[0]]
    assert [alarm.name for alarm in gateway.read(asked)] == asked


def test_an_alarm_that_does_not_exist_is_missing(gateway: CloudWatch) -> None:
    assert gateway.read(["nobody"]) == (AlarmReading(name="nobody", state=AlarmState.MISSING),)


def test_nothing_asked_is_nothing_read(gateway: CloudWatch) -> None:
    assert gateway.read([]) == ()


def test_more_names_than_one_call_takes_are_read(staging: Staging, gateway: CloudWatch) -> None:
    """DescribeAlarms takes 100 names."""
    staging.put_alarm("last")
    found = gateway.read([*(f"nobody-{n}" for n in range(204)), "last"])
    assert len(found) == 205
    assert found[-1].state is not AlarmState.MISSING


def test_composite_alarms_are_asked_for_too(client: CloudWatchClient) -> None:
    """DescribeAlarms tells metric alarms alone unless AlarmTypes says otherwise (rules §2.7)."""
    answer: Any = {
        "CompositeAlarms": [{"AlarmName": "all", "StateValue": "ALARM", "StateReason": "two"}]
    }
    asked = {"AlarmNames": ["all"], "AlarmTypes": ["MetricAlarm", "CompositeAlarm"]}
    with Stubber(client) as stub:
        stub.add_response("describe_alarms", answer, asked)
        [alarm] = CloudWatch(client).read(["all"])
    assert (alarm.state, alarm.reason) == (AlarmState.ALARM, "two")


def test_a_tripped_alarm_is_red_with_our_reason(gateway: CloudWatch) -> None:
    gateway.ensure(SPECS)
    gateway.trip(ABORT, "Switchover chat-v2: golden request failed")
    [alarm] = gateway.read([ABORT])
    assert alarm.state is AlarmState.ALARM
    assert "golden request failed" in alarm.reason


def test_a_tripped_abort_alarm_stays_red(staging: Staging, gateway: CloudWatch) -> None:
    """The alarm has no data, and `ignore` keeps the state that was set."""
    gateway.ensure(SPECS)
    gateway.trip(ABORT, "stop")
    staging.clock.advance(1800)
    assert states(gateway, [ABORT]) == [AlarmState.ALARM]


def test_a_published_abort_turns_the_alarm_red_by_evaluation(
    staging: Staging, gateway: CloudWatch
) -> None:
    """Red by hand before, it changes its state anew, and stays red."""
    [spec] = [spec for spec in SPECS if spec.name == ABORT]
    gateway.ensure(SPECS)
    gateway.trip(ABORT, "stop")

    gateway.publish_abort(spec)
    before = states(gateway, [ABORT])
    staging.clock.advance(120)
    after = states(gateway, [ABORT])
    staging.clock.advance(1800)

    assert (before, after) == ([AlarmState.OK], [AlarmState.ALARM])
    assert states(gateway, [ABORT]) == [AlarmState.ALARM]


def test_what_is_published_is_what_aws_takes(client: CloudWatchClient) -> None:
    sent: list[dict[str, Any]] = []
    client.meta.events.register(
        "provide-client-params.cloudwatch.PutMetricData",
        lambda params, **_: sent.append(dict(params)),
    )
    [spec] = [spec for spec in SPECS if spec.name == ABORT]
    with Stubber(client) as stub:
        stub.add_response("set_alarm_state", {})
        stub.add_response("put_metric_data", {})
        CloudWatch(client).publish_abort(spec)

    assert [faults_of("cloudwatch", "PutMetricData", request) for request in sent] == [""]


def test_a_long_reason_is_cut_to_what_cloudwatch_takes(gateway: CloudWatch) -> None:
    """StateReason: at most 1023 characters."""
    gateway.ensure(SPECS)
    gateway.trip(ABORT, "x" * 5000)
    assert states(gateway, [ABORT]) == [AlarmState.ALARM]


def test_removed_alarms_are_gone_and_a_repeat_is_fine(gateway: CloudWatch) -> None:
    gateway.ensure(SPECS)
    gateway.remove(NAMES)
    gateway.remove(NAMES)
    assert set(states(gateway, NAMES)) == {AlarmState.MISSING}


def test_removing_leaves_other_alarms(staging: Staging, gateway: CloudWatch) -> None:
    gateway.ensure(SPECS)
    staging.put_alarm()
    gateway.remove(NAMES)
    assert states(gateway, ["guard"]) != [AlarmState.MISSING]
