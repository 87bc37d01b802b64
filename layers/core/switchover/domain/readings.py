"""Optional readings for a plan: if one fails, the plan is made without it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Unmeasured:
    """A reading that failed; `why` is AWS's answer, or names the missing part."""

    why: str


@dataclass(frozen=True, slots=True)
class Usage:
    """The instances of one type that other endpoints use, and the number of these endpoints.

    If fewer endpoints were `seen` than `listed`, `instances` is a lower bound.
    """

    instances: int
    endpoints: int
    seen: int
    listed: int


@dataclass(frozen=True, slots=True)
class Permission:
    """Whether a role has a permission, according to IAM's simulation of its policies.

    `denied` are the resources for which the role doesn't have it.
    """

    role: str
    denied: tuple[str, ...] = ()

    @property
    def is_given(self) -> bool:
        """Whether the role has the permission for all resources."""
        return not self.denied


@dataclass(frozen=True, slots=True)
class Subscribers:
    """The subscribers of the outcome topic: confirmed ones, and ones that await confirmation."""

    confirmed: int
    pending: int


class Presence(StrEnum):
    """Whether an artifact exists. An artifact that couldn't be checked neither exists nor is missing."""

    THERE = "there"
    GONE = "gone"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Artifact:
    """An artifact that instances are launched from: model data by its S3 URI, or an image by its name.

    `why` names its fault, or says why it couldn't be checked.
    """

    name: str
    presence: Presence
    why: str = ""
