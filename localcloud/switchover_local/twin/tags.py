"""Tags, by the ARN of what they hang on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .refusals import validation_exception

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_MOST = 50  # per resource: TagList's maximum in the service model


class TagBook:
    """Which tags each resource has."""

    def __init__(self) -> None:
        self._tags: dict[str, dict[str, str]] = {}

    def add(self, arn: str, tags: Iterable[Mapping[str, str]]) -> None:
        """Hang tags on a resource; a key it has already gets the new value."""
        wanted = self._tags.get(arn, {}) | {tag["Key"]: tag["Value"] for tag in tags}
        if any(key.lower().startswith("aws:") for key in wanted):
            raise validation_exception(
                "aws: prefixed tag key names are not allowed for external use."
            )
        if len(wanted) > _MOST:
            raise validation_exception(f"A resource can have at most {_MOST} tags.")
        self._tags[arn] = wanted

    def of(self, arn: str) -> list[dict[str, str]]:
        """The tags of a resource, as AWS lists them."""
        return [{"Key": key, "Value": value} for key, value in self._tags.get(arn, {}).items()]

    def by_key(self, arn: str) -> Mapping[str, str]:
        """The tags of a resource, as events carry them."""
        return self._tags.get(arn, {})

    def remove(self, arn: str, keys: Iterable[str]) -> None:
        """Take tags off a resource; keys that it doesn't have are no error."""
        for key in keys:
            self._tags.get(arn, {}).pop(key, None)

    def forget(self, arn: str) -> None:
        """The resource is gone, and so are its tags."""
        self._tags.pop(arn, None)
