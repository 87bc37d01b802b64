"""A policy file before and after it is written, as people read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.text import Text

if TYPE_CHECKING:
    from rich.console import RenderableType

    from switchover_cli.policies.pushing import Push, PushRecord

_STYLES = {"+": "green", "-": "red", "@": "cyan"}


def draw_push(push: Push) -> RenderableType:
    """What the file changes, every warning, and whose word counts more."""
    policy = push.effective.policy
    may, locked = policy.releases_may or (), policy.locked
    who_wins = (
        "Who wins: this file goes over the defaults; a release tightens it, and loosens"
        f" {', '.join(map(str, may)) or 'nothing of it'}; who starts by hand goes over both, except"
        f" for {', '.join(map(str, locked)) or 'nothing, as nothing is locked'}."
    )
    return Group(
        *(Text(line, style=_STYLES.get(line[:1], "")) for line in push.diff),
        *(Text.assemble(("warning ", "yellow"), each) for each in push.warnings),
        Text(who_wins, style="dim"),
    )


def draw_pushed(endpoint: str, pushed: PushRecord) -> RenderableType:
    """Where the file lies now, and how to fetch what lay there before."""
    if not pushed.is_changed:
        return Text(f"{pushed.policy} is there already, the same: nothing was written.")
    lines = [Text(f"Wrote {pushed.policy}: it holds from the next update on.")]
    if pushed.previous_version:
        fetch = f"switchover policy pull {endpoint} --object-version {pushed.previous_version}"
        lines.append(Text(f"What was there before: {fetch}"))
    return Group(*lines)
