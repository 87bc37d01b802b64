"""Clones the live config and model with all fields, and changes only the model data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from switchover.domain.containers.choosing import containers_of, model_data_of
from switchover.domain.containers.weights import point_at_release

if TYPE_CHECKING:
    from collections.abc import Iterable

    from switchover.domain.fleet import LiveRelease


def clone_model(
    live: LiveRelease,
    name: str,
    model_uri: str,
    *,
    is_archive: bool,
    container: int = 0,
    sets_weights: bool = False,
) -> dict[str, Any]:
    """The CreateModel request for the release: every field of the live model, new data (rules §1.6).

    `model_uri` ends with `/` for a folder, else it names one archive. The container at index
    `container` gets it. With `sets_weights`, the container's environment also names the release.
    """
    request = _creatable(live.model, live.creatable_model_fields, live.model_tags)
    request["ModelName"] = name
    containers = containers_of(request)
    changed = _with_data(containers[container], model_uri, is_archive=is_archive)
    containers[container] = point_at_release(changed) if sets_weights else changed
    if "PrimaryContainer" in request:
        return {**request, "PrimaryContainer": containers[0]}
    return {**request, "Containers": containers}


def clone_config(
    live: LiveRelease, name: str, model_name: str, *, instances: int | None = None
) -> dict[str, Any]:
    """The CreateEndpointConfig request for the release: every field of the live config (rules §1.5).

    `instances` sets InitialInstanceCount, for a new fleet whose size isn't retained.
    """
    request = _creatable(live.config, live.creatable_config_fields, live.config_tags)
    request["EndpointConfigName"] = name
    request["ProductionVariants"] = [
        _with_model(variant, model_name, instances) for variant in request["ProductionVariants"]
    ]
    return request


# With these tags an update's resources are found if its record is lost.
UPDATE_TAG = "switchover:update"
PREVIOUS_TAG = "switchover:previous-config"
_MOST_TAGS = 50  # CreateModel and CreateEndpointConfig, Tags


def tag_origin(request: dict[str, Any], update_id: str, previous_config: str) -> dict[str, Any]:
    """Add the update and the config that was cloned, as tags, to a create call.

    The same tags of the live config are removed. If there is no room for both tags, none is added.
    """
    ours = {UPDATE_TAG: update_id, PREVIOUS_TAG: previous_config}
    kept = [tag for tag in request.get("Tags", ()) if tag["Key"] not in ours]
    added = [{"Key": key, "Value": value} for key, value in ours.items()]
    tags = [*kept, *(added if len(kept) + len(added) <= _MOST_TAGS else ())]
    return {**request, "Tags": tags} if tags else request


def without_origin(request: dict[str, Any]) -> dict[str, Any]:
    """Remove those two tags from a create call: they have no effect on what will serve."""
    kept = [tag for tag in request.get("Tags", ()) if tag["Key"] not in {UPDATE_TAG, PREVIOUS_TAG}]
    bare = {key: value for key, value in request.items() if key != "Tags"}
    return {**bare, "Tags": kept} if kept else bare


def find_differences(request: dict[str, Any], described: dict[str, Any]) -> tuple[str, ...]:
    """The fields of a create call that the described resource lacks; it may have further defaults.

    Tags aren't compared, because describe calls don't return them.
    """
    asked = {key: value for key, value in request.items() if key != "Tags"}
    return tuple(key for key, value in asked.items() if not _holds(described.get(key), value))


def _holds(found: Any, asked: Any) -> bool:
    match asked:
        case dict():
            return isinstance(found, dict) and all(
                _holds(found.get(key), value) for key, value in asked.items()
            )
        case list() | tuple():
            return (
                isinstance(found, list)
                and len(found) == len(asked)
                and all(map(_holds, found, asked))
            )
        case _:
            return bool(found == asked)


def model_uri_of(model: dict[str, Any], container: int | None = None) -> str | None:
    """The S3 URI of a described model's data: of the given container, else of the first one with data."""
    containers = containers_of(model)
    if container is not None:
        return model_data_of(containers[container])
    return next(filter(None, map(model_data_of, containers)), None)


def _creatable(
    described: dict[str, Any], fields: frozenset[str], tags: Iterable[dict[str, str]]
) -> dict[str, Any]:
    request = {key: value for key, value in described.items() if key in fields}
    # `aws:` tags belong to AWS; a request with one is refused (rules §1.5).
    own = [tag for tag in tags if not tag["Key"].startswith("aws:")]
    return {**request, "Tags": own} if own else request


def _with_data(container: dict[str, Any], model_uri: str, *, is_archive: bool) -> dict[str, Any]:
    source = container.get("ModelDataSource", {}).get("S3DataSource", {})
    # These fields name the old version's content. If they were kept, it would be loaded again (rules
    # §1.6).
    stale = {"ETag", "ManifestEtag", "ManifestS3Uri"}
    kept = {key: value for key, value in source.items() if key not in stale}
    data_source = {
        **kept,
        "S3Uri": model_uri,
        "S3DataType": "S3Object" if is_archive else "S3Prefix",
        "CompressionType": "Gzip" if is_archive else "None",
    }
    bare = {key: value for key, value in container.items() if key != "ModelDataUrl"}
    return {**bare, "ModelDataSource": {"S3DataSource": data_source}}


def _with_model(variant: dict[str, Any], model_name: str, instances: int | None) -> dict[str, Any]:
    changed = {**variant, "ModelName": model_name}
    if instances is not None:
        changed["InitialInstanceCount"] = instances
    if "InstancePools" in variant:
        changed["InstancePools"] = [
            {**pool, "ModelNameOverride": model_name} if "ModelNameOverride" in pool else pool
            for pool in variant["InstancePools"]
        ]
    return changed
