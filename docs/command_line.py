"""The page of every command, taken from the commands themselves."""

from __future__ import annotations

from html import escape
from itertools import groupby
from typing import TYPE_CHECKING, Any

import typer

from switchover_cli.catalogue import COMMANDS
from switchover_cli.loading import load_command

if TYPE_CHECKING:
    from collections.abc import Iterator

    from switchover_cli.catalogue import Listed

_INTRODUCTION = """# Commands

Written by `make docs` from the commands themselves. Every command has `--help` with the same text.

Options that most commands have:

| option | meaning |
|---|---|
| `--stack` | Switchover's CloudFormation stack; default: `SWITCHOVER_STACK`, else `switchover`. |
| `--local` | Use the running local cloud. |
| `--json` | Print only JSON on stdout, for programs. |

Exit codes: 0 success, 1 unexpected error, 2 wrong usage, 3 Rejected or Superseded, 4 RolledBack,
5 NeedsOperator, 6 a golden request was answered wrongly or could not be measured.
"""
_SHARED = frozenset({"--stack", "--local", "--json", "--help"})


def command_line_page() -> str:
    """The whole page, in Markdown: a heading for each panel of `switchover --help`, then its commands."""
    parts = [_INTRODUCTION]
    for panel, listed in groupby(COMMANDS, key=lambda each: each.panel):
        parts.append(f"## {panel}\n")
        parts.extend(part for each in listed for part in _tell(each, ""))
    return "\n".join(parts).rstrip() + "\n"


def _tell(listed: Listed, before: str) -> Iterator[str]:
    name = f"{before}{listed.name}"
    if listed.members:
        for member in listed.members:
            yield from _tell(member, f"{name} ")
        return
    command = load_command(listed)
    with typer.Context(command, info_name=name) as context:
        described = [_describe(each, context) for each in command.get_params(context)]
        usage = " ".join(("switchover", name, *command.collect_usage_pieces(context)))
        yield f"### {name}\n\n{command.help}\n\n```console\n$ {usage}\n```\n"
    rows = [f"| `{names}` | {text} |" for names, text in described if names]
    if rows:
        yield "\n".join(("| argument or option | meaning |", "|---|---|", *rows, ""))


def _describe(parameter: Any, context: Any) -> tuple[str, str]:
    """What a person types, and what it does; nothing for the options that most commands have."""
    if _SHARED & set(parameter.opts):
        return "", ""
    names, text = parameter.get_help_record(context) or ("", "")
    return names.replace("|", "\\|"), " ".join(
        escape(text, quote=False).replace("|", "\\|").split()
    )
