"""Chooses the container of a model that gets the release."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from switchover.domain.containers.servers import WEIGHT_VARIABLES
from switchover.domain.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def containers_of(model: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A described model's containers, in their order."""
    if "PrimaryContainer" in model:
        return [model["PrimaryContainer"]]
    return list(model.get("Containers", ()))


def choose_container(model: Mapping[str, Any], hostname: str | None) -> int | Reason:
    """The index of the container that gets the release's files.

    It is the named container; else the only container, or the only container with weights (model
    data, or a variable that names weights). Anything else would be a guess.
    """
    containers = containers_of(model)
    if hostname is not None:
        return _find_named(model, containers, hostname)
    if len(containers) == 1:
        return 0
    holders = [index for index, each in enumerate(containers) if _has_weights(each)]
    if len(holders) == 1:
        return holders[0]
    return Reason(
        code="endpoint.container-unclear",
        subject=_subject(model),
        message=(
            f"{len(holders) or 'none'} of its {len(containers)} containers"
            f" {'have' if len(holders) > 1 else 'has'} weights: {_listed(containers)}."
        ),
        remedy="Name the one that gets the release: `container: <ContainerHostname>` in the policy.",
    )


def direct_container(model: Mapping[str, Any], index: int) -> str | None:
    """The container to name in requests if containers are called directly (InferenceExecutionConfig)."""
    if model.get("InferenceExecutionConfig", {}).get("Mode") != "Direct":
        return None
    hostname = containers_of(model)[index].get("ContainerHostname")
    return str(hostname) if hostname else None


def model_data_of(container: Mapping[str, Any]) -> str | None:
    """The S3 URI of a container's model data; None if the data isn't in S3."""
    source = container.get("ModelDataSource", {}).get("S3DataSource", {}).get("S3Uri")
    uri = source or container.get("ModelDataUrl")
    return str(uri) if uri else None


def _has_weights(container: Mapping[str, Any]) -> bool:
    return bool(model_data_of(container)) or any(
        container.get("Environment", {}).get(name) for name in WEIGHT_VARIABLES
    )


def _find_named(
    model: Mapping[str, Any], containers: Sequence[Mapping[str, Any]], hostname: str
) -> int | Reason:
    names = [each.get("ContainerHostname") for each in containers]
    if hostname in names:
        return names.index(hostname)
    return Reason(
        code="endpoint.container-unclear",
        subject="policy: container",
        message=f"no container of {_subject(model)} is called {hostname!r}: {_listed(containers)}.",
        remedy="Correct the name, or remove it if only one container has model data.",
    )


def _subject(model: Mapping[str, Any]) -> str:
    return f"model {model.get('ModelName', '')}".rstrip()


def _listed(containers: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(
        f"{each.get('ContainerHostname', f'container {number}')}"
        f" ({model_data_of(each) or 'no model data'})"
        for number, each in enumerate(containers, start=1)
    )
