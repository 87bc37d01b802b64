"""Why an update may not begin or continue, in words that a person can act on."""

from __future__ import annotations

import pytest
from tests.support.samples import NOW, endpoint

from switchover.domain.fleet import Absent, EndpointStatus
from switchover.domain.refusals import call_refused, check_endpoint, claim_held, execution_stopped

_BUSY_OR_BROKEN = set(EndpointStatus) - {EndpointStatus.IN_SERVICE, EndpointStatus.SYSTEM_UPDATING}


def test_an_endpoint_in_service_passes() -> None:
    assert list(check_endpoint(endpoint())) == []


def test_an_unknown_endpoint_is_told_by_name() -> None:
    [reason] = check_endpoint(Absent(name="chat", read_at=NOW))
    assert (reason.code, reason.subject) == ("endpoint.unknown", "endpoint chat")
    assert "Correct `endpoint` in the release" in reason.remedy


@pytest.mark.parametrize("status", sorted(_BUSY_OR_BROKEN))
def test_every_other_status_is_refused_with_its_name(status: EndpointStatus) -> None:
    [reason] = check_endpoint(endpoint(status=status))
    assert reason.code == "endpoint.not-in-service"
    assert reason.message.startswith(f"is {status.value}, not InService")


def test_maintenance_by_aws_has_its_own_words() -> None:
    [reason] = check_endpoint(endpoint(status=EndpointStatus.SYSTEM_UPDATING))
    assert reason.code == "endpoint.under-maintenance"


def test_a_failed_endpoint_is_told_in_sagemakers_words() -> None:
    [reason] = check_endpoint(endpoint(status=EndpointStatus.FAILED, failure_reason="no capacity"))
    assert reason.message.endswith("SageMaker says: no capacity")


def test_an_endpoint_that_is_still_being_moved_is_refused() -> None:
    """It may be InService again before its summary is gone."""
    [reason] = check_endpoint(endpoint(pending_config_name="chat-v9"))
    assert "is still being moved to chat-v9" in reason.message


def test_a_held_claim_names_its_holder() -> None:
    assert "is being updated by chat-v2-1" in claim_held("chat", "chat-v2-1", "Wait.").message


def test_a_stopped_execution_is_named() -> None:
    assert execution_stopped("arn:x").subject == "execution arn:x"


def test_awss_refusal_is_told_in_its_own_words() -> None:
    assert call_refused("config x", "No room.").message == "AWS refused: No room."
