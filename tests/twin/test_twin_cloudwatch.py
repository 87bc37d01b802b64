"""CloudWatch through plain boto3: what goes in comes out, and what AWS refuses is refused."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from switchover_local.twin.clock import SteppedClock
from switchover_local.twin.twin import Twin

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
DIMENSIONS: Any = [{"Name": "EndpointName", "Value": "e"}, {"Name": "VariantName", "Value": "v"}]
ALARM: Any = {
    "AlarmName": "red",
    "Namespace": "Shop",
    "MetricName": "Errors",
    "Dimensions": DIMENSIONS,
    "Period": 60,
    "EvaluationPeriods": 2,
    "DatapointsToAlarm": 2,
    "ExtendedStatistic": "p99",
    "Threshold": 5.0,
    "ComparisonOperator": "GreaterThanThreshold",
    "TreatMissingData": "notBreaching",
}


@pytest.fixture
def twin() -> Twin:
    return Twin(clock=SteppedClock(NOON))


@pytest.fixture
def cloudwatch(twin: Twin) -> CloudWatchClient:
    client: CloudWatchClient = twin.client("cloudwatch")
    return client


def pass_seconds(twin: Twin, seconds: float) -> None:
    assert isinstance(twin.clock, SteppedClock)
    twin.clock.advance(seconds)


def publish(cloudwatch: CloudWatchClient, value: float, **more: Any) -> None:
    datum: Any = {"MetricName": "Errors", "Dimensions": DIMENSIONS, "Value": value}
    cloudwatch.put_metric_data(Namespace="Shop", MetricData=[datum | more])


def query(query_id: str, **more: Any) -> Any:
    metric = {"Namespace": "Shop", "MetricName": "Errors", "Dimensions": DIMENSIONS}
    return {"Id": query_id, "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}} | more


# --- alarms --------------------------------------------------------------------------------


def test_an_alarm_is_described_as_it_was_written_with_what_it_says(
    cloudwatch: CloudWatchClient,
) -> None:
    cloudwatch.put_metric_alarm(**ALARM)

    (described,) = cloudwatch.describe_alarms(AlarmNames=["red"])["MetricAlarms"]

    assert ALARM.items() <= dict(described).items()
    assert described["AlarmArn"] == "arn:aws:cloudwatch:us-east-1:000000000000:alarm:red"
    assert described["StateValue"] == "INSUFFICIENT_DATA"
    assert described["AlarmActions"] == []
    assert described["ActionsEnabled"] is True
    assert described["StateTransitionedTimestamp"] == NOON


def test_published_errors_turn_an_alarm_red(twin: Twin, cloudwatch: CloudWatchClient) -> None:
    cloudwatch.put_metric_alarm(**ALARM)
    publish(cloudwatch, 9)
    pass_seconds(twin, 60)
    publish(cloudwatch, 9)
    pass_seconds(twin, 119)
    early = cloudwatch.describe_alarms(StateValue="ALARM")["MetricAlarms"]
    pass_seconds(twin, 1)  # the second minute is over, and its data took another to come in

    red = cloudwatch.describe_alarms(StateValue="ALARM")["MetricAlarms"]

    assert early == []
    assert [alarm["AlarmName"] for alarm in red] == ["red"]
    assert red[0]["StateReason"].startswith("Threshold Crossed: 2 out of the last 2 datapoints")
    assert json.loads(red[0]["StateReasonData"])["statistic"] == "p99"


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ({}, ["blue", "red-1", "red-2"]),
        ({"AlarmNamePrefix": "red"}, ["red-1", "red-2"]),
        ({"AlarmNames": ["red-2", "blue", "nobody"]}, ["blue", "red-2"]),
        ({"StateValue": "OK"}, []),
        ({"StateValue": "INSUFFICIENT_DATA"}, ["blue", "red-1", "red-2"]),
        ({"ActionPrefix": "arn:aws:sns:us-east-1:111122223333:on-"}, ["blue"]),
        ({"AlarmTypes": ["CompositeAlarm"]}, []),
        ({"AlarmTypes": ["MetricAlarm"], "AlarmNamePrefix": "b"}, ["blue"]),
    ],
)
def test_alarms_are_found_by_name_prefix_state_action_and_type(
    cloudwatch: CloudWatchClient, question: Any, names: list[str]
) -> None:
    topic = "arn:aws:sns:us-east-1:111122223333:on-call"
    cloudwatch.put_metric_alarm(**ALARM | {"AlarmName": "red-1"})
    cloudwatch.put_metric_alarm(**ALARM | {"AlarmName": "red-2"})
    cloudwatch.put_metric_alarm(**ALARM | {"AlarmName": "blue", "OKActions": [topic]})

    found = cloudwatch.describe_alarms(**question)["MetricAlarms"]

    assert [alarm["AlarmName"] for alarm in found] == names


def test_names_and_a_prefix_together_are_refused(cloudwatch: CloudWatchClient) -> None:
    with pytest.raises(ClientError, match="InvalidParameterCombination"):
        cloudwatch.describe_alarms(AlarmNames=["a"], AlarmNamePrefix="b")


def test_the_paginator_finds_every_alarm_once(cloudwatch: CloudWatchClient) -> None:
    names = [f"alarm-{number:03}" for number in range(120)]
    for name in names:
        cloudwatch.put_metric_alarm(**ALARM | {"AlarmName": name})

    pages = list(cloudwatch.get_paginator("describe_alarms").paginate())

    assert [len(page["MetricAlarms"]) for page in pages] == [50, 50, 20]
    assert [alarm["AlarmName"] for page in pages for alarm in page["MetricAlarms"]] == names


def test_a_page_that_just_holds_all_has_no_next(cloudwatch: CloudWatchClient) -> None:
    cloudwatch.put_metric_alarm(**ALARM)

    assert "NextToken" not in cloudwatch.describe_alarms(MaxRecords=1)


def test_a_made_up_token_is_refused(cloudwatch: CloudWatchClient) -> None:
    with pytest.raises(cloudwatch.exceptions.InvalidNextToken):
        cloudwatch.describe_alarms(NextToken="page-2")


def test_alarms_on_a_metric_are_found_by_it(cloudwatch: CloudWatchClient) -> None:
    cloudwatch.put_metric_alarm(**ALARM)

    exact = cloudwatch.describe_alarms_for_metric(
        Namespace="Shop", MetricName="Errors", Dimensions=DIMENSIONS, ExtendedStatistic="p99"
    )
    wider = cloudwatch.describe_alarms_for_metric(Namespace="Shop", MetricName="Errors")

    assert [alarm["AlarmName"] for alarm in exact["MetricAlarms"]] == ["red"]
    assert wider["MetricAlarms"] == []


def test_a_history_tells_of_creation_transitions_and_deletion(
    twin: Twin, cloudwatch: CloudWatchClient
) -> None:
    cloudwatch.put_metric_alarm(**ALARM)
    pass_seconds(twin, 60)
    cloudwatch.set_alarm_state(AlarmName="red", StateValue="ALARM", StateReason="abort")
    cloudwatch.delete_alarms(AlarmNames=["red"])

    items = cloudwatch.describe_alarm_history(AlarmName="red", ScanBy="TimestampAscending")

    told = [(i["HistoryItemType"], i["HistorySummary"]) for i in items["AlarmHistoryItems"]]
    assert told == [
        ("ConfigurationUpdate", 'Alarm "red" created'),
        ("StateUpdate", "Alarm updated from INSUFFICIENT_DATA to OK"),
        ("StateUpdate", "Alarm updated from OK to ALARM"),
        ("ConfigurationUpdate", 'Alarm "red" deleted'),
    ]
    transition = json.loads(items["AlarmHistoryItems"][2]["HistoryData"])
    assert transition["newState"] == {"stateValue": "ALARM", "stateReason": "abort"}
    assert transition["oldState"]["stateReasonData"]["period"] == 60


def test_a_history_is_cut_to_kind_time_and_page(twin: Twin, cloudwatch: CloudWatchClient) -> None:
    cloudwatch.put_metric_alarm(**ALARM | {"TreatMissingData": "ignore"})
    for state in ("OK", "ALARM", "OK", "ALARM"):
        pass_seconds(twin, 600)
        cloudwatch.set_alarm_state(AlarmName="red", StateValue=state, StateReason="by hand")

    question: Any = {
        "AlarmName": "red",
        "HistoryItemType": "StateUpdate",
        "StartDate": NOON + timedelta(seconds=1200),
        "EndDate": NOON + timedelta(seconds=2400),
        "MaxRecords": 2,
    }
    first = cloudwatch.describe_alarm_history(**question)
    second = cloudwatch.describe_alarm_history(**question, NextToken=first["NextToken"])

    seconds = [
        (item["Timestamp"] - NOON).total_seconds()
        for item in first["AlarmHistoryItems"] + second["AlarmHistoryItems"]
    ]
    assert seconds == [2400, 1800, 1200]
    assert "NextToken" not in second


_TOPIC = "arn:aws:sns:us-east-1:000000000000:on-call"


@pytest.mark.parametrize(
    ("actions", "told"),
    [
        ({"AlarmActions": [_TOPIC]}, [f"Successfully executed action {_TOPIC}"]),
        ({"OKActions": [_TOPIC]}, []),
        ({"AlarmActions": [_TOPIC], "ActionsEnabled": False}, []),
        ({"AlarmActions": ["arn:aws:swf:us-east-1:000000000000:action/x"]}, []),
    ],
)
def test_a_history_tells_of_topics_that_were_told(
    cloudwatch: CloudWatchClient, actions: Any, told: list[str]
) -> None:
    cloudwatch.put_metric_alarm(**ALARM | actions)

    cloudwatch.set_alarm_state(AlarmName="red", StateValue="ALARM", StateReason="by hand")

    history = cloudwatch.describe_alarm_history(AlarmName="red", HistoryItemType="Action")
    assert [item["HistorySummary"] for item in history["AlarmHistoryItems"]] == told
    data = [json.loads(item["HistoryData"]) for item in history["AlarmHistoryItems"]]
    assert [item["notificationResource"] for item in data] == [_TOPIC] * len(told)


def test_setting_the_state_of_no_alarm_is_refused(cloudwatch: CloudWatchClient) -> None:
    with pytest.raises(cloudwatch.exceptions.ResourceNotFound):
        cloudwatch.set_alarm_state(AlarmName="none", StateValue="OK", StateReason="x")


def test_reason_data_that_is_no_json_is_refused(cloudwatch: CloudWatchClient) -> None:
    cloudwatch.put_metric_alarm(**ALARM)

    with pytest.raises(cloudwatch.exceptions.InvalidFormatFault):
        cloudwatch.set_alarm_state(
            AlarmName="red", StateValue="OK", StateReason="x", StateReasonData="{"
        )


def test_deleting_with_one_unknown_name_deletes_none(cloudwatch: CloudWatchClient) -> None:
    cloudwatch.put_metric_alarm(**ALARM)

    with pytest.raises(cloudwatch.exceptions.ResourceNotFound, match="nobody"):
        cloudwatch.delete_alarms(AlarmNames=["red", "nobody"])

    assert len(cloudwatch.describe_alarms()["MetricAlarms"]) == 1


def test_actions_can_be_switched_off_and_on(cloudwatch: CloudWatchClient) -> None:
    cloudwatch.put_metric_alarm(**ALARM)

    cloudwatch.disable_alarm_actions(AlarmNames=["red"])
    (off,) = cloudwatch.describe_alarms()["MetricAlarms"]
    cloudwatch.enable_alarm_actions(AlarmNames=["red"])
    (on,) = cloudwatch.describe_alarms()["MetricAlarms"]

    assert (off["ActionsEnabled"], on["ActionsEnabled"]) == (False, True)


def test_tags_are_kept_and_those_of_a_second_put_ignored(cloudwatch: CloudWatchClient) -> None:
    cloudwatch.put_metric_alarm(**ALARM, Tags=[{"Key": "update", "Value": "u-1"}])
    cloudwatch.put_metric_alarm(**ALARM, Tags=[{"Key": "update", "Value": "u-2"}])
    arn = cloudwatch.describe_alarms()["MetricAlarms"][0]["AlarmArn"]
    cloudwatch.tag_resource(ResourceARN=arn, Tags=[{"Key": "owner", "Value": "ml"}])

    tags = cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"]

    assert tags == [{"Key": "update", "Value": "u-1"}, {"Key": "owner", "Value": "ml"}]


def test_tags_of_a_deleted_alarm_are_gone(cloudwatch: CloudWatchClient) -> None:
    cloudwatch.put_metric_alarm(**ALARM)
    arn = cloudwatch.describe_alarms()["MetricAlarms"][0]["AlarmArn"]
    cloudwatch.delete_alarms(AlarmNames=["red"])

    with pytest.raises(cloudwatch.exceptions.ResourceNotFoundException):
        cloudwatch.list_tags_for_resource(ResourceARN=arn)


@pytest.mark.parametrize(
    "nonsense",
    [
        {"ComparisonOperator": "Exceeds"},
        {"Dimensions": [{"Name": "d", "Value": str(n)} for n in range(31)]},
        {"AlarmName": "x" * 256},
        {"Namespace": ":shop"},
        {"Period": 61},
    ],
)
def test_what_the_model_forbids_is_refused(cloudwatch: CloudWatchClient, nonsense: Any) -> None:
    with pytest.raises(ClientError, match=r"\(ValidationError\)"):
        cloudwatch.put_metric_alarm(**ALARM | nonsense)


# --- metrics -------------------------------------------------------------------------------


def test_metric_data_come_back_newest_first_with_math(
    twin: Twin, cloudwatch: CloudWatchClient
) -> None:
    for value in (1.0, 2.0, 4.0):
        publish(cloudwatch, value)
        pass_seconds(twin, 60)

    results = cloudwatch.get_metric_data(
        MetricDataQueries=[
            query("m1"),
            query("hidden", ReturnData=False),
            {"Id": "e1", "Expression": "hidden * 10", "Label": "tenfold"},
        ],
        StartTime=NOON,
        EndTime=NOON + timedelta(minutes=10),
    )["MetricDataResults"]

    assert [(r["Id"], r["Label"], r["Values"], r["StatusCode"]) for r in results] == [
        ("m1", "Errors", [4, 2, 1], "Complete"),
        ("e1", "tenfold", [40, 20, 10], "Complete"),
    ]
    assert results[0]["Timestamps"] == [NOON + timedelta(minutes=m) for m in (2, 1, 0)]


def test_metric_data_in_pages_add_up(twin: Twin, cloudwatch: CloudWatchClient) -> None:
    for value in (1.0, 2.0, 4.0):
        publish(cloudwatch, value)
        pass_seconds(twin, 60)
    question: Any = {
        "MetricDataQueries": [query("m1"), query("m2")],
        "StartTime": NOON,
        "EndTime": NOON + timedelta(minutes=10),
        "MaxDatapoints": 4,
        "ScanBy": "TimestampAscending",
    }

    first = cloudwatch.get_metric_data(**question)
    second = cloudwatch.get_metric_data(**question, NextToken=first["NextToken"])

    assert [r["Values"] for r in first["MetricDataResults"]] == [[1, 2, 4], [1]]
    assert [r["StatusCode"] for r in first["MetricDataResults"]] == ["Complete", "PartialData"]
    assert [r["Values"] for r in second["MetricDataResults"]] == [[], [2, 4]]


def test_a_start_within_a_minute_is_rounded_down(twin: Twin, cloudwatch: CloudWatchClient) -> None:
    publish(cloudwatch, 1)
    pass_seconds(twin, 90)

    (result,) = cloudwatch.get_metric_data(
        MetricDataQueries=[query("m1")],
        StartTime=NOON + timedelta(seconds=34),
        EndTime=NOON + timedelta(seconds=90),
    )["MetricDataResults"]

    assert result["Timestamps"] == [NOON]


def test_metric_statistics_come_in_rows(twin: Twin, cloudwatch: CloudWatchClient) -> None:
    publish(cloudwatch, 1, Unit="Count")
    publish(cloudwatch, 5, Unit="Count")
    pass_seconds(twin, 60)

    answer = cloudwatch.get_metric_statistics(
        Namespace="Shop",
        MetricName="Errors",
        Dimensions=DIMENSIONS,
        StartTime=NOON,
        EndTime=NOON + timedelta(minutes=5),
        Period=60,
        Statistics=["Average", "SampleCount"],
        ExtendedStatistics=["p99"],
    )

    assert answer["Label"] == "Errors"
    assert answer["Datapoints"] == [
        {
            "Timestamp": NOON,
            "Unit": "Count",
            "Average": 3.0,
            "SampleCount": 2.0,
            "ExtendedStatistics": {"p99": 5.0},
        }
    ]


def test_more_than_1440_datapoints_at_once_are_refused(cloudwatch: CloudWatchClient) -> None:
    with pytest.raises(ClientError, match=r"up to 1,441 datapoints, which exceeds .* 1,440"):
        cloudwatch.get_metric_statistics(
            Namespace="Shop",
            MetricName="Errors",
            StartTime=NOON - timedelta(minutes=1441),
            EndTime=NOON,
            Period=60,
            Statistics=["Sum"],
        )


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ({}, 2),
        ({"Namespace": "Shop"}, 2),
        ({"Namespace": "Other"}, 0),
        ({"MetricName": "Errors"}, 1),
        ({"Dimensions": [{"Name": "EndpointName"}]}, 1),
        ({"Dimensions": [{"Name": "EndpointName", "Value": "other"}]}, 0),
        ({"RecentlyActive": "PT3H"}, 1),
    ],
)
def test_metrics_are_listed_by_what_they_have(
    twin: Twin, cloudwatch: CloudWatchClient, question: Any, found: int
) -> None:
    cloudwatch.put_metric_data(Namespace="Shop", MetricData=[{"MetricName": "Sales", "Value": 1}])
    pass_seconds(twin, 4 * 3600)
    publish(cloudwatch, 1)

    listed = cloudwatch.list_metrics(**question)["Metrics"]

    assert len(listed) == found


def test_values_with_counts_are_as_many_values(twin: Twin, cloudwatch: CloudWatchClient) -> None:
    cloudwatch.put_metric_data(
        Namespace="Shop",
        MetricData=[
            {
                "MetricName": "Errors",
                "Dimensions": DIMENSIONS,
                "Values": [1.0, 100.0],
                "Counts": [98.0, 2.0],
            }
        ],
    )

    (result,) = cloudwatch.get_metric_data(
        MetricDataQueries=[
            query("m1")
            | {"MetricStat": query("m1")["MetricStat"] | {"Stat": "p98"}, "Label": "tail"}
        ],
        StartTime=NOON,
        EndTime=NOON + timedelta(minutes=1),
    )["MetricDataResults"]

    assert result["Values"] == [1.0]


_NAN_SUMMARY = {"SampleCount": 1.0, "Sum": math.nan, "Minimum": 0.0, "Maximum": 0.0}


@pytest.mark.parametrize(
    ("namespace", "datum", "code"),
    [
        ("AWS/SageMaker", {"Value": 1.0}, "InvalidParameterValue"),
        ("Shop", {"Value": math.nan}, "InvalidParameterValue"),
        ("Shop", {"Value": math.inf}, "InvalidParameterValue"),
        ("Shop", {"Values": [1.0, math.nan]}, "InvalidParameterValue"),
        ("Shop", {"StatisticValues": _NAN_SUMMARY}, "InvalidParameterValue"),
        ("Shop", {}, "MissingParameter"),
        ("Shop", {"Value": 1.0, "Values": [1.0]}, "InvalidParameterCombination"),
        ("Shop", {"Values": [1.0], "Counts": [1.0, 2.0]}, "InvalidParameterValue"),
        ("Shop", {"Value": 1.0, "StorageResolution": 10}, "InvalidParameterValue"),
        ("Shop", {"Value": 1.0, "Timestamp": NOON - timedelta(days=15)}, "InvalidParameterValue"),
        ("Shop", {"Value": 1.0, "Timestamp": NOON + timedelta(hours=3)}, "InvalidParameterValue"),
    ],
)
def test_a_datum_that_makes_no_sense_is_refused(
    cloudwatch: CloudWatchClient, namespace: str, datum: Any, code: str
) -> None:
    with pytest.raises(ClientError, match=code):
        cloudwatch.put_metric_data(
            Namespace=namespace, MetricData=[{"MetricName": "Errors"} | datum]
        )


def test_one_bad_datum_keeps_the_good_ones_out_too(cloudwatch: CloudWatchClient) -> None:
    good: Any = {"MetricName": "Errors", "Value": 1.0}
    bad: Any = {"MetricName": "Errors"}
    with pytest.raises(ClientError):
        cloudwatch.put_metric_data(Namespace="Shop", MetricData=[good, bad])

    assert cloudwatch.list_metrics()["Metrics"] == []


def test_what_is_not_modelled_says_so(cloudwatch: CloudWatchClient) -> None:
    with pytest.raises(ClientError, match="does not model"):
        cloudwatch.list_dashboards()
