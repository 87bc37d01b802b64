"""boto3 clients: made on first use, kept for the life of the process, with timeouts and retries said."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import boto3
    from botocore.client import BaseClient
    from botocore.session import Session as BotocoreSession

# A handler must answer well within its own timeout; botocore's default read timeout is 60 s.
_CONNECT_SECONDS = 3
_READ_SECONDS = 20
_ATTEMPTS = 4
# An answer from the model may take as long as SageMaker lets it: 60 s, for which "the SDK socket timeout
# should be set to be 70 seconds" (API Reference, InvokeEndpoint). A container's log is read beside what
# decides, which mustn't wait for it.
_OWN_READ_SECONDS = {"sagemaker-runtime": 70, "logs": 5}
# Asking twice would be two requests to the model, and hides the failure that is looked for.
_SINGLE_ATTEMPT = frozenset({"sagemaker-runtime", "logs"})


# What botocore 1.44.8 knows beyond the pinned one of what Switchover asks: an endpoint's own policy, and
# fields of configs that a copy would lose. botocore merges such files (its loaders, "extras").
_NEWER_MODELS = Path(__file__).parent / "models"


def teach_newer_models(session: BotocoreSession) -> BotocoreSession:
    """The session, which from now on makes clients that know those operations and fields too."""
    session.get_component("data_loader").search_paths.append(str(_NEWER_MODELS))
    return session


@cache
def _session() -> boto3.Session:
    # Importing boto3 takes a quarter of a second, which a cold start pays only if it is used.
    import boto3
    import botocore.session

    return boto3.Session(botocore_session=teach_newer_models(botocore.session.Session()))


@cache
def client(service: str) -> Any:
    """The client of a service, in this process's region, with standard retries."""
    from botocore.config import Config

    made: BaseClient = _session().client(  # type: ignore[call-overload]
        service,
        config=Config(
            connect_timeout=_CONNECT_SECONDS,
            read_timeout=_OWN_READ_SECONDS.get(service, _READ_SECONDS),
            retries={
                "mode": "standard",
                "total_max_attempts": 1 if service in _SINGLE_ATTEMPT else _ATTEMPTS,
            },
        ),
    )
    return made
