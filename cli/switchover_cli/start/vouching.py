"""Vouching: before an upload or a start, AWS tells the stack the caller's identity."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

from switchover_cli.errors import CommandFailed
from switchover_cli.function_urls import explain_refused_call
from switchover_cli.output import open_console
from switchover_cli.refusals import explain

if TYPE_CHECKING:
    from switchover_cli.deployment import Deployment


def vouch(deployment: Deployment, subject: str) -> None:
    """Record that these credentials offer `subject`; if this fails, print a warning on stderr.

    Only a policy with `approval.four_eyes` needs the record; the update then reports that it is missing.
    `subject` is the SHA-256 of a release.json, or the id of an update that will be started.
    """
    fault = _find_fault(deployment, subject)
    if fault is not None:
        open_console(stderr=True).print(
            f"You could not be recorded as the uploader or starter (approval.four_eyes would reject it)."
            f" {fault.message}",
            soft_wrap=True,
        )


def _find_fault(deployment: Deployment, subject: str) -> CommandFailed | None:
    if not deployment.vouch_url:
        return CommandFailed("This stack has no VouchFunction: deploy the current version.")
    try:
        answered = deployment.function_urls.call(deployment.vouch_url, {"subject": subject})
    except CommandFailed as error:
        return error
    except (BotoCoreError, ClientError, HTTPClientError) as error:
        return explain(error)
    return None if answered.content.get("verdict") == "kept" else explain_refused_call(answered)
