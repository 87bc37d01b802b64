"""Instances: how many of a variant are launching, on standby, serving or terminating."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from .specs import EndpointConfig, VariantSpec


@dataclass(slots=True, eq=False)
class Fleet:
    """The instances that one variant of one config has.

    launching → standby ⇄ serving → terminating → gone
    """

    config: EndpointConfig
    spec: VariantSpec
    launching: int = 0
    standby: int = 0
    serving: int = 0
    terminating: int = 0
    launched_ever: int = 0

    @property
    def total(self) -> int:
        """Every instance that exists, and so costs money."""
        return self.launching + self.healthy + self.terminating

    @property
    def healthy(self) -> int:
        """Instances whose container answers, with or without traffic."""
        return self.standby + self.serving

    @property
    def model_source(self) -> str:
        """The source of the model, by which the scenario selects the model's behaviour."""
        model = self.config.models.get(self.spec.variant_name)
        return model.source if model is not None else ""

    def order(self, count: int) -> None:
        """Begin to launch `count` instances."""
        self.launching += count

    def join(self, count: int) -> None:
        """Put `count` launched instances on standby."""
        self.launching -= count
        self.launched_ever += count
        self.standby += count

    def abandon_launch(self) -> None:
        """Begin to terminate the instances still being launched."""
        self.terminating += self.launching
        self.launching = 0

    def serve(self, count: int) -> int:
        """Give traffic to up to `count` more instances; returns how many."""
        moved = min(count, self.standby)
        self.standby -= moved
        self.serving += moved
        return moved

    def withdraw(self, count: int) -> int:
        """Remove up to `count` instances from the traffic; returns how many."""
        moved = min(count, self.serving)
        self.serving -= moved
        self.standby += moved
        return moved

    def retire(self, count: int) -> int:
        """Begin to terminate up to `count` instances, idle ones first; returns how many."""
        self.withdraw(count - min(count, self.standby))
        moved = min(count, self.standby)
        self.standby -= moved
        self.terminating += moved
        return moved

    def bury(self) -> None:
        """The terminating instances are gone."""
        self.terminating = 0


@dataclass(frozen=True, slots=True)
class Headcount:
    """How many instances an endpoint had from `at` on."""

    at: datetime
    old_total: int
    new_total: int
    old_serving: int
    new_serving: int

    @property
    def total(self) -> int:
        """All instances that existed."""
        return self.old_total + self.new_total

    @property
    def serving(self) -> int:
        """All instances that had traffic."""
        return self.old_serving + self.new_serving
