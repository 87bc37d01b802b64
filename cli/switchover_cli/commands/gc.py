"""`switchover gc`: remove configs and models of past updates that nothing needs any more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import BaseModel, ConfigDict
from rich.padding import Padding
from rich.text import Text

from switchover_cli.connect import connect
from switchover_cli.errors import Misused
from switchover_cli.garbage.rules import Judged, judge_made, made_by
from switchover_cli.options import DEFAULT_STACK, Endpoint, Json, Local, Stack
from switchover_cli.output import open_console, print_json

if TYPE_CHECKING:
    from switchover_cli.deployment import Deployment

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
    deployment = connect(stack, local=local)
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
        _draw(judged, len(removable), endpoint, f"switchover gc {endpoint} --keep {keep} --yes")


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


def _draw(judged: tuple[Judged, ...], removable: int, endpoint: str, command: str) -> None:
    console = open_console()
    if not judged:
        console.print(f"Switchover made no config or model for {endpoint} that still exists.")
        return
    for each in judged:
        made = each.made
        console.print(
            Text.assemble(f"{made.sort.value:<8}", (made.name, "bold"), f"  {made.version}")
        )
        why = "; ".join(each.needed_by)
        needed = Text(f"needed: {why}", "dim") if why else Text("needed by nothing", "yellow")
        console.print(Padding(needed, (0, 0, 0, 8)))
    console.print()
    if removable:
        console.print(f"{removable} may go. Remove them: {command}", soft_wrap=True)
    else:
        console.print("All of it is still needed.")
