"""Names that a shell completes: the endpoints and versions of the deployment.

The tab key must answer at once: a deployment that doesn't answer within a second gives no names.
Nothing else is printed.
"""

from __future__ import annotations

from contextlib import redirect_stderr, suppress
from io import StringIO
from threading import Thread
from typing import TYPE_CHECKING

from switchover_cli import connect
from switchover_cli.sdk import load_sdk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from switchover_cli.deployment import Deployment

LONGEST_SECONDS = 1.0


def find_endpoints(stack: str, *, local: bool) -> list[str]:
    """The names of the account's endpoints; empty if no answer comes within a second."""
    import switchover.aws.usage  # noqa: F401  (loaded before the second begins)

    return _ask(stack, local, lambda deployment: deployment.fleets.names())


def find_versions(stack: str, endpoint: str, *, local: bool) -> list[str]:
    """The started or uploaded versions of an endpoint, as far as they are known within a second."""
    import switchover.aws.ledger
    import switchover.aws.offers  # noqa: F401  (loaded before the second begins)

    return _ask(stack, local, lambda deployment: _list_versions(deployment, endpoint))


def _list_versions(deployment: Deployment, endpoint: str) -> Iterator[str]:
    yield from (update.version for update in deployment.ledger.listed(endpoint) if update.version)
    yield from (offer.version for offer in deployment.offers.offers(endpoint))


def _ask(
    stack: str,
    local: bool,  # noqa: FBT001  (handed on)
    find: Callable[[Deployment], Iterable[str]],
) -> list[str]:
    load_sdk()
    found: list[str] = []

    def look() -> None:
        with suppress(Exception):
            for name in find(connect.connect(stack, local=local)):
                found.append(name)  # noqa: PERF402  (what was found in time counts)

    # A daemon: the process doesn't wait for an answer that comes too late.
    asking = Thread(target=look, daemon=True)
    with redirect_stderr(StringIO()):
        asking.start()
        asking.join(LONGEST_SECONDS)
    return list(dict.fromkeys(found[:]))
