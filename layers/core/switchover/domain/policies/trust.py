"""Which policy keys a release may change without the owner's permission.

A release may choose its pace, and a strategy within the tier. It may make every control stricter, and
no control looser. If two values can't be compared, the change isn't allowed.
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

# Windows repeat every week, so one week is enough to compare them; it begins on a Monday.
_A_WEEK = Span(datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 1, 1, tzinfo=UTC) + timedelta(7))
# Each of these bakes the new fleet step by step, and SageMaker rolls it back by itself.
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
    """Whether every requested opening lies within an earlier opening."""
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
    """The local times of a week in which the windows are open; the time zone is ignored."""
    return openings((each.model_copy(update={"timezone": "UTC"}) for each in windows), _A_WEEK)


def _keeps_entries(was: tuple[object, ...], asked: tuple[object, ...]) -> bool:
    return all(entry in asked for entry in was)


def _begins_with(was: tuple[object, ...], asked: tuple[object, ...]) -> bool:
    # SageMaker itself watches the first alarms of the list; the owner's alarms must stay among them.
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
    "lower it if it is set",
    lambda was, asked: None if was is None or asked is None else bool(asked <= was),
)
ON = Rule("turn it on", lambda _was, asked: asked is True)
OFF = Rule("turn it off", lambda _was, asked: asked is False)
ADDED = Rule("set it if it isn't set", lambda was, _asked: was is None)
SUPERSET = Rule("add entries, and keep the existing entries", _keeps_entries)
LONGER_LIST = Rule("add entries after the existing entries", _begins_with)
NARROWER = Rule("narrow it, in the same time zone", _narrows)
STRATEGY = Rule(
    "choose rolling, canary or linear; with tier development, any strategy",
    lambda _was, _asked: True,
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
    # This key also decides about other waiting releases.
    "when_busy": OWNER,
    "alarms.latency.limit_seconds": LOWER,
    # A higher percentile is stricter against a fixed limit, but may be looser against a slow old fleet.
    "alarms.latency.statistic": OWNER,
    # If this key is set, a limit_seconds left at its default no longer limits the latency.
    "alarms.latency.versus_old": LOWER_IF_SET,
    "alarms.error_rate": LOWER,
    # A shorter period reacts faster with many requests, but sees too little with few requests.
    "alarms.period_seconds": OWNER,
    "alarms.evaluation_periods": LOWER,
    "alarms.also": LONGER_LIST,
    "guard.min_requests": HIGHER,
    "guard.inconclusive": Rule(
        "choose roll-back", lambda _was, asked: asked is Inconclusive.ROLL_BACK
    ),
    # More golden requests prove more, but are more load on the endpoint.
    "guard.probes_per_minute": OWNER,
    # Other folders hold other teams' files, and a refusal would quote their lines.
    "tests.golden": Rule(
        "name a file under golden/ if none is set",
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
    # With each additional pattern, more files are accepted without inspection.
    "model.data_files": OWNER,
    "model.tolerate": OWNER,
    "model.refuse": SUPERSET,
}
