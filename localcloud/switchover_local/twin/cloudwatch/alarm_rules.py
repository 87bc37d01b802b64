"""How CloudWatch turns datapoints into an alarm's state. Pure functions, without a clock.

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
    """The state of an alarm."""

    OK = "OK"
    ALARM = "ALARM"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"


class MissingData(StrEnum):
    """How a period without data counts."""

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
        """Whether `value` breaches `threshold`."""
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
class GapRules:
    """Two open questions about an alarm that lacks data and whose only data are breaches.

    is_held_back: whether older good data delay the early alarm. The guide's text says that only data
    after the breach count; but its table has "0 - X - -" of 2 out of 3 as OK.
    is_young_breach_ok: whether a breach too young for the early alarm is OK; else the state stays.
    """

    is_held_back: bool = True
    is_young_breach_ok: bool = False


AS_IN_THE_TABLES = GapRules()


@dataclass(frozen=True, slots=True)
class MOfN:
    """`needed` breaching datapoints among `considered` make an alarm."""

    needed: int
    considered: int
    missing: MissingData = MissingData.MISSING

    def judge(
        self, breaches: Sequence[bool | None], gaps: GapRules = AS_IN_THE_TABLES
    ) -> StateValue | None:
        """The state for these periods; None means that the alarm keeps its state.

        Args:
            breaches: one entry per period of the evaluation range, oldest first; None where there
                was no data. The range is longer than `considered`, so that older data can
                replace missing data.
            gaps: the answers to the guide's open questions.
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
                is_kept = breaching == len(real) or self._is_early_alarm(breaches, gaps)
                return None if is_kept else StateValue.OK
            case MissingData.MISSING:
                return self._judge_gaps(breaches, gaps)
            case _:
                assert_never(self.missing)

    def _judge_gaps(self, breaches: Sequence[bool | None], gaps: GapRules) -> StateValue | None:
        if all(breach is None for breach in breaches):
            return StateValue.INSUFFICIENT_DATA
        if self._is_early_alarm(breaches, gaps):
            return StateValue.ALARM
        if False in breaches or gaps.is_young_breach_ok:
            return StateValue.OK
        return None

    def _is_early_alarm(self, breaches: Sequence[bool | None], gaps: GapRules) -> bool:
        """Whether there are few data, but all are bad, for as long as an alarm needs.

        Source: "Avoiding premature transitions to alarm state": the alarm waits until the oldest bad
        point is as old as the datapoints it needs, and everything after it is bad or missing.
        """
        if True not in breaches:
            return False
        first = breaches.index(True)
        if False in breaches[first:] or (gaps.is_held_back and False in breaches[:first]):
            return False
        return len(breaches) - first >= self.needed

    def count_fills(self, breaches: Sequence[bool | None]) -> int:
        """The number of missing datapoints that were filled in."""
        return max(0, self.considered - sum(b is not None for b in breaches))


def is_low_sample(percent: Fraction, sample_count: float) -> bool:
    """Whether a percentile of so few values isn't significant.

    Source: CloudWatch user guide, "Percentile-based CloudWatch alarms and low data samples":
    10/(1-p) values for a percentile p of 0.5 to 1, 10/p below.
    """
    tail = min(percent, 100 - percent)
    # Cross-multiplied, so that p100 and p0 need no special case: they are never significant.
    return Fraction(sample_count) * tail < 1000
