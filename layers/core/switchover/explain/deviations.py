"""The texts for people about a hotfix, and about an update that overrides its policy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from switchover.domain.plain_text import quote

if TYPE_CHECKING:
    from switchover.domain.update.update import Update


def say_hotfix(update: Update) -> str:
    """The reason for a hotfix, and the alarms that it leaves out; empty for other updates."""
    if not update.hotfix_reason:
        return ""
    left_out = ", ".join(update.plan.alarms.excluded) if update.plan else ""
    return (
        f"Hotfix, for the reason given by the starter: {quote(update.hotfix_reason)};"
        f" {f'ignored because already red: {left_out}' if left_out else 'no alarm is ignored'}."
    )


def say_overrides(update: Update) -> str:
    """The values that differ from the policy file; empty if none does."""
    overrides = update.plan.overrides if update.plan else ()
    return f"Overrides the policy: {'; '.join(map(str, overrides))}." if overrides else ""
