"""Checks that the cloned model loads the release and keeps all settings of the live model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from switchover.domain.containers.choosing import containers_of
from switchover.domain.containers.weights import (
    find_weight_source,
    point_at_release,
    refuse_elsewhere,
)
from switchover.domain.policies.choices import Strategy, Weights
from switchover.domain.preflight import Check
from switchover.domain.readings import Unmeasured
from switchover.domain.reasons import Reason
from switchover.domain.units import say_count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from switchover.domain.checks.case import Case
    from switchover.domain.fleet import LiveRelease

_NO_MODEL = "not checked: there is no live model to read"


def check_container(case: Case) -> Check:
    """Check that exactly one container of the model gets the release."""
    name, title = "endpoint.container", "Exactly one container gets the release"
    live = case.found.live
    if live is None or case.container is None:
        return Check.unknown(name, title, _NO_MODEL)
    containers = containers_of(live.model)
    count = say_count(len(containers), "container")
    if isinstance(case.container, Reason):
        return Check.judged(name, title, count, (case.container,))
    chosen = containers[case.container].get("ContainerHostname", f"number {case.container + 1}")
    evidence = "the model's only one" if len(containers) == 1 else f"{chosen} of {count}"
    extra = containers[case.container].get("AdditionalModelDataSources", ())
    if extra:
        channels = ", ".join(str(each.get("ChannelName")) for each in extra)
        return Check.noted(name, title, f"{evidence}; its additional data stay: {channels}")
    return Check.judged(name, title, evidence)


def check_weights(case: Case) -> Check:
    """Check that the container loads the release's files, with its environment variables."""
    name, title = "endpoint.weights", "The container loads the release's files"
    live = case.found.live
    if live is None or not isinstance(case.container, int):
        return Check.unknown(name, title, "not checked: the container is unknown")
    container = containers_of(live.model)[case.container]
    sets_weights = case.policy is not None and case.policy.weights is Weights.RELEASE
    source = find_weight_source(
        point_at_release(container) if sets_weights else container, case.found.serving_properties
    )
    faults = tuple(refuse_elsewhere(source, f"model {live.model['ModelName']}"))
    if faults:
        return Check.judged(name, title, "its environment names other weights", faults)
    if source.doubts:
        # Neither right nor wrong is proven.
        return Check.unknown(name, title, f"not judged: {'; '.join(source.doubts)}")
    return Check.judged(name, title, source.told)


def check_copy(case: Case) -> Check:
    """Check that every field of the live config and model is copied."""
    name, title = "endpoint.copy", "Config and model can be copied whole"
    live = case.found.live
    if live is None:
        return Check.unknown(name, title, "not checked: there is no live config to read")
    return Check.judged(
        name, title, "every field that AWS sends is known here", _unknown_fields(live)
    )


def check_endpoint_policy(case: Case) -> Check:
    """Check that an endpoint that is deleted and created again keeps its resource policy.

    "If you delete the endpoint, its policy is also deleted, and a new endpoint with the same name has no
    policy" (API Reference, PutEndpointPolicy).
    """
    name, title = "endpoint.policy", "The endpoint keeps its resource policy"
    if case.policy is None or case.policy.strategy is not Strategy.REDEPLOY:
        return Check.judged(name, title, "the endpoint itself stays")
    match case.found.endpoint_policy:
        case None:
            return Check.judged(name, title, "it has none")
        case Unmeasured(why):
            return Check.judged(name, title, why, (_policy_unread(case.update.endpoint, why),))
        case _:
            return Check.noted(
                name, title, "redeploy deletes the policy, and attaches it again afterwards"
            )


def _policy_unread(endpoint: str, why: str) -> Reason:
    return Reason(
        code="endpoint.policy-unread",
        subject=f"endpoint {endpoint}: resource policy",
        message=f"redeploy deletes it, and it {why}.",
        remedy="Allow the function sagemaker:GetEndpointPolicy, or choose another strategy.",
    )


def _unknown_fields(live: LiveRelease) -> Iterator[Reason]:
    for field in live.unknown_fields:
        yield Reason(
            code="endpoint.unknown-field",
            subject=field,
            message="AWS sends this field, and this version of Switchover can't copy it.",
            remedy="Deploy a Switchover with a newer boto3, or remove the setting by hand first.",
        )
