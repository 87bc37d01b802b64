"""What CloudWatch and Application Auto Scaling have no room for, and what must not tie up the twin."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.support.staging import START, Staging, refusal_of

from switchover_local.twin.scenario import Scenario, Switches

_LATEST = datetime(9999, 12, 31, tzinfo=UTC)
_FIRST = datetime(1, 1, 2, tzinfo=UTC)


def _put(staging: Staging, **datum: object) -> None:
    staging.cloudwatch.put_metric_data(
        Namespace="n", MetricData=[{"MetricName": "m", "Timestamp": START, **datum}]
    )


def _statistics(staging: Staging, *extended: str) -> dict[str, Any]:
    (point,) = staging.cloudwatch.get_metric_statistics(
        Namespace="n",
        MetricName="m",
        StartTime=START,
        EndTime=START + timedelta(minutes=1),
        Period=60,
        Statistics=["Sum", "SampleCount", "Minimum", "Maximum", "Average"],
        ExtendedStatistics=["p50", *extended],
    )["Datapoints"]
    return dict(point)


@pytest.mark.parametrize(
    "datum",
    [
        pytest.param({"Value": float("nan")}, id="nan"),
        pytest.param({"Value": float("inf")}, id="infinity"),
        pytest.param({"Value": 2.0**360 * 1.01}, id="over-2-to-360"),
        pytest.param({"Value": -(2.0**360) * 1.01}, id="under-minus-2-to-360"),
        pytest.param({"Values": [1.0, float("nan")]}, id="nan-among-values"),
        pytest.param({"Values": [1.0], "Counts": [float("nan")]}, id="nan-times"),
        pytest.param({"Values": [1.0], "Counts": [-1.0]}, id="minus-once"),
        pytest.param({"Values": [1.0], "Counts": [1.0, 1.0]}, id="a-count-too-many"),
        pytest.param({"Values": [1.0, 2.0], "Counts": [1.0]}, id="a-count-too-few"),
        pytest.param({"Values": [float(n) for n in range(151)]}, id="151-values"),
        pytest.param({"Value": 1.0, "StorageResolution": 30}, id="another-resolution"),
        pytest.param({"Value": 1.0, "Timestamp": START - timedelta(days=15)}, id="too-old"),
        pytest.param({"Value": 1.0, "Timestamp": START + timedelta(hours=3)}, id="too-new"),
        pytest.param({"Value": 1.0, "Timestamp": _FIRST}, id="in-the-first-year"),
        pytest.param({"Value": 1.0, "Timestamp": _LATEST}, id="in-the-last-year"),
        pytest.param(
            {"StatisticValues": {"SampleCount": 2, "Sum": 3, "Minimum": 2, "Maximum": 1}},
            id="minimum-over-maximum",
        ),
        pytest.param(
            {"StatisticValues": {"SampleCount": -2, "Sum": 3, "Minimum": 1, "Maximum": 2}},
            id="minus-two-samples",
        ),
    ],
)
def test_a_datum_that_cloudwatch_has_no_room_for_is_refused(datum: dict[str, Any]) -> None:
    staging = Staging()

    with pytest.raises(ClientError) as refused:
        _put(staging, **datum)

    assert refusal_of(refused.value)[0] == "InvalidParameterValue"
    assert staging.cloudwatch.list_metrics()["Metrics"] == []


@pytest.mark.parametrize(
    "datum",
    [
        {"Value": 2.0**360},
        {"Value": -(2.0**360)},
        {"Values": [float(n) for n in range(150)]},
        {"Value": 1.0, "Timestamp": START - timedelta(days=14)},
        {"Value": 1.0, "Timestamp": START + timedelta(hours=2)},
    ],
)
def test_a_datum_just_within_its_bounds_is_taken(datum: dict[str, Any]) -> None:
    staging = Staging()

    _put(staging, **datum)

    assert len(staging.cloudwatch.list_metrics()["Metrics"]) == 1


def test_a_thousand_metrics_go_into_one_request_and_no_more() -> None:
    staging = Staging()
    data = [{"MetricName": f"m{number}", "Value": 1.0} for number in range(1_001)]

    staging.cloudwatch.put_metric_data(Namespace="n", MetricData=data[:1_000])

    with pytest.raises(ClientError, match="must not have a size greater than 1000"):
        staging.cloudwatch.put_metric_data(Namespace="n", MetricData=data)


def test_a_billion_values_take_no_more_room_than_their_count() -> None:
    staging = Staging()
    began = time.process_time()

    _put(staging, Values=[1.0, 2.0, 3.0], Counts=[1e9, 8e9, 1e9])
    _put(staging, Value=9.0)

    point = _statistics(staging, "p5", "p95", "p100")
    assert point["SampleCount"] == 10e9 + 1
    assert point["ExtendedStatistics"] == {"p5": 1.0, "p50": 2.0, "p95": 3.0, "p100": 9.0}
    assert time.process_time() - began < 5


def test_a_value_that_occurred_no_times_did_not_occur() -> None:
    staging = Staging()

    _put(staging, Values=[1.0, 500.0], Counts=[2.0, 0.0])

    assert _statistics(staging)["Maximum"] == 1.0


def test_no_samples_are_no_data() -> None:
    staging = Staging()

    _put(staging, StatisticValues={"SampleCount": 0.0, "Sum": 0.0, "Minimum": 0.0, "Maximum": 0.0})

    assert staging.cloudwatch.list_metrics()["Metrics"] == []


@pytest.mark.parametrize("expression", ["m1", "FILL(m1, 0)", "FILL(m1, REPEAT)"])
def test_ten_thousand_years_are_looked_through_at_once(expression: str) -> None:
    staging = Staging()
    _put(staging, Value=5.0)
    metric = {"Namespace": "n", "MetricName": "m"}
    began = time.process_time()

    answer = staging.cloudwatch.get_metric_data(
        StartTime=_FIRST,
        EndTime=_LATEST,
        MetricDataQueries=[
            {
                "Id": "m1",
                "MetricStat": {"Metric": metric, "Stat": "Sum", "Period": 60},
                "ReturnData": False,
            },
            {"Id": "e1", "Expression": expression},
        ],
    )

    assert max(answer["MetricDataResults"][0]["Values"]) == 5.0
    assert time.process_time() - began < 10


@pytest.mark.parametrize("missing", ["Namespace", "MetricName"])
def test_a_query_for_a_metric_without_a_name_is_refused(missing: str) -> None:
    metric = {"Namespace": "n", "MetricName": "m"}
    del metric[missing]

    with pytest.raises(ClientError, match=f"The parameter {missing} is required"):
        Staging().cloudwatch.get_metric_data(
            StartTime=START,
            EndTime=START + timedelta(hours=1),
            MetricDataQueries=[
                {"Id": "m1", "MetricStat": {"Metric": metric, "Stat": "Sum", "Period": 60}}
            ],
        )


@pytest.mark.parametrize(
    "expression",
    [
        pytest.param("(" * 400 + "m1" + ")" * 400, id="parentheses"),
        pytest.param("-" * 1000 + "m1", id="minus-signs"),
        pytest.param("ABS(" * 300 + "m1" + ")" * 300, id="functions"),
        pytest.param("m1" + "+m1" * 600, id="a-long-sum"),
        pytest.param("m1\0", id="a-zero-byte"),
        pytest.param("m1; m1", id="two-statements"),
        pytest.param("[x for x in m1]", id="a-loop"),
        pytest.param("__import__('os')", id="an-import"),
        pytest.param("m1.real", id="an-attribute"),
        pytest.param("(lambda: m1)()", id="a-function"),
    ],
)
def test_an_expression_is_worked_out_or_refused(expression: str) -> None:
    staging = Staging()
    _put(staging, Value=5.0)
    stat = {"Metric": {"Namespace": "n", "MetricName": "m"}, "Stat": "Sum", "Period": 60}

    answered = _outcome(
        lambda: staging.cloudwatch.get_metric_data(
            StartTime=START,
            EndTime=START + timedelta(hours=1),
            MetricDataQueries=[
                {"Id": "m1", "MetricStat": stat},
                {"Id": "e1", "Expression": expression},
            ],
        )
    )

    assert answered in {"answered", "ValidationError"}


def _outcome(call: Any) -> str:
    try:
        call()
    except ClientError as error:
        return refusal_of(error)[0]
    return "answered"


@pytest.mark.parametrize(
    ("rule", "outcome"),
    [
        pytest.param("(" * 166 + "TRUE" + ")" * 166, "answered", id="166-levels"),
        pytest.param("(" * 2_000 + "TRUE" + ")" * 2_000, "ValidationError", id="2000-levels"),
        pytest.param("NOT " * 2_500 + "TRUE", "answered", id="2500-negations"),
        pytest.param(" OR ".join(["TRUE"] * 500), "answered", id="500-elements"),
        pytest.param(" OR ".join(["TRUE"] * 501), "ValidationError", id="501-elements"),
        pytest.param("(TRUE AND " * 160 + "FALSE" + ")" * 160, "answered", id="mixed-levels"),
        pytest.param("(", "ValidationError", id="half"),
        pytest.param("TRUE TRUE", "ValidationError", id="without-operator"),
        pytest.param('ALARM("', "ValidationError", id="half-a-name"),
    ],
)
def test_an_alarm_rule_has_up_to_500_elements(rule: str, outcome: str) -> None:
    staging = Staging()

    answered = _outcome(
        lambda: staging.cloudwatch.put_composite_alarm(AlarmName="c", AlarmRule=rule)
    )

    assert answered == outcome


def test_a_composite_alarm_has_tags_too() -> None:
    staging = Staging()
    staging.put_alarm()
    tags = [{"Key": "k", "Value": "v"}]

    staging.cloudwatch.put_composite_alarm(AlarmName="c", AlarmRule="ALARM(guard)", Tags=tags)

    arn = "arn:aws:cloudwatch:us-east-1:000000000000:alarm:c"
    assert staging.cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"] == tags
    staging.cloudwatch.delete_alarms(AlarmNames=["c"])
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        staging.cloudwatch.list_tags_for_resource(ResourceARN=arn)


@pytest.mark.parametrize("target", [float("nan"), float("inf"), 2.0**361, -(2.0**361)])
def test_a_target_value_that_scaling_has_no_room_for_is_refused(target: float) -> None:
    staging = Staging().begin()
    scaling = staging.twin.client("application-autoscaling")
    variant = {
        "ServiceNamespace": "sagemaker",
        "ResourceId": "endpoint/demo/variant/main",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
    }
    scaling.register_scalable_target(**variant, MinCapacity=1, MaxCapacity=4)

    with pytest.raises(ClientError, match="TargetValue must be in the range"):
        scaling.put_scaling_policy(
            **variant,
            PolicyName="p",
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration={"TargetValue": target},
        )


@pytest.mark.parametrize(("switch", "state"), [(True, "OK"), (False, "ALARM")])
def test_the_switch_for_older_good_data_reaches_the_alarms(switch: bool, state: str) -> None:  # noqa: FBT001
    scenario = Scenario(switches=Switches(good_data_holds_alarm_back=switch))
    staging = Staging(scenario)
    staging.cloudwatch.put_metric_alarm(
        AlarmName="a",
        Namespace="n",
        MetricName="m",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=3,
        DatapointsToAlarm=2,
        Threshold=1.0,
        ComparisonOperator="GreaterThanThreshold",
    )
    _put(staging, Value=0.0)
    _put(staging, Value=9.0, Timestamp=START + timedelta(minutes=2))

    staging.clock.advance(300)

    assert staging.twin.alarms.state("a") == state


def test_too_few_samples_are_those_of_the_datapoints_that_are_judged() -> None:
    staging = Staging()
    staging.cloudwatch.put_metric_alarm(
        AlarmName="a",
        Namespace="n",
        MetricName="m",
        ExtendedStatistic="p50",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1.0,
        ComparisonOperator="GreaterThanThreshold",
        EvaluateLowSampleCountPercentile="ignore",
    )
    _put(staging, Value=9.0)  # one value, and nothing in the minute after it

    staging.clock.advance(180)

    assert staging.twin.alarms.state("a") == "INSUFFICIENT_DATA"


@pytest.mark.parametrize("size", [0, -1, -(2**31)])
def test_a_page_of_nothing_is_refused(size: int) -> None:
    staging = Staging()
    scaling = staging.twin.client("application-autoscaling")
    stat = {"Metric": {"Namespace": "n", "MetricName": "m"}, "Stat": "Sum", "Period": 60}

    outcomes = (
        _outcome(
            lambda: scaling.describe_scalable_targets(ServiceNamespace="sagemaker", MaxResults=size)
        ),
        _outcome(
            lambda: staging.cloudwatch.get_metric_data(
                StartTime=START,
                EndTime=START + timedelta(hours=1),
                MetricDataQueries=[{"Id": "m1", "MetricStat": stat}],
                MaxDatapoints=size,
            )
        ),
    )

    assert outcomes == ("ValidationException", "ValidationError")


def test_reason_data_that_nest_without_end_are_no_json() -> None:
    staging = Staging()
    staging.put_alarm()

    with pytest.raises(ClientError, match="StateReasonData is not valid JSON"):
        staging.cloudwatch.set_alarm_state(
            AlarmName="guard", StateValue="OK", StateReason="r", StateReasonData="[" * 4_000
        )


def test_a_text_that_is_too_long_by_far_is_refused_at_once() -> None:
    scaling = Staging().twin.client("application-autoscaling")
    began = time.process_time()

    with pytest.raises(ClientError, match="less than or equal to 1011"):
        scaling.list_tags_for_resource(ResourceARN="arn:" + ":application-autoscaling:" * 40_000)

    assert time.process_time() - began < 5
