"""Tags, by the ARN of their resource."""

from __future__ import annotations

from typing import TYPE_CHECKING

from switchover_local.twin.wire.refusals import validation_exception

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mypy_boto3_sagemaker.type_defs import TagTypeDef

_MOST = 50  # per resource: TagList's maximum in the service model

_RESERVED = "aws:"


class TagBook:
    """Which tags each resource has."""

    def __init__(self) -> None:
        self._tags: dict[str, dict[str, str]] = {}

    def begin(self, arn: str, tags: Mapping[str, str]) -> None:
        """Set the tags of a new resource; those of an earlier resource of the same name are dropped."""
        self._tags[arn] = dict(tags)

    def add(self, arn: str, tags: Mapping[str, str]) -> None:
        """Add tags to a resource; an existing key gets the new value."""
        wanted = {**self._tags.get(arn, {}), **tags}
        if len(wanted) > _MOST:
            raise validation_exception(f"A resource can have at most {_MOST} tags.")
        self._tags[arn] = wanted

    def of(self, arn: str) -> list[TagTypeDef]:
        """The tags of a resource, as AWS lists them."""
        return [{"Key": key, "Value": value} for key, value in self._tags.get(arn, {}).items()]

    def by_key(self, arn: str) -> Mapping[str, str]:
        """The tags of a resource, as events carry them."""
        return self._tags.get(arn, {})

    def remove(self, arn: str, keys: Iterable[str]) -> None:
        """Remove tags from a resource; missing keys are no error.

        Source of the text: aws/sagemaker-python-sdk #1301.
        """
        for key in keys:
            if key.lower().startswith(_RESERVED):
                raise validation_exception(
                    f"System prefix 'aws:' reserved for AWS usage in tag key: {key}"
                )
        for key in keys:
            self._tags.get(arn, {}).pop(key, None)


def checked_tags(tags: Iterable[TagTypeDef]) -> dict[str, str]:
    """The tags of a request by key.

    Source: AddTags, "Tag keys must be unique per resource"; the words for it aren't known.

    Raises:
        Refusal: a key occurs twice, or belongs to AWS.
    """
    wanted: dict[str, str] = {}
    for tag in tags:
        key = tag["Key"]
        if key.lower().startswith(_RESERVED):
            raise validation_exception(
                "aws: prefixed tag key names are not allowed for external use."
            )
        if key in wanted:
            raise validation_exception(f"Tag keys must be unique per resource: {key}")
        wanted[key] = tag["Value"]
    return wanted
