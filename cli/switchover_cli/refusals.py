"""Turns failures of AWS and of the connection into a message with a remedy."""

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    ProfileNotFound,
)

from switchover.domain.errors import SwitchoverError, UpdateUnknown
from switchover_cli.errors import CommandFailed, Misused

_DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}
_EXPIRED = {
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidClientTokenId",
    "UnrecognizedClientException",
}


def is_denied(error: ClientError) -> bool:
    """Whether the credentials lack a permission."""
    return "AccessDenied" in error.response["Error"]["Code"]


def understand(error: Exception) -> CommandFailed:
    """Turn a failure that no command handles into one message with a remedy."""
    match error:
        case UpdateUnknown():
            return Misused(
                f"{error}.",
                "List the known endpoints: switchover history; updates: switchover history ENDPOINT",
            )
        case BotoCoreError() | ClientError():
            return explain(error)
        case SwitchoverError():
            return CommandFailed(str(error))
        case _:
            return CommandFailed(
                f"{type(error).__name__}: {error}", "Run it again with --debug to see where."
            )


def explain(error: BotoCoreError | ClientError) -> CommandFailed:
    """Explain a failure of AWS or of the connection, and what to do next."""
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
                "Check the network. If this shell points to a stopped local cloud, open a new"
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
