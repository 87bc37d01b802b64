"""Policies of every kind, for properties that must hold for all of them."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from switchover.domain.policies.choices import Strategy

FLEETS = st.integers(1, 50)
_SECONDS = st.integers(0, 3600)
POLICIES = st.fixed_dictionaries(
    {
        "strategy": st.sampled_from([each.value for each in Strategy]),
        "ready_seconds": st.integers(300, 7200),
        "allow_downtime": st.just(True),  # noqa: FBT003  (a value, not a flag)
    },
    optional={
        "rolling": st.fixed_dictionaries(
            {},
            optional={
                "batch_percent": st.floats(5, 50),
                "bake_seconds": _SECONDS,
                "rollback_batch_percent": st.floats(5, 100),
            },
        ),
        "canary": st.fixed_dictionaries(
            {}, optional={"percent": st.floats(0.5, 50), "bake_seconds": _SECONDS}
        ),
        "linear": st.fixed_dictionaries(
            {}, optional={"step_percent": st.floats(10, 50), "bake_seconds": _SECONDS}
        ),
        "termination_wait_seconds": _SECONDS,
        "deadline_seconds": st.integers(600, 28800),
        "watch_seconds": _SECONDS,
        "alarms": st.fixed_dictionaries(
            {},
            optional={
                "period_seconds": st.sampled_from([10, 20, 30, 60, 120, 300, 3600]),
                "evaluation_periods": st.integers(1, 20),
                "also": st.lists(st.sampled_from("abcdef"), unique=True, max_size=6),
            },
        ),
    },
)


def ready_of(values: dict[str, Any]) -> int:
    """How long an instance of that policy's endpoint takes until it serves."""
    return int(values["ready_seconds"])


def chosen_keys(values: dict[str, Any], prefix: str = "") -> frozenset[str]:
    """The dotted keys of a policy's values, as if a person had set each."""
    inner = [
        chosen_keys(value, f"{prefix}{key}.")
        for key, value in values.items()
        if isinstance(value, dict)
    ]
    return frozenset(f"{prefix}{key}" for key in values).union(*inner)
