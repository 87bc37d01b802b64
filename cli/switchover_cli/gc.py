"""`switchover gc`: remove configs and models of past updates that nothing needs any more."""

from __future__ import annotations

from typing import Annotated

import typer
from pydantic import BaseModel, ConfigDict
from rich.table import Table
from rich.text import Text

from switchover.domain.garbage import Judged, judge_made, made_by
from switchover_cli.console import open_console
from switchover_cli.deployment import Deployment, find_deployment, open_session
from switchover_cli.errors import Misused
from switchover_cli.following import print_json
from switchover_cli.options import DEFAULT_STACK, Endpoint, Json, Local, Stack

# More updates than anybody looks back on; what is older stays.
_MOST_UPDATES = 1000


class GarbageRecord(BaseModel):
    """What `gc --json` prints. Nothing is `removed` without `--yes`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    endpoint: str
    needed: tuple[Judged, ...]
    removable: tuple[Judged, ...]
    removed: tuple[str, ...]


def gc(
    endpoint: Endpoint,
    *,
    keep: Annotated[int, typer.Option(min=1, help="Keep so many of those that served last.")] = 3,
    yes: Annotated[bool, typer.Option("--yes", help="Remove them; otherwise only say so.")] = False,
    stack: Stack = DEFAULT_STACK,
    local: Local = False,
    json: Json = False,
) -> None:
    """Remove old configs and models that Switchover made; what is still needed stays, and why."""
    deployment = find_deployment(stack, open_session(local=local))
    judged = judge_leftovers(deployment, endpoint, keep)
    removable = tuple(each for each in judged if each.is_removable)
    removed: list[str] = []
    for each in removable if yes else ():
        deployment.leftovers.remove(each.made)
        removed.append(f"{each.made.sort.value} {each.made.name}")
        if not json:
            open_console(soft_wrap=True).print(f"Removed {removed[-1]}.")
    if json:
        needed = tuple(each for each in judged if not each.is_removable)
        record = GarbageRecord(
            endpoint=endpoint, needed=needed, removable=removable, removed=tuple(removed)
        )
        print_json(record)
    elif not yes or not removed:
        _draw(endpoint, judged, len(removable))


def judge_leftovers(deployment: Deployment, endpoint: str, keep: int) -> tuple[Judged, ...]:
    """Everything that updates of an endpoint left, and what still needs it, as of now."""
    inventory = deployment.leftovers.look()
    # Read after that long look: what an update needs that began meanwhile is needed too.
    ledger = deployment.ledger
    updates = ledger.history(endpoint, _MOST_UPDATES)
    pin = deployment.wishes.pin(endpoint)
    if pin is not None and pin.is_unreadable:
        raise Misused(
            f"The pin of {endpoint} can't be read, so that what it needs is unknown.",
            f"Pin the version again (switchover pin {endpoint} VERSION --reason '…'), or free it:"
            f" switchover unpin {endpoint}",
        )
    return judge_made(
        made_by(updates),
        inventory,
        endpoint=endpoint,
        updates=updates,
        served={name: ledger.all_served(name) for name in {endpoint, *inventory.endpoints}},
        pin=pin,
        keep=keep,
    )


def _draw(endpoint: str, judged: tuple[Judged, ...], removable: int) -> None:
    console = open_console()
    if not judged:
        console.print(f"Switchover made no config or model for {endpoint} that still exists.")
        return
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0))
    for column in ("", "name", "version", "needed by"):
        table.add_column(column, no_wrap=column in {"", "version"})
    for each in judged:
        why = Text("; ".join(each.needed_by)) if each.needed_by else Text("nothing", style="yellow")
        table.add_row(each.made.sort.value, each.made.name, each.made.version, why)
    console.print(table)
    console.print()
    if removable:
        console.print(f"{removable} may go. Remove them: switchover gc {endpoint} --yes")
    else:
        console.print("All of it is still needed.")
