"""The evidence for why an update failed, read from the twin and from AWS's own shapes."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ReadTimeoutError
from botocore.stub import Stubber
from tests.support.samples import ENDPOINT, amend_plan, course, endpoint, later, plan, update
from tests.support.staging import START, Staging

from switchover.aws.container_logs import ContainerLogs
from switchover.aws.failure_evidence import FailureEvidence
from switchover.domain.evidence import ContainerLog, Fleet
from switchover.domain.observing import Observation

if TYPE_CHECKING:
    from datetime import datetime

    from mypy_boto3_cloudwatch import CloudWatchClient

    from switchover.domain.plans.plan import Plan

GROUP = f"/aws/sagemaker/Endpoints/{ENDPOINT}"


class SilentLogs(ContainerLogs):
    """Nobody wrote anything; remembers what was asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, datetime, datetime]] = []

    def read(self, endpoint: str, variant: str, since: datetime, until: datetime) -> ContainerLog:
        self.asked.append((endpoint, variant, since, until))
        return ContainerLog(group="nothing", note="silent")


@pytest.fixture
def staging() -> Staging:
    return Staging()


@pytest.fixture
def client() -> CloudWatchClient:
    return boto3.client(
        "cloudwatch",
        region_name="us-east-1",
        aws_access_key_id="none",
        aws_secret_access_key="none",  # noqa: S106
    )


def guarded_by(*names: str) -> Plan:
    return amend_plan(plan(), alarms=(), listed_alarms=names)


def trips_of(client: CloudWatchClient, *names: str, since: datetime = START) -> list[Any]:
    return list(FailureEvidence(client, SilentLogs()).trips(guarded_by(*names), since))


def metric_alarm(**changes: Any) -> dict[str, Any]:
    return {
        "AlarmName": "guard",
        "StateValue": "OK",
        "StateUpdatedTimestamp": later(300),
        "MetricName": "ModelLatency",
        "ExtendedStatistic": "p99",
        "ComparisonOperator": "GreaterThanThreshold",
        "Threshold": 5_000_000.0,
        "Period": 60,
        "Dimensions": [
            {"Name": "EndpointName", "Value": ENDPOINT},
            {"Name": "VariantName", "Value": "main"},
            {"Name": "EndpointConfigName", "Value": plan().target.config},
        ],
        **changes,
    }


# As the CloudWatch User Guide's sample event has it ("Alarm events and EventBridge").
REASON_DATA = (
    '{"version":"1.0","queryDate":"2026-01-05T12:04:59.000+0000",'
    '"startDate":"2026-01-05T12:02:00.000+0000","statistic":"p99","period":60,'
    '"recentDatapoints":[20000000.0,19800000.0],"threshold":5000000.0,"evaluatedDatapoints":['
    '{"timestamp":"2026-01-05T12:03:00.000+0000","sampleCount":9.0,"value":19800000.0},'
    '{"timestamp":"2026-01-05T12:02:00.000+0000","sampleCount":8.0,"value":20000000.0}]}'
)


def history(reason_data: str = REASON_DATA) -> dict[str, Any]:
    return {
        "AlarmName": "guard",
        "Timestamp": later(299),
        "HistoryData": (
            '{"newState": {"stateValue": "ALARM", "stateReason": "crossed",'
            f' "stateReasonData": {reason_data}}}}}'
        ),
    }


def told(client: CloudWatchClient, alarm: dict[str, Any], *items: dict[str, Any]) -> list[Any]:
    with Stubber(client) as stub:
        stub.add_response("describe_alarms", {"MetricAlarms": [alarm]})
        stub.add_response("describe_alarm_history", {"AlarmHistoryItems": list(items)})
        return trips_of(client, "guard", since=later(0))


def test_an_alarm_that_is_quiet_again_is_still_evidence(staging: Staging) -> None:
    staging.put_alarm()
    staging.clock.advance(60)
    staging.set_alarm("ALARM")
    staging.clock.advance(60)
    staging.set_alarm("OK")

    [trip] = trips_of(staging.cloudwatch, "guard")

    assert (trip.name, trip.reason, trip.at) == ("guard", "by hand", START + timedelta(seconds=60))


def test_an_alarm_of_before_the_update_is_no_evidence(staging: Staging) -> None:
    staging.put_alarm()
    staging.clock.advance(60)
    staging.set_alarm("ALARM")
    staging.clock.advance(60)
    staging.set_alarm("OK")

    assert trips_of(staging.cloudwatch, "guard", since=START + timedelta(seconds=90)) == []


