"""Which policy keys a release may change without the owner's permission.

A release chooses its pace, and a strategy within the tier. It makes every control as strict as it likes,
and none looser. A comparison that can't be decided is no leave.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from switchover.domain.policies.choices import Inconclusive, Strategy, Tier, Weights
from switchover.domain.windows.times import QuietWindow
from switchover.domain.windows.window import openings
from switchover.domain.windows.zones import Span, subtract

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from switchover.domain.policies.policy import Policy
    from switchover.domain.windows.times import Window, Windows

# Windows repeat every week, so one of them tells all; it begins on a Monday.
_A_WEEK = Span(datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 1, 1, tzinfo=UTC) + timedelta(7))
# Each bakes what it puts into service, step by step, and goes back by itself.
GUARDED = (Strategy.ROLLING, Strategy.CANARY, Strategy.LINEAR)


class Trust(StrEnum):
    """The author of a layer of policy values, by the permission needed to write it."""

    OWNER = "owner"  # may write the policy file
    RELEASE = "release"  # may upload a release
    OPERATOR = "operator"  # may start the state machine


@dataclass(frozen=True, slots=True)
class Rule:
    """How a release may change a key.

    `is_kept` says whether the control stays at least as strict; None if the values can't be compared.
    """

    says: str
    is_kept: Callable[[Any, Any], bool | None]


def rule_for(key: str) -> Rule:
    """The rule of a key; a key without a rule belongs to the owner alone."""
    return RULES.get(key, OWNER)


def is_kept(key: str, was: Any, asked: Any, held: Policy) -> bool | None:
    """Whether a release may set a value under the owner's policy; None if that can't be decided."""
    if key == "strategy":
        return asked in (*GUARDED, held.strategy) or held.tier is Tier.DEVELOPMENT
    return rule_for(key).is_kept(was, asked)


def _narrows(was: Windows, asked: Windows) -> bool | None:
    """Whether every opening asked for lies within one that there was."""
    if not was:
        return True
    if not asked:
        return False
    if isinstance(was, QuietWindow) or isinstance(asked, QuietWindow):
        return None
    if set(asked) <= set(was):
        return True
    if len({window.timezone for window in (*was, *asked)}) > 1:
        return None
    return not subtract(_open_week(asked), _open_week(was))


def _open_week(windows: tuple[Window, ...]) -> tuple[Span, ...]:
    """When windows are open by the clocks of their zone, whichever zone that is."""
    return openings((each.model_copy(update={"timezone": "UTC"}) for each in windows), _A_WEEK)


def _keeps_entries(was: tuple[object, ...], asked: tuple[object, ...]) -> bool:
    return all(entry in asked for entry in was)


def _begins_with(was: tuple[object, ...], asked: tuple[object, ...]) -> bool:
    # SageMaker itself watches the first alarms; those of the owner stay among them.
    return asked[: len(was)] == was


def _stays_inside(was: Any, asked: Any) -> bool | None:
    if was is None or asked is None:
        return None
    return bool(was.min <= asked.min and asked.max <= was.max)


FREE = Rule("set it to anything", lambda _was, _asked: True)
OWNER = Rule("not change it", lambda _was, _asked: False)
HIGHER = Rule("raise it", lambda was, asked: bool(asked >= was))
LOWER = Rule("lower it", lambda was, asked: bool(asked <= was))
LOWER_IF_SET = Rule(
    "lower it where it is set",
    lambda was, asked: None if was is None or asked is None else bool(asked <= was),
)
ON = Rule("turn it on", lambda _was, asked: asked is True)
OFF = Rule("turn it off", lambda _was, asked: asked is False)
ADDED = Rule("set it where nothing is set", lambda was, _asked: was is None)
SUPERSET = Rule("add entries, and keep those that are there", _keeps_entries)
LONGER_LIST = Rule("add entries behind those that are there", _begins_with)
NARROWER = Rule("narrow it, in the same time zone", _narrows)
STRATEGY = Rule(
    "choose rolling, canary or linear; with tier development any", lambda _was, _asked: True
)

RULES: Mapping[str, Rule] = {
    "tier": OWNER,
    "strategy": STRATEGY,
    "variant": ADDED,
    "container": ADDED,
    "weights": Rule("choose release", lambda _was, asked: asked is Weights.RELEASE),
    "rolling.batch_percent": FREE,
    "rolling.bake_seconds": HIGHER,
    "rolling.rollback_batch_percent": HIGHER,
    "canary.percent": FREE,
    "canary.bake_seconds": HIGHER,
    "linear.step_percent": FREE,
    "linear.bake_seconds": HIGHER,
    "termination_wait_seconds": HIGHER,
    "deadline_seconds": FREE,
    "allow_downtime": OFF,
    "retain_capacity": ON,
    "ready_seconds": FREE,
    "watch_seconds": HIGHER,
    "window": NARROWER,
    "freezes": SUPERSET,
    "locked": OWNER,
    "releases_may": OWNER,
    # It also says what becomes of other releases that wait.
    "when_busy": OWNER,
    "alarms.latency.limit_seconds": LOWER,
    # A higher percentile is stricter against a limit, and may be looser against a rough old fleet.
    "alarms.latency.statistic": OWNER,
    # Where it is set, a limit that is left at its default no longer bounds the latency.
    "alarms.latency.versus_old": LOWER_IF_SET,
    "alarms.error_rate": LOWER,
    # A shorter look is sharper where traffic is dense, and blind where it is thin.
    "alarms.period_seconds": OWNER,
    "alarms.evaluation_periods": LOWER,
    "alarms.also": LONGER_LIST,
    "guard.min_requests": HIGHER,
    "guard.inconclusive": Rule(
        "choose roll-back", lambda _was, asked: asked is Inconclusive.ROLL_BACK
    ),
    # More of them prove more, and are more load on what serves.
    "guard.probes_per_minute": OWNER,
    # Elsewhere in the bucket lie other teams' files, whose lines refusals would quote.
    "tests.golden": Rule(
        "name a file under golden/ where nothing is set",
        lambda was, asked: was is None and asked.startswith("golden/"),
    ),
    "tests.latency_seconds": LOWER,
    "tests.warm_up": LOWER,
    "tests.at_once": HIGHER,
    "tests.identity": ADDED,
    "approval.required": ON,
    "approval.promotion": ON,
    "approval.four_eyes": ON,
    "capacity.during": Rule("stay within its bounds", _stays_inside),
    "model.allow_pickle": OFF,
    "model.allow_remote_code": OFF,
    # A pattern more is a file more that nobody looked into.
    "model.data_files": OWNER,
    "model.tolerate": OWNER,
    "model.refuse": SUPERSET,
}
