"""Errors of the command line: one message, one remedy, one exit code.

CommandFailed
├── Misused            what was asked for can't be right: no such stack, endpoint, update, file
├── Refused            checks refused a release, with every reason
└── Interrupted        Ctrl-C
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    ProfileNotFound,
)

from switchover_cli.exits import ExitCode

if TYPE_CHECKING:
    from switchover.domain.reasons import Reason


class CommandFailed(Exception):
    """A command that couldn't do what was asked; people read `message` and `remedy`."""

    exit_code = ExitCode.UNEXPECTED

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy


class Misused(CommandFailed):
    """What was asked for can't be right."""

    exit_code = ExitCode.USAGE


class Refused(CommandFailed):
    """A release failed its checks before anything was touched."""

    exit_code = ExitCode.REJECTED

    def __init__(self, message: str, reasons: tuple[Reason, ...], remedy: str = "") -> None:
        super().__init__(message, remedy)
        self.reasons = reasons


class Interrupted(CommandFailed):
    """The user pressed Ctrl-C."""

    exit_code = ExitCode.INTERRUPTED


_DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}
_EXPIRED = {
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidClientTokenId",
    "UnrecognizedClientException",
}


def explain(error: BotoCoreError | ClientError) -> CommandFailed:
    """Say what AWS, or the way to it, refused, and what to do next."""
    match error:
        case NoCredentialsError() | ProfileNotFound():
            return Misused(
                f"{_sentence(error)}",
                "Log in (`aws sso login`, AWS_PROFILE), or add --local for the local cloud.",
            )
        case NoRegionError():
            return Misused(
                "No AWS region is set.", "Set AWS_REGION, or add --local for the local cloud."
            )
        case EndpointConnectionError():
            return CommandFailed(
                _sentence(error),
                "Is the network up? If this shell points at a local cloud that is gone, open a new"
                " one, or run `switchover local up`.",
            )
        case ClientError():
            return _explain_refusal(error)
        case _:
            return CommandFailed(_sentence(error), "Try again; --debug shows where it happened.")


def _explain_refusal(error: ClientError) -> CommandFailed:
    code = error.response["Error"].get("Code", "")
    said = f"{error.operation_name}: {error.response['Error'].get('Message', code)}"
    if code in _DENIED:
        return CommandFailed(
            said, "These credentials lack a permission; docs/permissions.md lists what people need."
        )
    if code in _EXPIRED:
        return CommandFailed(said, "Log in again (`aws sso login`).")
    return CommandFailed(said, "Try again; --debug shows where it happened.")


def _sentence(error: Exception) -> str:
    return str(error).strip().rstrip(".") + "."