def test_an_alarm_that_is_red_since_before_is_told_by_what_it_says_now(staging: Staging) -> None:
    staging.put_alarm()
    staging.clock.advance(60)
    staging.set_alarm("ALARM")

    [trip] = trips_of(staging.cloudwatch, "guard", since=START + timedelta(seconds=90))

    assert (trip.reason, trip.at) == ("by hand", START + timedelta(seconds=60))


def test_an_alarm_that_stayed_quiet_is_no_evidence(staging: Staging) -> None:
    staging.put_alarm()
    staging.set_alarm("OK")

    assert trips_of(staging.cloudwatch, "guard", "nobody") == []


def test_what_was_measured_is_told_with_its_fleet(client: CloudWatchClient) -> None:
    [trip] = told(client, metric_alarm(), history())

    assert (trip.metric, trip.statistic, trip.fleet) == ("ModelLatency", "p99", Fleet.NEW)
    assert (trip.comparison, trip.threshold) == ("GreaterThanThreshold", 5_000_000.0)
    assert [(point.at, point.value) for point in trip.datapoints] == [
        (later(120), 20_000_000.0),
        (later(180), 19_800_000.0),
    ]


def test_older_reason_data_has_its_times_by_start_and_period(client: CloudWatchClient) -> None:
    bare = '{"startDate":"2026-01-05T12:02:00.000+0000","period":60,"recentDatapoints":[1.0,2.0]}'

    [trip] = told(client, metric_alarm(), history(bare))

    assert [(point.at, point.value) for point in trip.datapoints] == [
        (later(120), 1.0),
        (later(180), 2.0),
    ]


@pytest.mark.parametrize("written", ['"no JSON in it"', "[1, 2]", '{"recentDatapoints": "?"}'])
def test_reason_data_of_somebodys_own_is_no_datapoint(
    client: CloudWatchClient, written: str
) -> None:
    """SetAlarmState takes any JSON."""
    [trip] = told(client, metric_alarm(), history(written))

    assert (trip.reason, trip.datapoints) == ("crossed", ())


def test_an_expression_is_told_by_its_label_and_its_fleet(client: CloudWatchClient) -> None:
    metric = {
        "Namespace": "AWS/SageMaker",
        "MetricName": "Invocations",
        "Dimensions": [{"Name": "EndpointName", "Value": ENDPOINT}],
    }
    queries = [
        {"Id": "a", "Expression": "b / 2", "Label": "share", "ReturnData": True},
        {
            "Id": "b",
            "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"},
            "ReturnData": False,
        },
    ]
    alarm = metric_alarm(Metrics=queries, Dimensions=[])
    del alarm["MetricName"], alarm["ExtendedStatistic"]

    [trip] = told(client, alarm, history())

    assert (trip.metric, trip.fleet) == ("share", Fleet.BOTH)


def test_a_composite_alarm_is_evidence_too(client: CloudWatchClient) -> None:
    alarm = {"AlarmName": "all", "StateValue": "OK", "StateUpdatedTimestamp": later(300)}
    with Stubber(client) as stub:
        stub.add_response("describe_alarms", {"CompositeAlarms": [alarm]})
        stub.add_response("describe_alarm_history", {"AlarmHistoryItems": [history("{}")]})
        [trip] = trips_of(client, "all", since=later(0))

    assert (trip.name, trip.metric, trip.fleet) == ("all", "", Fleet.OTHER)


def test_every_page_of_an_alarms_history_is_read(client: CloudWatchClient) -> None:
    with Stubber(client) as stub:
        stub.add_response("describe_alarms", {"MetricAlarms": [metric_alarm()]})
        stub.add_response("describe_alarm_history", {"AlarmHistoryItems": [], "NextToken": "more"})
        stub.add_response("describe_alarm_history", {"AlarmHistoryItems": [history()]})
        [trip] = trips_of(client, "guard", since=later(0))

    assert trip.reason == "crossed"


def test_the_log_is_asked_for_up_to_the_first_red_alarm(staging: Staging) -> None:
    """A stream that begins later belongs to the rollback's instances, with the previous config."""
    staging.put_alarm()
    staging.clock.advance(60)
    staging.set_alarm("ALARM")
    logs = SilentLogs()
    running = update(
        plan=guarded_by("guard"),
        started_at=START,
        course=course(started_at=START + timedelta(seconds=30)),
    )
    seen = Observation(endpoint=endpoint(read_at=later(600), failure_reason="Alarm guard"))

    evidence = FailureEvidence(staging.cloudwatch, logs).gather(running, seen)

    assert logs.asked == [(ENDPOINT, "main", START, START + timedelta(seconds=60))]
    assert evidence.failure_reason == "Alarm guard"
    assert [trip.name for trip in evidence.alarms] == ["guard"]


