"""Makes AWS clients on first use and caches them, with explicit timeouts and retries."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from switchover import budget
from switchover.domain.errors import NoAnswer
from switchover.lean import load_botocore

if TYPE_CHECKING:
    from botocore.client import BaseClient
    from botocore.model import OperationModel
    from botocore.session import Session as BotocoreSession

# AWS's control planes answer within a second or two; botocore's default read timeout is 60 s.
CONNECT_SECONDS = 3
READ_SECONDS = 10
# Enough for a short disturbance. The state machine waits for the end of a long one: its waiting costs
# nothing, and people can stop it. A client that waits can't be stopped, and may act after its
# execution got an answer.
ATTEMPTS = 4
# Before the n-th retry botocore waits up to 2^(n-1) seconds (mode "standard": User Guide of boto3,
# "Retries"). Not "adaptive": it holds back first attempts too, because of one process's failures, and
# a function runs in many processes ("not recommended for multi-tenant applications": AWS SDKs and
# Tools Reference Guide).
LONGEST_PAUSE_SECONDS = 2 ** (ATTEMPTS - 2)
# The longest time of one attempt. A function begins no attempt later than this before Lambda ends it,
# so no call is sent or repeated after the function's end.
ATTEMPT_SECONDS = CONNECT_SECONDS + READ_SECONDS + 1
# SageMaker gives the model 60 s for an answer, for which "the SDK socket timeout
# should be set to be 70 seconds" (API Reference, InvokeEndpoint). No decision may wait for a
# container's log. S3 copies large parts before it answers.
_OWN_READ_SECONDS = {"sagemaker-runtime": 70, "logs": 5, "s3": 20}
# A release of 50,000 files takes 100,000 short reads: with 32 at a time ValidateModel has 80 ms for each.
S3_CONNECTIONS = 32
_CONNECTIONS = {"s3": S3_CONNECTIONS}
# A retry would be a second request to the model, and would hide the failure that the test looks for.
_SINGLE_ATTEMPT = frozenset({"sagemaker-runtime", "logs"})
# Requests to the model have their own time limit, which is part of the test.
_MODELS_OWN_TIME = frozenset({"sagemaker-runtime"})


# Operations and fields that botocore 1.44.8 knows and the pinned version doesn't: an endpoint's own
# policy, and fields of configs that a copy would lose. botocore merges such files (its loaders,
# "extras").
_NEWER_MODELS = Path(__file__).parent / "models"


def teach_newer_models(session: BotocoreSession) -> BotocoreSession:
    """Make the session's new clients know those operations and fields too; returns the session."""
    session.get_component("data_loader").search_paths.append(str(_NEWER_MODELS))
    return session


@cache
def _session() -> BotocoreSession:
    # A cold start imports botocore only if it is used. The layer leaves boto3 out, because no gateway
    # uses its additions (S3 transfers, resources).
    load_botocore()
    import botocore.session

    return teach_newer_models(botocore.session.Session())


@cache
def client(service: str) -> Any:
    """The client of a service in this process's region; it keeps the caller's time budget.

    The client's calls raise NoAnswer once the time is used up.
    """
    session = _session()
    from botocore.config import Config

    made: BaseClient = session.create_client(
        service,
        config=Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=_OWN_READ_SECONDS.get(service, READ_SECONDS),
            max_pool_connections=_CONNECTIONS.get(service, 10),
            retries={
                "mode": "standard",
                "total_max_attempts": 1 if service in _SINGLE_ATTEMPT else ATTEMPTS,
            },
        ),
    )
    if service not in _MODELS_OWN_TIME:
        keep_to_budget(made)
    return made


def keep_to_budget(made: BaseClient) -> None:
    """Keep a client from attempts, and from pauses before them, for which its budget has no time."""
    made.meta.events.register("request-created", _begin)
    made.meta.events.register("needs-retry", _wait)


def _begin(operation_name: str, **_: Any) -> None:
    budget.spend(operation_name)


def _wait(operation: OperationModel, caught_exception: Exception | None, **_: Any) -> None:
    # A refusal comes at once, and leaves time for the pause; a timeout has used that time already.
    if caught_exception is not None and budget.seconds_left() <= LONGEST_PAUSE_SECONDS:
        raise NoAnswer(f"{operation.name}: {caught_exception}") from caught_exception
