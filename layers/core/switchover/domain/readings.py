"""Optional readings for a plan: the plan is made without those that failed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Unmeasured:
    """A reading that couldn't be taken; `why` is AWS's own answer, or what was missing."""

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
    """Who hears the announcements: confirmed subscriptions, and those that await confirmation."""

    confirmed: int
    pending: int


class Presence(StrEnum):
    """Whether something is there. What couldn't be looked at is neither there nor gone."""

    THERE = "there"
    GONE = "gone"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Artifact:
    """Something that instances are launched from: model data by its S3 URI, or an image by its name.

    `why` tells what is wrong with it, or why it isn't known.
    """

    name: str
    presence: Presence
    why: str = ""
