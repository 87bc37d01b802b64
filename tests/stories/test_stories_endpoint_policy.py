"""A redeploy deletes the endpoint's resource policy, and attaches it to the new endpoint again."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from tests.support.expectations import assert_nothing_left_behind, codes
from tests.support.scene import ENDPOINT, FIRST_CONFIG

from switchover_local.twin.scenario import Behaviour, ServerError

if TYPE_CHECKING:
    from tests.support.world import World

REDEPLOYS = "{strategy: redeploy, allow_downtime: true}"
POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
                "Action": "sagemaker:InvokeEndpoint",
                "Resource": "*",
            }
        ],
    }
)


def share(world: World) -> None:
    """Let another account ask the endpoint."""
    world.sagemaker.put_endpoint_policy(EndpointName=ENDPOINT, ResourcePolicy=POLICY)


def policy_of(world: World) -> str:
    return str(world.sagemaker.get_endpoint_policy(EndpointName=ENDPOINT)["ResourcePolicy"])


def redeploy(world: World) -> str:
    world.put_policy(REDEPLOYS)
    world.offer()
    return world.run().state


def test_an_endpoint_that_is_made_anew_has_its_policy_again(world: World) -> None:
    share(world)

    assert redeploy(world) == "Updated"

    assert policy_of(world) == POLICY
    assert codes(assert_nothing_left_behind(world)) == []


def test_the_way_back_attaches_it_too(world: World) -> None:
    """The new fleet never comes up: the endpoint is deleted and made anew a second time."""
    share(world)
    world.twin.set_behaviour("*/v2/", Behaviour(unhealthy_from_instance=1))

    assert redeploy(world) == "RolledBack"

    assert (policy_of(world), world.serving) == (POLICY, FIRST_CONFIG)


@pytest.mark.parametrize("times", [1, 2])
def test_a_failing_call_is_made_good_later(world: World, times: int) -> None:
    share(world)
    world.twin.inject(ServerError(operation="PutEndpointPolicy", times=times))

    assert redeploy(world) == "Updated"

    assert policy_of(world) == POLICY


def test_a_policy_that_may_not_be_attached_again_is_told_with_the_command(world: World) -> None:
    """Such as after a new service control policy: the endpoint serves, and a person must act."""
    share(world)
    events, said = world.sagemaker.meta.events, "not authorized to perform PutEndpointPolicy"

    def deny(**_: object) -> tuple[SimpleNamespace, dict[str, Any]]:
        error = {"Code": "AccessDeniedException", "Message": said}
        return SimpleNamespace(status_code=400), {"Error": error, "ResponseMetadata": {}}

    events.register_first("before-call.sagemaker.PutEndpointPolicy", deny)
    state = redeploy(world)
    events.unregister("before-call.sagemaker.PutEndpointPolicy", deny)

    left = world.update().capacity.left_to_others
    lost = [each for each in left if each.code == "endpoint.policy-lost"]
    assert (state, len(lost)) == ("Updated", 1)
    assert said in lost[0].message
    assert lost[0].remedy.startswith("aws sagemaker put-endpoint-policy --endpoint-name vlm")
    (told,) = [each["Message"] for each in world.outlets.messages]
    assert "Callers that the endpoint's resource policy allowed are refused" in told
    assert "Nothing to do" not in told


def test_a_crash_between_creation_and_policy_is_made_good(world: World) -> None:
    share(world)
    world.crash("StartUpdate", times=2, after=True)

    redeploy(world)

    assert policy_of(world) == POLICY


def test_an_endpoint_without_policy_gets_none(world: World) -> None:
    assert redeploy(world) == "Updated"

    with pytest.raises(ClientError, match="has no resource policy"):
        policy_of(world)


def test_a_policy_that_is_not_answered_is_asked_for_again(world: World) -> None:
    share(world)
    world.twin.inject(ServerError(operation="GetEndpointPolicy"))

    assert redeploy(world) == "Updated"

    assert policy_of(world) == POLICY


def test_an_update_that_keeps_the_endpoint_never_touches_it(world: World) -> None:
    share(world)
    world.twin.inject(ServerError(operation="GetEndpointPolicy"))
    world.offer()

    assert world.run().state == "Updated"
