"""Learns from an endpoint's past updates how long a new instance takes to serve."""

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

    `other_seconds` is what its plan counted besides launches: shifts, bakes, terminations.
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
    """How long a new instance takes from launch to serving, and how we know."""

    seconds: int
    source: str
    is_guess: bool = False


def expect_ready(past: Sequence[PastUpdate], model_bytes: int | None) -> tuple[int, str] | None:
    """The median of what past launches took, for a model of that size, and how many taught it.

    A launch is scaled by what the guess from the size says of both sizes: provisioning stays, download
    and load grow. None if nothing can be learnt; `model_bytes` None takes the launches as they were.
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
    """Take the policy's word, else what the endpoint's past teaches, else the guess from the size.

    Other instance types teach nothing: they are had, and load a model, at their own speed.
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
