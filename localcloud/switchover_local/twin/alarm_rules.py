"""How CloudWatch turns datapoints into an alarm's state. Pure; nothing here knows a clock.

Source: CloudWatch user guide, "Configuring how CloudWatch alarms treat missing data"
(alarms-and-missing-data): its two tables are test cases of this file.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import TYPE_CHECKING, assert_never

if TYPE_CHECKING:
    from collections.abc import Sequence


class StateValue(StrEnum):
    """What an alarm says."""

    OK = "OK"
    ALARM = "ALARM"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"


class MissingData(StrEnum):
    """What a period without data counts as."""

    MISSING = "missing"
    IGNORE = "ignore"
    BREACHING = "breaching"
    NOT_BREACHING = "notBreaching"


class Comparison(StrEnum):
    """When a datapoint breaches the threshold."""

    GREATER = "GreaterThanThreshold"
    GREATER_OR_EQUAL = "GreaterThanOrEqualToThreshold"
    LESS = "LessThanThreshold"
    LESS_OR_EQUAL = "LessThanOrEqualToThreshold"

    def is_breached(self, value: float, threshold: float) -> bool:
        """Whether `value` lies on the wrong side of `threshold`."""
        match self:
            case Comparison.GREATER:
                return value > threshold
            case Comparison.GREATER_OR_EQUAL:
                return value >= threshold
            case Comparison.LESS:
                return value < threshold
            case Comparison.LESS_OR_EQUAL:
                return value <= threshold
            case _:
                assert_never(self)


@dataclass(frozen=True, slots=True)
class MOfN:
    """`needed` breaching datapoints among `considered` make an alarm."""

    needed: int
    considered: int
    missing: MissingData = MissingData.MISSING

    def judge(self, breaches: Sequence[bool | None]) -> StateValue | None:
        """The state that these periods call for; None means: stay as you are.

        Args:
            breaches: one entry per period of the evaluation range, oldest first; None where there
                was no data. The range is longer than `considered`, so that older data can stand
                in for missing data.
        """
        real = [b for b in breaches if b is not None][-self.considered :]
        breaching = sum(real)
        fills = self.considered - len(real)

        if breaching >= self.needed:
            return StateValue.ALARM
        if fills == 0:
            return StateValue.OK

        match self.missing:
            case MissingData.BREACHING:
                return StateValue.ALARM if breaching + fills >= self.needed else StateValue.OK
            case MissingData.NOT_BREACHING:
                return StateValue.OK
            case MissingData.IGNORE:
                # "0 - X - -" is OK in the guide's tables; "- - X - -" retains the state.
                return StateValue.OK if breaching < len(real) else None
            case MissingData.MISSING:
                return self._judge_gaps(breaches, real)
            case _:
                assert_never(self.missing)

    def _judge_gaps(
        self, breaches: Sequence[bool | None], real: Sequence[bool]
    ) -> StateValue | None:
        if not real:
            return StateValue.INSUFFICIENT_DATA
        if not all(real):
            return StateValue.OK
        # All that is known is bad, but little is known. The guide ("Avoiding premature
        # transitions to alarm state"): the alarm waits until the oldest bad point is as old as
        # the datapoints it needs. What it says while it waits isn't documented; staying put is
        # the only answer that claims nothing which wasn't measured.
        age = len(breaches) - breaches.index(True)
        return StateValue.ALARM if age >= self.needed else None

    def count_fills(self, breaches: Sequence[bool | None]) -> int:
        """How many datapoints had to be made up for want of real ones."""
        return max(0, self.considered - sum(b is not None for b in breaches))


def is_low_sample(percent: Fraction, sample_count: float) -> bool:
    """Whether a percentile over so few values says nothing.

    Source: CloudWatch user guide, "Percentile-based CloudWatch alarms and low data samples":
    10/(1-p) values for a percentile p of 0.5 to 1, 10/p below.
    """
    tail = min(percent, 100 - percent)
    # Cross-multiplied, so that p100 and p0 need no special case: they are never significant.
    return Fraction(sample_count) * tail < 1000
