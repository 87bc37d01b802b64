"""Commands as Typer has them: a list is drawn from the catalogue, and what is typed is loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperCommand, TyperGroup

from switchover_cli.catalogue import COMMANDS
from switchover_cli.help_pages import load_help_pages

if TYPE_CHECKING:
    from collections.abc import Iterator

    from switchover_cli.catalogue import Listed


class Command(TyperCommand):
    """A command whose help page is drawn without what it doesn't use."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Draw the help page."""
        load_help_pages()
        super().format_help(ctx, formatter)


class Commands(TyperGroup):
    """A list of commands, of which only the one that is typed is loaded."""

    def __init__(self, listed: tuple[Listed, ...] = COMMANDS, **settings: Any) -> None:
        super().__init__(**settings)
        self.listed = {each.name: each for each in listed}
        for each in listed:
            # What the list shows, and nothing more: the command itself isn't loaded for that.
            entry = TyperCommand(each.name, help=each.help, rich_help_panel=each.panel or None)
            self.add_command(entry)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Draw the list of commands."""
        load_help_pages()
        super().format_help(ctx, formatter)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command that is typed, and load it."""
        name, _, rest = super().resolve_command(ctx, args)
        return name, load_command(self.listed[str(name)]), rest


def load_command(listed: Listed) -> Any:
    """The command itself, as Typer makes it of its function."""
    if listed.members:
        return Commands(
            listed.members,
            name=listed.name,
            help=listed.help,
            no_args_is_help=True,
            rich_markup_mode="rich",
        )
    alone = typer.Typer(add_completion=False, rich_markup_mode="rich")
    alone.command(listed.name, cls=Command)(listed.find())
    command = typer.main.get_command(alone)
    command.name = listed.name
    return command


def each_function(listed: tuple[Listed, ...] = COMMANDS) -> Iterator[tuple[str, Any]]:
    """What people type, and the function behind it, groups' commands included."""
    for each in listed:
        if each.members:
            yield from (
                (f"{each.name} {name}", found) for name, found in each_function(each.members)
            )
            continue
        yield each.name, each.find()
