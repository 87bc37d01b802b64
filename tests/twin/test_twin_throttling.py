"""A token bucket for each operation, and faults of one operation that come in their order."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError
from pydantic import ValidationError
from tests.support.staging import Staging

from switchover_local.twin.scenario import CallRate, LostResponse, Scenario, ServerError, Throttling

DESCRIBE = "DescribeEndpoint"


def slowed(**rates: CallRate) -> Staging:
    """An endpoint that is up, in an account whose calls are counted from now on."""
    staging = Staging().begin()
    staging.twin.change_scenario(call_rates=rates)
    return staging


def calls(staging: Staging, times: int) -> list[str]:
    """How each of so many calls ended."""
    return [_call(staging) for _ in range(times)]


def _call(staging: Staging) -> str:
    try:
        return str(staging.describe()["EndpointStatus"])
    except ClientError as error:
        return error.response["Error"]["Code"]
    except ConnectionClosedError:
        return "lost"


def test_a_burst_passes_and_what_exceeds_it_is_throttled() -> None:
    staging = slowed(DescribeEndpoint=CallRate(per_second=2, burst=3))

    assert calls(staging, 5) == ["InService"] * 3 + ["ThrottlingException"] * 2


@pytest.mark.parametrize(("seconds", "passing"), [(0.4, 0), (0.5, 1), (1, 2), (1000, 3)])
def test_a_bucket_fills_at_its_rate_and_no_further_than_its_burst(
    seconds: float, passing: int
) -> None:
    staging = slowed(DescribeEndpoint=CallRate(per_second=2, burst=3))
    calls(staging, 3)

    staging.clock.advance(seconds)

    assert calls(staging, 4).count("InService") == passing


def test_a_throttled_call_takes_no_token() -> None:
    staging = slowed(DescribeEndpoint=CallRate(per_second=1, burst=1))
    calls(staging, 50)

    staging.clock.advance(1)

    assert calls(staging, 1) == ["InService"]


def test_a_rate_slower_than_one_a_second_is_kept() -> None:
    staging = slowed(DescribeEndpoint=CallRate(per_second=0.1))
    calls(staging, 1)

    staging.clock.advance(9)
    early = calls(staging, 1)
    staging.clock.advance(1)

    assert (early, calls(staging, 1)) == (["ThrottlingException"], ["InService"])


def test_each_operation_has_a_bucket_of_its_own() -> None:
    staging = slowed(DescribeEndpoint=CallRate(per_second=1, burst=1))
    calls(staging, 2)

    assert staging.sagemaker.list_endpoints()["Endpoints"]


def test_without_a_rate_nothing_is_throttled() -> None:
    assert calls(slowed(), 500) == ["InService"] * 500


def test_a_rate_that_is_changed_counts_from_then_on() -> None:
    staging = slowed(DescribeEndpoint=CallRate(per_second=1, burst=1))
    calls(staging, 1)
    staging.twin.change_scenario(call_rates={DESCRIBE: CallRate(per_second=1, burst=5)})

    staging.clock.advance(5)

    assert calls(staging, 6).count("InService") == 5


@pytest.mark.parametrize(
    "rate", [{"per_second": 0}, {"per_second": -1}, {"per_second": 1, "burst": 0}, {}]
)
def test_a_rate_that_lets_nothing_through_is_refused(rate: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Scenario.model_validate({"call_rates": {DESCRIBE: rate}})


def test_faults_of_an_operation_come_in_their_order() -> None:
    staging = Staging().begin()
    for fault in (
        ServerError(operation=DESCRIBE),
        LostResponse(operation=DESCRIBE),
        Throttling(operation=DESCRIBE, times=2),
    ):
        staging.twin.inject(fault)

    assert calls(staging, 5) == [
        "InternalFailure", "lost", "ThrottlingException", "ThrottlingException", "InService",
    ]  # fmt: skip


def test_a_fault_of_every_operation_meets_each() -> None:
    staging = Staging().begin()
    staging.twin.inject(Throttling(operation="Describe*", times=1))

    assert calls(staging, 2) == ["ThrottlingException", "InService"]


def test_an_answer_that_is_to_be_lost_holds_up_no_other_operations_faults() -> None:
    staging = Staging().begin()
    staging.twin.inject(LostResponse(operation="UpdateEndpoint"))
    staging.twin.inject(Throttling(operation=DESCRIBE))

    assert calls(staging, 2) == ["ThrottlingException", "InService"]