def test_without_a_red_alarm_the_log_is_asked_for_up_to_now(staging: Staging) -> None:
    logs = SilentLogs()
    running = update(plan=guarded_by("guard"), started_at=START, course=course(started_at=START))
    seen = Observation(endpoint=endpoint(read_at=later(600)))

    FailureEvidence(staging.cloudwatch, logs).gather(running, seen)

    assert logs.asked == [(ENDPOINT, "main", START, later(600))]


def test_a_test_that_failed_has_the_log_of_before_the_way_back(staging: Staging) -> None:
    logs = SilentLogs()
    running = update(
        plan=guarded_by("guard"), started_at=START, course=course(started_at=later(900))
    )

    FailureEvidence(staging.cloudwatch, logs).log_of(running)

    assert logs.asked == [(ENDPOINT, "main", START, later(900))]


def ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)


class WrittenLogs:
    """CloudWatch Logs with streams that began when a test says, each with one burst of lines."""

    def __init__(self, *streams: tuple[str, datetime, tuple[str, ...]]) -> None:
        self._streams = streams

    def get_paginator(self, operation: str) -> WrittenLogs:
        assert operation == "describe_log_streams"
        return self

    def paginate(self, **request: str) -> list[dict[str, Any]]:
        assert request == {"logGroupName": GROUP, "logStreamNamePrefix": "main/"}
        return [
            {"logStreams": [{"logStreamName": name, "creationTime": ms(begun)}]}
            for name, begun, _ in self._streams
        ]

    def get_log_events(self, **request: Any) -> dict[str, Any]:
        [(begun, lines)] = [
            (begun, lines)
            for name, begun, lines in self._streams
            if name == request["logStreamName"]
        ]
        stamped = [{"timestamp": ms(begun) + n, "message": text} for n, text in enumerate(lines)]
        inside = [e for e in stamped if request["startTime"] <= e["timestamp"] < request["endTime"]]
        return {"events": inside[-request["limit"] :], "nextBackwardToken": "b/end"}


def test_the_lines_are_of_the_instances_that_came_up_since() -> None:
    logs = WrittenLogs(
        ("main/i-old", later(-900), ("ERROR of the old fleet",)),
        ("main/i-new", later(30), ("loading", "CUDA out of memory")),
        ("main/i-back", later(150), ("ERROR on the way back",)),
    )

    log = ContainerLogs(logs).read(ENDPOINT, "main", later(0), later(120))

    assert [(line.stream, line.text) for line in log.lines] == [
        ("main/i-new", "CUDA out of memory")
    ]
    assert (log.group, log.note) == (GROUP, "")


def test_no_new_instance_that_printed_is_said() -> None:
    logs = WrittenLogs(("main/i-old", later(-900), ("ERROR of the old fleet",)))

    log = ContainerLogs(logs).read(ENDPOINT, "main", later(0), later(60))

    assert (log.lines, log.note) == ((), "the new fleet's containers wrote nothing.")


def test_a_missing_log_group_is_said(aws: None) -> None:
    missing = boto3.client("logs", region_name="us-east-1")

    log = ContainerLogs(missing).read(ENDPOINT, "main", later(0), later(60))

    assert (log.lines, log.note) == ((), "there is no container log.")


def test_a_log_that_may_not_be_read_is_said(aws: None) -> None:
    denied = boto3.client("logs", region_name="us-east-1")
    with Stubber(denied) as stub:
        stub.add_client_error("describe_log_streams", "AccessDeniedException", "no")
        log = ContainerLogs(denied).read(ENDPOINT, "main", later(0), later(60))

    assert log.note == "not read: AccessDeniedException."


class _SlowLogs:
    def get_paginator(self, _operation: str) -> Any:
        raise ReadTimeoutError(endpoint_url="logs")


def test_a_log_that_is_slow_does_not_fail_the_look() -> None:
    log = ContainerLogs(_SlowLogs()).read(ENDPOINT, "main", later(0), later(60))

    assert log.note == "not read: ReadTimeoutError."


def test_an_empty_page_is_not_the_end_of_a_log(aws: None) -> None:
    """GetLogEvents: a page may be empty though there are events behind its token."""
    client = boto3.client("logs", region_name="us-east-1")
    stamp = round(later(30).timestamp() * 1000)
    found = {"logStreams": [{"logStreamName": "main/i-1", "creationTime": stamp}]}
    line = {"timestamp": stamp, "message": "fatal"}
    with Stubber(client) as stub:
        stub.add_response("describe_log_streams", found)
        stub.add_response("get_log_events", {"events": [], "nextBackwardToken": "b/1"})
        stub.add_response("get_log_events", {"events": [line], "nextBackwardToken": "b/2"})
        log = ContainerLogs(client).read(ENDPOINT, "main", later(0), later(60))

    assert [each.text for each in log.lines] == ["fatal"]
