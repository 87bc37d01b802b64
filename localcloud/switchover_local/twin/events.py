"""EventBridge events in AWS's form, and the faults that may happen to them (rules §5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .cloudwatch.composites import CompositeAlarm
from .sagemaker.describe import deployment_event_detail, event_detail, upper_snake
from .sagemaker.naming import next_id

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from random import Random

    from .clock import Clock
    from .cloudwatch.alarm import Alarm
    from .cloudwatch.alarm_reasons import StateReading
    from .faults import FaultBox
    from .sagemaker.endpoint import Endpoint
    from .sagemaker.naming import Naming
    from .scenario import Switches

Event = dict[str, object]


class NewsDesk:
    """Makes events and sends them: at once, unless a fault applies."""

    def __init__(
        self,
        emit: Callable[[Event], None],
        clock: Clock,
        naming: Naming,
        faults: FaultBox,
        random: Random,
    ) -> None:
        self._emit = emit
        self._clock = clock
        self._naming = naming
        self._faults = faults
        self._random = random
        self._held_back: list[Event] = []

    def report_endpoint(
        self, endpoint: Endpoint, tags: Mapping[str, str], switches: Switches
    ) -> None:
        """Send the event for a change of an endpoint's status."""
        if upper_snake(endpoint.status) not in switches.statuses_without_event:
            detail = event_detail(endpoint, tags)
            self._send("SageMaker Endpoint State Change", endpoint.arn, detail)

    def report_deployment(self, endpoint: Endpoint, tags: Mapping[str, str]) -> None:
        """Send the event for the progress of a deployment."""
        detail = deployment_event_detail(endpoint, tags)
        self._send("SageMaker Endpoint Deployment State Change", endpoint.arn, detail)

    def report_alarm(self, arn: str, detail: Mapping[str, object]) -> None:
        """Send the event for a change of an alarm's state."""
        self._send("CloudWatch Alarm State Change", arn, detail, source="aws.cloudwatch")

    def _send(
        self,
        detail_type: str,
        resource: str,
        detail: Mapping[str, object],
        source: str = "aws.sagemaker",
    ) -> None:
        event: Event = {
            "version": "0",
            "id": next_id(self._random),
            "detail-type": detail_type,
            "source": source,
            "account": self._naming.account,
            "time": self._clock.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": self._naming.region,
            "resources": [resource],
            "detail": detail,
        }
        fault = self._faults.take_event_fault(detail_type)
        match fault.effect if fault is not None else None:
            case "lost":
                return
            case "delayed" if fault is not None:
                self._clock.call_later(fault.delay_seconds, lambda: self._emit(event))
            case "reordered":
                self._held_back.append(event)
            case "doubled":
                self._deliver(event)
                self._deliver(event)
            case _:
                self._deliver(event)

    def _deliver(self, event: Event) -> None:
        self._emit(event)
        late, self._held_back = self._held_back, []
        for held in late:
            self._emit(held)


def alarm_detail(alarm: Alarm | CompositeAlarm) -> dict[str, object]:
    """The detail of a CloudWatch Alarm State Change event."""
    detail: dict[str, object] = {
        "alarmName": alarm.name,
        "configuration": _configuration(alarm),
        "state": _state(alarm.state),
    }
    if alarm.previous is not None:
        detail["previousState"] = _state(alarm.previous)
    return detail


def _configuration(alarm: Alarm | CompositeAlarm) -> dict[str, object]:
    configuration: dict[str, object]
    if isinstance(alarm, CompositeAlarm):
        request = alarm.request
        configuration = {"alarmRule": request["AlarmRule"]}
    else:
        request = alarm.definition.request
        configuration = {"metrics": _metrics_of(request)}
    if "AlarmDescription" in request:
        configuration["description"] = request["AlarmDescription"]
    return configuration


def _state(reading: StateReading) -> dict[str, object]:
    state: dict[str, object] = {
        "value": str(reading.value),
        "reason": reading.reason,
        "timestamp": reading.at.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000",
    }
    if reading.reason_data is not None:
        state["reasonData"] = reading.reason_data
    return state


def _metrics_of(request: Mapping[str, Any]) -> list[dict[str, object]]:
    """An alarm's metrics as events have them: lower camel case, dimensions as an object."""
    if "Metrics" in request:
        return [_query(raw) for raw in request["Metrics"]]
    metric = {
        "namespace": request["Namespace"],
        "name": request["MetricName"],
        "dimensions": {d["Name"]: d["Value"] for d in request.get("Dimensions", [])},
    }
    stat = request.get("Statistic") or request.get("ExtendedStatistic")
    metric_stat = {"metric": metric, "period": request["Period"], "stat": stat}
    return [{"id": "m1", "metricStat": metric_stat, "returnData": True}]


def _query(raw: Mapping[str, Any]) -> dict[str, object]:
    query: dict[str, object] = {"id": raw["Id"], "returnData": raw.get("ReturnData", True)}
    if "Expression" in raw:
        return query | {"expression": raw["Expression"]}
    stat = raw["MetricStat"]
    metric = {
        "namespace": stat["Metric"]["Namespace"],
        "name": stat["Metric"]["MetricName"],
        "dimensions": {d["Name"]: d["Value"] for d in stat["Metric"].get("Dimensions", [])},
    }
    return query | {
        "metricStat": {"metric": metric, "period": stat["Period"], "stat": stat["Stat"]}
    }
