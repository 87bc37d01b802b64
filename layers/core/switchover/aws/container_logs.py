"""Reads the last lines of a container's log, if there is a log."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from switchover.domain.evidence import ContainerLog, LogLine, choose_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_logs.type_defs import GetLogEventsRequestTypeDef

# One stream for each instance and container that ever existed, listed by name, 50 to a page.
_MOST_PAGES = 10
_MOST_STREAMS = 3
_LINES_PER_STREAM = 500
# GetLogEvents may return an empty page although its token leads to more events.
_MOST_EMPTY_PAGES = 3
_LINGER = timedelta(minutes=1)


class ContainerLogs:
    """The output of the containers of endpoints.

    SageMaker writes the output to /aws/sagemaker/Endpoints/<endpoint>, one stream <variant>/<instance
    id> for each instance (SageMaker Developer Guide, "Log groups and streams"). AWS doesn't say which
    config an instance serves. A stream that began after the update counts as the new fleet's.
    """

    def __init__(self, logs: CloudWatchLogsClient) -> None:
        self._logs = logs

    def read(self, endpoint: str, variant: str, since: datetime, until: datetime) -> ContainerLog:
        """The relevant lines of the instances that started between two moments.

        Never fails: a log that is missing, denied or slow must not worsen the outcome.
        """
        group = f"/aws/sagemaker/Endpoints/{endpoint}"
        try:
            streams = self._streams(group, variant, since, until)
            lines = [
                line
                for stream in streams
                for line in self._tail(group, stream, since, until + _LINGER)
            ]
        except ClientError as error:
            return ContainerLog(group=group, note=_note(error.response["Error"]["Code"]))
        except BotoCoreError as error:
            return ContainerLog(group=group, note=f"not read: {type(error).__name__}.")
        chosen = choose_lines(lines)
        note = "" if chosen else "the new fleet's containers wrote nothing."
        return ContainerLog(group=group, lines=chosen, note=note)

    def _streams(self, group: str, variant: str, since: datetime, until: datetime) -> list[str]:
        """The newest streams of the new fleet."""
        pages = self._logs.get_paginator("describe_log_streams").paginate(
            logGroupName=group, logStreamNamePrefix=f"{variant}/"
        )
        begun = [
            (stream["creationTime"], stream["logStreamName"])
            for page in islice(pages, _MOST_PAGES)
            for stream in page["logStreams"]
            if _ms(since) <= stream.get("creationTime", 0) <= _ms(until)
        ]
        return [name for _, name in sorted(begun)[-_MOST_STREAMS:]]

    def _tail(self, group: str, stream: str, since: datetime, until: datetime) -> Iterator[LogLine]:
        asked: GetLogEventsRequestTypeDef = {
            "logGroupName": group,
            "logStreamName": stream,
            "startTime": _ms(since),
            "endTime": _ms(until),
            "limit": _LINES_PER_STREAM,
            "startFromHead": False,
        }
        for _ in range(_MOST_EMPTY_PAGES):
            page = self._logs.get_log_events(**asked)
            for event in page["events"]:
                at = datetime.fromtimestamp(event["timestamp"] / 1000, UTC)
                yield LogLine(at=at, stream=stream, text=event["message"])
            if page["events"] or asked.get("nextToken") == page.get("nextBackwardToken"):
                return
            asked["nextToken"] = page["nextBackwardToken"]


def _note(code: str) -> str:
    if code == "ResourceNotFoundException":
        return "there is no container log."
    return f"not read: {code}."


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
