"""Planned durations compared with durations on the twin: writes the tables of docs/timing.md.

    python -m benchmarks.estimates           # writes the tables between the marks in docs/timing.md
    python -m benchmarks.estimates --check   # fails if they are out of date

Uses virtual time, so that every machine gets the same figures.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.support.planned import plan_on, play, stand

from switchover.domain.plans.plan import Plan
from switchover.domain.policies.choices import Strategy
from switchover.domain.update.history import measure

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tests.support.planned import Played
    from tests.support.staging import Staging

PAGE = Path(__file__).parent.parent / "docs" / "timing.md"
SIZES = (1, 2, 3, 4, 5, 8, 10, 16, 25, 50)
_BYTES = 16_000_000_000
_BEGINS, _ENDS = "<!-- {name}: written by `python -m benchmarks.estimates` -->", "<!-- end -->"


@dataclass(frozen=True, slots=True)
class Estimate:
    """One update: its plan and its course."""

    strategy: Strategy
    plan: Plan
    played: Played

    @property
    def error_percent(self) -> float:
        """The error of the planned duration."""
        return (self.plan.times.expected_seconds / self.played.seconds - 1) * 100


def main() -> int:
    """Write or check the page; the exit code says whether it was current."""
    text = PAGE.read_text()
    current = _put(_put(text, "known", _known_table()), "learnt", _learnt_table())
    if current == text:
        return 0
    if "--check" in sys.argv[1:]:
        print(f"{PAGE.name} is out of date: run `python -m benchmarks.estimates`", file=sys.stderr)
        return 1
    PAGE.write_text(current)
    print(f"wrote {PAGE}")
    return 0


def known() -> Iterable[Estimate]:
    """Every strategy and size on the default scenario, with the ready time set in the policy."""
    for strategy in Strategy:
        for instances in SIZES:
            staging = stand(instances)
            plan = _plan(staging, strategy, ready_seconds=480)
            if plan is not None:
                yield Estimate(strategy, plan, play(staging, plan))


def learnt() -> Iterable[tuple[Estimate, Estimate]]:
    """The first and the second update of an endpoint without known durations.

    Its instances, shifts and terminations all take longer than the product assumes.
    """
    for strategy in Strategy:
        first_staging, second_staging = _slow_stand(), _slow_stand()
        first = _plan(first_staging, strategy)
        if first is None:
            raise AssertionError("4 instances can be updated by every strategy")
        played = play(first_staging, first)
        past = (measure(first, _BYTES, round(played.seconds)),)
        second = _plan(second_staging, strategy, past=past)
        if second is None:
            raise AssertionError("what was learnt can't make a plan impossible")
        yield (
            Estimate(strategy, first, played),
            Estimate(strategy, second, play(second_staging, second)),
        )


def _slow_stand() -> Staging:
    return stand(4, 900, activate_seconds=25, terminate_seconds=60)


def _plan(staging: Staging, strategy: Strategy, **more: Any) -> Plan | None:
    made = plan_on(
        staging, strategy=strategy.value, allow_downtime=True, model_bytes=_BYTES, **more
    )
    return made if isinstance(made, Plan) else None


def _known_table() -> str:
    rows = [
        (
            each.strategy.value,
            each.plan.deployment.pace.instances,
            each.plan.deployment.pace.step_instances,
            each.plan.times.expected_seconds,
            round(each.played.seconds),
            f"{each.error_percent:+.1f} %",
            each.plan.capacity.peak_instances,
            each.played.peak_instances,
            f"{each.plan.capacity.extra_instance_seconds / 3600:.1f}",
            f"{each.played.extra_instance_seconds / 3600:.1f}",
        )
        for each in known()
    ]
    heads = (
        "strategy", "instances", "step", "said, s", "took, s", "error",
        "peak said", "peak", "extra instance-hours said", "extra instance-hours",
    )  # fmt: skip
    return _table(heads, rows)


def _learnt_table() -> str:
    rows = [
        (
            first.strategy.value,
            first.plan.times.expected_seconds,
            round(first.played.seconds),
            f"{first.error_percent:+.1f} %",
            second.plan.times.expected_seconds,
            round(second.played.seconds),
            f"{second.error_percent:+.1f} %",
        )
        for first, second in learnt()
    ]
    heads = (
        "strategy", "first: said, s", "took, s", "error", "second: said, s", "took, s", "error",
    )  # fmt: skip
    return _table(heads, rows)


def _table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [heads, ["---", *("---:" for _ in heads[1:])], *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def _put(text: str, name: str, table: str) -> str:
    begins = _BEGINS.format(name=name)
    before, _, rest = text.partition(begins)
    _, _, after = rest.partition(_ENDS)
    return f"{before}{begins}\n{table}\n{_ENDS}{after}"


if __name__ == "__main__":
    sys.exit(main())
