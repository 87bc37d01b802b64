"""Makes AWS clients on first use and caches them, with explicit timeouts and retries."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from switchover import budget
from switchover.domain.errors import NoAnswer

if TYPE_CHECKING:
    from botocore.client import BaseClient
    from botocore.model import OperationModel
    from botocore.session import Session as BotocoreSession

# AWS's control planes answer within a second or two; botocore's default read timeout is 60 s.
CONNECT_SECONDS = 3
READ_SECONDS = 10
# For a passing trouble. A storm is waited out by the state machine, which pays nothing for waiting and
# is stopped by people; a client that waits can't be stopped, and may act after its execution was told.
ATTEMPTS = 4
# Before the n-th retry botocore waits up to 2^(n-1) seconds (mode "standard": User Guide of boto3,
# "Retries"). Not "adaptive": it holds back first attempts too, by what one process saw, and a function is
# many processes ("not recommended for multi-tenant applications": AWS SDKs and Tools Reference Guide).
LONGEST_PAUSE_SECONDS = 2 ** (ATTEMPTS - 2)
# What one attempt may take. No function begins one later than this before Lambda ends it: whatever is
# asked of AWS was asked while the function lived, and none of it is repeated afterwards.
ATTEMPT_SECONDS = CONNECT_SECONDS + READ_SECONDS + 1
# An answer from the model may take as long as SageMaker lets it: 60 s, for which "the SDK socket timeout
# should be set to be 70 seconds" (API Reference, InvokeEndpoint). A container's log is read beside what
# decides, which mustn't wait for it. S3 copies large parts before it answers.
_OWN_READ_SECONDS = {"sagemaker-runtime": 70, "logs": 5, "s3": 20}
# A release of 50,000 files takes 100,000 short reads: with 32 at a time ValidateModel has 80 ms for each.
S3_CONNECTIONS = 32
_CONNECTIONS = {"s3": S3_CONNECTIONS}
# Asking twice would be two requests to the model, and hides the failure that is looked for.
_SINGLE_ATTEMPT = frozenset({"sagemaker-runtime", "logs"})
# Who asks the model keeps to a time of its own, which is part of the test.
_MODELS_OWN_TIME = frozenset({"sagemaker-runtime"})


# What botocore 1.44.8 knows beyond the pinned one of what Switchover asks: an endpoint's own policy, and
# fields of configs that a copy would lose. botocore merges such files (its loaders, "extras").
_NEWER_MODELS = Path(__file__).parent / "models"


def teach_newer_models(session: BotocoreSession) -> BotocoreSession:
    """The session, which from now on makes clients that know those operations and fields too."""
    session.get_component("data_loader").search_paths.append(str(_NEWER_MODELS))
    return session


@cache
def _session() -> BotocoreSession:
    # A cold start pays for botocore only if it is used, and never for boto3: what that adds (S3's
    # transfers, resources) no gateway uses, so the layer leaves it out.
    import botocore.session

    return teach_newer_models(botocore.session.Session())


@cache
def client(service: str) -> Any:
    """The client of a service in this process's region; it keeps the caller's time budget.

    Its calls raise NoAnswer once the time is used up.
    """
    from botocore.config import Config

    made: BaseClient = _session().create_client(
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
    """Have a client begin no attempt, and wait for none, that its budget has no time for."""
    made.meta.events.register("request-created", _begin)
    made.meta.events.register("needs-retry", _wait)


def _begin(operation_name: str, **_: Any) -> None:
    budget.spend(operation_name)


def _wait(operation: OperationModel, caught_exception: Exception | None, **_: Any) -> None:
    # A refusal comes at once, and leaves time for the pause; what timed out has taken it already.
    if caught_exception is not None and budget.seconds_left() <= LONGEST_PAUSE_SECONDS:
        raise NoAnswer(f"{operation.name}: {caught_exception}") from caught_exception
