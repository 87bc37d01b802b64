"""CloudWatch alarms: created before an update, read during it, removed after it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from switchover.domain.fleet import AlarmReading, AlarmState

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_cloudwatch.literals import AlarmTypeType, StateValueType
    from mypy_boto3_cloudwatch.type_defs import DescribeAlarmsOutputTypeDef, DimensionTypeDef

    from switchover.domain.plans.alarms import AlarmSpec

_NAMES_PER_CALL = 100  # DescribeAlarms and DeleteAlarms take at most 100 names
# Fields that change the meaning of an alarm, and that our requests never contain.
_NEVER_WANTED = frozenset(
    {"Unit", "Metrics", "ThresholdMetricId", "EvaluateLowSampleCountPercentile"}
)


class CloudWatch:
    """One account's alarms."""

    def __init__(self, cloudwatch: CloudWatchClient) -> None:
        self._cloudwatch = cloudwatch

    def ensure(self, specs: Sequence[AlarmSpec]) -> None:
        """Make every alarm as specified; an alarm that is already as specified isn't put again.

        An account may put 3 alarms a second (CloudWatch User Guide, "CloudWatch service quotas"). If
        many updates begin at once, each retry adds the missing alarms, instead of putting the first
        ones again.
        """
        found = {
            alarm["AlarmName"]: alarm
            for page in self._describe([spec.name for spec in specs], "MetricAlarm")
            for alarm in page.get("MetricAlarms", ())
        }
        for spec in specs:
            wanted = _request(spec)
            if not _is_as_wanted(found.get(spec.name, {}), wanted):
                self._cloudwatch.put_metric_alarm(**wanted)

    def read(self, names: Sequence[str]) -> tuple[AlarmReading, ...]:
        """The state of each named alarm, in the same order; an alarm that doesn't exist is MISSING."""
        found = {
            alarm["AlarmName"]: AlarmReading(
                name=alarm["AlarmName"],
                state=AlarmState(alarm["StateValue"]),
                reason=alarm.get("StateReason", ""),
            )
            for page in self._describe(names, "MetricAlarm", "CompositeAlarm")
            for alarm in (*page.get("MetricAlarms", ()), *page.get("CompositeAlarms", ()))
        }
        missing = AlarmState.MISSING
        return tuple(found.get(name) or AlarmReading(name=name, state=missing) for name in names)

    def _describe(
        self, names: Sequence[str], *kinds: AlarmTypeType
    ) -> Iterator[DescribeAlarmsOutputTypeDef]:
        """The pages that describe the existing alarms of these names and kinds."""
        for some in _portions(names):
            yield from self._cloudwatch.get_paginator("describe_alarms").paginate(
                AlarmNames=some, AlarmTypes=list(kinds)
            )

    def names(self, prefix: str) -> tuple[str, ...]:
        """The names of the metric alarms with this prefix."""
        pages = self._cloudwatch.get_paginator("describe_alarms").paginate(
            AlarmNamePrefix=prefix, AlarmTypes=["MetricAlarm"]
        )
        return tuple(alarm["AlarmName"] for page in pages for alarm in page.get("MetricAlarms", ()))

    def trip(self, name: str, reason: str) -> None:
        """Set an alarm to ALARM, which makes SageMaker roll back if the deployment lists the alarm.

        A deleted alarm stays deleted: the rollback continues without it.
        """
        self._set_state(name, "ALARM", reason)

    def publish_abort(self, spec: AlarmSpec) -> None:
        """Turn an abort alarm red through its metric, as with every measured alarm.

        The alarm is first set to OK: if it was set to ALARM before, turning red would be no change of
        state.
        """
        self._set_state(spec.name, "OK", "Its metric is published instead.")
        self._cloudwatch.put_metric_data(
            Namespace=spec.namespace,
            MetricData=[
                {
                    "MetricName": spec.metric,
                    "Dimensions": _dimensions(spec),
                    "Value": spec.threshold + 1,
                    "StorageResolution": 1,
                }
            ],
        )

    def _set_state(self, name: str, state: StateValueType, reason: str) -> None:
        try:
            self._cloudwatch.set_alarm_state(
                AlarmName=name, StateValue=state, StateReason=reason[:1023]
            )
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") != "ResourceNotFound":
                raise

    def remove(self, names: Sequence[str]) -> None:
        """Delete alarms; an alarm that is already deleted is a success."""
        existing = [
            alarm.name for alarm in self.read(names) if alarm.state is not AlarmState.MISSING
        ]
        for some in _portions(existing):
            self._cloudwatch.delete_alarms(AlarmNames=some)


def _request(spec: AlarmSpec) -> dict[str, Any]:
    is_percentile = spec.statistic.startswith("p")
    return {
        "AlarmName": spec.name,
        "AlarmDescription": spec.description,
        "Namespace": spec.namespace,
        "MetricName": spec.metric,
        "Dimensions": _dimensions(spec),
        "ExtendedStatistic" if is_percentile else "Statistic": spec.statistic,
        "Period": spec.period_seconds,
        "EvaluationPeriods": spec.evaluation_periods,
        "DatapointsToAlarm": spec.evaluation_periods,
        "Threshold": spec.threshold,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": spec.treat_missing,
    }


def _is_as_wanted(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether an alarm measures what a request asks for, and nothing else."""
    if any(found.get(key) for key in _NEVER_WANTED):
        return False
    return all(_comparable(found.get(key)) == _comparable(value) for key, value in wanted.items())


def _comparable(value: Any) -> Any:
    """An alarm in a form to compare: dimensions have no order."""
    is_list = isinstance(value, list)
    return {each["Name"]: each["Value"] for each in value} if is_list else value


def _dimensions(spec: AlarmSpec) -> list[DimensionTypeDef]:
    return [{"Name": key, "Value": value} for key, value in spec.dimensions.items()]


def _portions(names: Sequence[str]) -> Iterator[list[str]]:
    for start in range(0, len(names), _NAMES_PER_CALL):
        yield list(names[start : start + _NAMES_PER_CALL])
