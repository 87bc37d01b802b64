"""The stages of a variant, in DescribeEndpoint's words (VariantStatus, rules §2.5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import datetime

    from mypy_boto3_sagemaker.type_defs import ProductionVariantStatusTypeDef

StageStatus = Literal["Creating", "Updating", "ActivatingTraffic", "Baking", "Deleting"]
Reach = Literal["canary", "linear", "rolling", "full"]


@dataclass(frozen=True, slots=True)
class Stage:
    """One entry of VariantStatus."""

    status: StageStatus
    message: str
    started: datetime

    def describe(self) -> ProductionVariantStatusTypeDef:
        """The entry as DescribeEndpoint gives it."""
        return {
            "Status": self.status,
            "StatusMessage": self.message,
            "StartTime": self.started,
        }


def launching(count: int, at: datetime, status: StageStatus = "Creating") -> Stage:
    """Instances are being launched."""
    return Stage(status, f"Launching {count} instance(s).", at)


def scaling_out(count: int, at: datetime) -> Stage:
    """A capacity-only change is under way."""
    return Stage("Updating", f"Scaling out desired instance count to {count}.", at)


def reweighing(at: datetime) -> Stage:
    """A weight is changing, or an instance count was set to its old value."""
    return Stage("Updating", "Updating weight and capacity of the production variant.", at)


def activating(count: int, reach: Reach, at: datetime) -> Stage:
    """Traffic is about to reach new instances. Only the canary's wording is documented."""
    return Stage(
        "ActivatingTraffic", f"Activating traffic on {reach} capacity of {count} instance(s).", at
    )


def baking(seconds: int, setting: str, count: int, reach: Reach, at: datetime) -> Stage:
    """New instances serve and alarms are watched."""
    return Stage(
        "Baking",
        f"Baking for {seconds} seconds ({setting}) with traffic enabled on {reach} capacity of "
        f"{count} instance(s).",
        at,
    )


def terminating(count: int, at: datetime) -> Stage:
    """Instances are being terminated."""
    return Stage("Deleting", f"Terminating {count} instance(s).", at)
