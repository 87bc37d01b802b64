"""Learns from an endpoint's past updates the time until a new instance serves."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from statistics import median
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from switchover.domain.plans.timeline import estimate_ready_seconds

if TYPE_CHECKING:
    from collections.abc import Sequence


class PastUpdate(BaseModel):
    """One successful update as a measurement.

    `other_seconds` is the planned time without launches: shifts, bakes, terminations.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    instance_type: str
    model_bytes: int
    launches: int
    other_seconds: int
    measured_seconds: int

    @property
    def ready_seconds(self) -> float:
        """The duration of one launch: the total without the planned shifts, bakes and terminations."""
        return (self.measured_seconds - self.other_seconds) / self.launches


@dataclass(frozen=True, slots=True)
class Ready:
    """The time from an instance's launch until it serves, and the source of this number."""

    seconds: int
    source: str
    is_guess: bool = False


def expect_ready(past: Sequence[PastUpdate], model_bytes: int | None) -> tuple[int, str] | None:
    """The median time of past launches for a model of that size, and the number of launches.

    A launch is scaled by the ratio of the estimates for both sizes: provisioning stays, download and
    load grow. None if there are no measurements. Without `model_bytes` the launches aren't scaled.
    """
    seen = [
        each.ready_seconds * _growth(each.model_bytes, model_bytes)
        for each in past
        if each.ready_seconds > 0
    ]
    if not seen:
        return None
    noun = "past update" if len(seen) == 1 else "past updates"
    return ceil(median(seen)), f"{len(seen)} {noun}"


def resolve_ready(
    set_seconds: int | None,
    past: Sequence[PastUpdate],
    instance_type: str,
    model_bytes: int | None,
) -> Ready:
    """Take the policy's value, else the measurements of the endpoint, else the estimate from the size.

    Other instance types don't count: they are provisioned, and load a model, at another speed.
    """
    if set_seconds is not None:
        return Ready(set_seconds, "policy")
    alike = [each for each in past if each.instance_type == instance_type]
    learnt = expect_ready(alike, model_bytes)
    if learnt is not None:
        return Ready(*learnt)
    source = "no measurement" if model_bytes is None else "the model's size"
    return Ready(estimate_ready_seconds(model_bytes or 0), source, is_guess=True)


def _growth(past_bytes: int, model_bytes: int | None) -> float:
    if model_bytes is None:
        return 1
    return estimate_ready_seconds(model_bytes) / estimate_ready_seconds(past_bytes)
