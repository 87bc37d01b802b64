"""What people are told of an update that deviates: a hotfix, or one that overrides its policy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from switchover.domain.plain_text import quote

if TYPE_CHECKING:
    from switchover.domain.update.update import Update


def say_hotfix(update: Update) -> str:
    """Why it is a hotfix, and which alarms it leaves out; empty if it is none."""
    if not update.hotfix_reason:
        return ""
    left_out = ", ".join(update.plan.alarms.excluded) if update.plan else ""
    return (
        f"Hotfix, for the reason given by the starter: {quote(update.hotfix_reason)};"
        f" {f'ignored because already red: {left_out}' if left_out else 'no alarm is ignored'}."
    )


def say_overrides(update: Update) -> str:
    """What isn't as the policy file says; empty if all is."""
    overrides = update.plan.overrides if update.plan else ()
    return f"Overrides the policy: {'; '.join(map(str, overrides))}." if overrides else ""
