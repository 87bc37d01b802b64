"""Faults on demand: what a caller sees, and what was done all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError
from tests.support.staging import Staging, all_at_once, refusal_of

from switchover_local.twin.scenario import (
    LostResponse,
    Scenario,
    ServerError,
    SystemUpdate,
    Throttling,
)

if TYPE_CHECKING:
    from pathlib import Path


def test_throttling_passes_after_so_many_calls() -> None:
    staging = Staging().begin()
    staging.twin.inject(Throttling(operation="DescribeEndpoint", times=2))

    with pytest.raises(ClientError) as first:
        staging.describe()
    with pytest.raises(ClientError) as second:
        staging.describe()

    assert staging.describe()["EndpointStatus"] == "InService"
    throttled = ("ThrottlingException", "Rate exceeded")
    assert [refusal_of(each.value) for each in (first, second)] == [throttled] * 2


def test_a_client_that_retries_gets_through_throttling() -> None:
    staging = Staging().begin()
    staging.twin.inject(Throttling(operation="DescribeEndpoint"))
    client = staging.twin.client(
        "sagemaker", Config(retries={"mode": "standard", "total_max_attempts": 2})
    )

    assert client.describe_endpoint(EndpointName="demo")["EndpointStatus"] == "InService"


def test_a_server_error_does_nothing() -> None:
    staging = Staging().begin()
    staging.twin.inject(ServerError(operation="UpdateEndpoint"))

    with pytest.raises(ClientError) as refused:
        staging.update(all_at_once())

    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
    assert staging.describe()["EndpointStatus"] == "InService"


def test_a_lost_response_leaves_the_work_done() -> None:
    staging = Staging().begin()
    staging.twin.inject(LostResponse(operation="UpdateEndpoint"))

    with pytest.raises(ConnectionClosedError):
        staging.update(all_at_once())

    assert staging.describe()["EndpointStatus"] == "Updating"


def test_maintenance_waits_until_the_endpoint_is_at_rest() -> None:
    staging = Staging().begin()
    staging.update(all_at_once(termination_wait=0))
    staging.twin.inject(SystemUpdate(endpoint="demo", lasts_seconds=600))
    staging.clock.advance(100)
    assert staging.describe()["EndpointStatus"] == "Updating"

    staging.clock.run_until(lambda: staging.describe()["EndpointStatus"] == "SystemUpdating", 9_000)
    took = staging.settle()

    assert took == 600
    assert staging.twin.serving_config("demo") == "config-v2"


def test_a_scenario_is_read_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "scenario.yaml"
    path.write_text(
        """
        seed: 7
        models:
          - model: s3://models/*/v2/
            behaviour: {unhealthy_from_instance: 2}
        faults:
          - {kind: throttling, operation: UpdateEndpoint, times: 3}
        switches: {deadline_outcome: mixed}
        """
    )

    scenario = Scenario.from_yaml(path)

    assert scenario.behaviour_of("s3://models/qwen/v2/").unhealthy_from_instance == 2
    assert scenario.faults == (Throttling(operation="UpdateEndpoint", times=3),)
    assert scenario.switches.deadline_outcome == "mixed"


def test_an_unknown_key_in_a_scenario_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "scenario.yaml"
    path.write_text("sed: 7")

    with pytest.raises(ValueError, match="sed"):
        Scenario.from_yaml(path)
