"""How a policy file looks in a terminal before and after it is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.text import Text

if TYPE_CHECKING:
    from rich.console import RenderableType

    from switchover_cli.policies.pushing import Push, PushRecord

_STYLES = {"+": "green", "-": "red", "@": "cyan"}


def draw_push(push: Push) -> RenderableType:
    """What the file changes, every warning, and which settings win."""
    policy = push.effective.policy
    may, locked = policy.releases_may or (), policy.locked
    who_wins = (
        "Which settings win: this file overrides the defaults. A release may only tighten this"
        f" file, except for these keys: {', '.join(map(str, may)) or 'none'}. A start by hand"
        f" overrides both, except for locked keys: {', '.join(map(str, locked)) or 'none'}."
    )
    return Group(
        *(Text(line, style=_STYLES.get(line[:1], "")) for line in push.diff),
        *(Text.assemble(("warning ", "yellow"), each) for each in push.warnings),
        Text(who_wins, style="dim"),
    )


def draw_pushed(endpoint: str, pushed: PushRecord) -> RenderableType:
    """Where the file was written, and how to fetch the version before it."""
    if not pushed.is_changed:
        return Text(f"{pushed.policy} already has the same content: nothing was written.")
    lines = [Text(f"Wrote {pushed.policy}: it applies from the next update on.")]
    if pushed.previous_version:
        fetch = f"switchover policy pull {endpoint} --object-version {pushed.previous_version}"
        lines.append(Text(f"To fetch the version before it: {fetch}"))
    return Group(*lines)
