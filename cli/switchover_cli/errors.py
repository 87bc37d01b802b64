"""Errors of the command line: one message, one remedy, one exit code.

CommandFailed
├── Misused            the request can't be right: no such stack, endpoint, update, file
├── Refused            checks refused a release, with every reason
└── Interrupted        Ctrl-C
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from switchover_cli.exits import ExitCode

if TYPE_CHECKING:
    from switchover.domain.reasons import Reason


class CommandFailed(Exception):
    """A command that failed; people read `message` and `remedy`."""

    exit_code = ExitCode.UNEXPECTED

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy


class Misused(CommandFailed):
    """The request can't be right."""

    exit_code = ExitCode.USAGE


class Refused(CommandFailed):
    """A release failed its checks before anything was changed."""

    exit_code = ExitCode.REJECTED

    def __init__(self, message: str, reasons: tuple[Reason, ...], remedy: str = "") -> None:
        super().__init__(message, remedy)
        self.reasons = reasons


class Interrupted(CommandFailed):
    """The user pressed Ctrl-C."""

    exit_code = ExitCode.INTERRUPTED
