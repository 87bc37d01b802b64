"""Optional readings for a plan: the plan is made without those that failed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Unmeasured:
    """A reading that failed; `why` is AWS's answer, or names the missing part."""

    why: str


@dataclass(frozen=True, slots=True)
class Usage:
    """The instances of one type that other endpoints hold, and how many endpoints hold some.

    If fewer endpoints were `seen` than are `listed`, it is the least that they hold.
    """

    instances: int
    endpoints: int
    seen: int
    listed: int


@dataclass(frozen=True, slots=True)
class Permission:
    """Whether a role may do something, by IAM's simulation of its policies.

    `denied` names the resources on which it may not.
    """

    role: str
    denied: tuple[str, ...] = ()

    @property
    def is_given(self) -> bool:
        """Whether nothing is denied."""
        return not self.denied


@dataclass(frozen=True, slots=True)
class Subscribers:
    """The subscribers of the outcome topic: confirmed ones, and ones that await confirmation."""

    confirmed: int
    pending: int


class Presence(StrEnum):
    """Whether something is there. What couldn't be looked at is neither there nor gone."""

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
