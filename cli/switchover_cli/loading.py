"""Typer's commands: lists are drawn from the catalogue, and only the typed command is loaded."""

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
    """A command whose help page loads only the parts of rich that it needs."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Draw the help page."""
        load_help_pages()
        super().format_help(ctx, formatter)


class Commands(TyperGroup):
    """A list of commands; only the typed command is loaded."""

    def __init__(self, listed: tuple[Listed, ...] = COMMANDS, **settings: Any) -> None:
        super().__init__(**settings)
        self.listed = {each.name: each for each in listed}
        for each in listed:
            # A stand-in with what the list shows, so that the command itself isn't loaded.
            entry = TyperCommand(each.name, help=each.help, rich_help_panel=each.panel or None)
            self.add_command(entry)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Draw the list of commands."""
        load_help_pages()
        super().format_help(ctx, formatter)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the typed command, and load it."""
        name, _, rest = super().resolve_command(ctx, args)
        return name, load_command(self.listed[str(name)]), rest


def load_command(listed: Listed) -> Any:
    """The command that Typer makes from its function."""
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
    """Every command as it is typed, with its function; includes the commands of groups."""
    for each in listed:
        if each.members:
            yield from (
                (f"{each.name} {name}", found) for name, found in each_function(each.members)
            )
            continue
        yield each.name, each.find()
