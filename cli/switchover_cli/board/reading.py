"""What the board shows: each endpoint's status, its policy, and when its next window opens."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import BaseModel, ConfigDict

from switchover.domain.counts import Count, count_nothing
from switchover.domain.errors import SwitchoverError
from switchover.domain.fleet import Absent, EndpointStatus
from switchover.domain.outcome import Outcome
from switchover.domain.policies.choices import Strategy, Tier
from switchover.domain.release import is_endpoint_name
from switchover.domain.windows.freezes import Freeze
from switchover.domain.windows.times import QuietWindow
from switchover.domain.windows.window import LOOK_AHEAD, find_openings
from switchover.domain.windows.zones import Span
from switchover_cli.errors import Refused
from switchover_cli.policies.in_force import read_policy
from switchover_cli.records import StatusRecord
from switchover_cli.refusals import is_denied
from switchover_cli.standing import Status, read_status, record_status

if TYPE_CHECKING:
    from switchover.domain.counts import OnCount
    from switchover.domain.policies.policy import Policy
    from switchover_cli.deployment import Deployment

# Enough to read 40 endpoints in seconds; few enough for DescribeEndpoint's own limit.
_AT_ONCE = 6
# SageMaker leaves an endpoint like that until a person acts (API Reference, EndpointStatus).
_BROKEN = frozenset(
    {
        EndpointStatus.FAILED,
        EndpointStatus.OUT_OF_SERVICE,
        EndpointStatus.UPDATE_ROLLBACK_FAILED,
    }
)


@dataclass(frozen=True, slots=True)
class Rules:
    """What an endpoint's policy says of its updates.

    `opens` is the next span in which updates may start; None if the policy has no window, or if only
    traffic or a calendar says when (`is_open_ended`).
    """

    tier: Tier
    strategy: Strategy
    has_window: bool
    opens: Span | None
    is_open_ended: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One endpoint. `problem` says why a part could not be read."""

    endpoint: str
    status: Status | None
    rules: Rules | None
    problem: str = ""

    @property
    def attention(self) -> str:
        """Why a person should look at this endpoint; empty if nobody needs to."""
        status = self.status
        if status is None:
            return self.problem
        if isinstance(status.endpoint, Absent):
            return "the endpoint doesn't exist"
        if status.endpoint.status in _BROKEN:
            return f"the endpoint is {status.endpoint.status.value}"
        if status.running is not None and status.running.update.open_gate is not None:
            return "an update waits for approval"
        if status.last is not None and status.last.outcome is Outcome.NEEDS_OPERATOR:
            return "the last update ended as NeedsOperator"
        if status.drift is not None:
            return "the serving config was not brought by an update"
        return self.problem


class RulesRecord(BaseModel):
    """An endpoint's policy, for machines. `opens_at` is null if no time is known."""

    model_config = ConfigDict(frozen=True)

    tier: Tier
    strategy: Strategy
    has_window: bool
    opens_at: datetime | None
    closes_at: datetime | None


class RowRecord(BaseModel):
    """One endpoint of the board, for machines; `status` is what `status ENDPOINT --json` prints."""

    model_config = ConfigDict(frozen=True)

    endpoint: str
    attention: str
    status: StatusRecord | None
    policy: RulesRecord | None


def read_board(deployment: Deployment, on_count: OnCount = count_nothing) -> tuple[Row, ...]:
    """Read every endpoint that has a policy or was ever offered a release, by name.

    An endpoint that can't be read has its problem in its row.
    """
    offered = filter(is_endpoint_name, deployment.offers.endpoints())
    names = sorted({*offered, *deployment.files.policies(deployment.bucket)})
    rows: list[Row] = []

    def add(row: Row) -> None:
        rows.append(row)
        on_count(Count("Reading endpoints", len(rows), len(names)))

    # The first endpoint makes every client: a session makes clients in one thread only.
    for name in names[:1]:
        add(read_row(deployment, name))
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for row in pool.map(partial(read_row, deployment), names[1:]):
            add(row)
    return tuple(rows)


def read_row(deployment: Deployment, endpoint: str) -> Row:
    """Read one endpoint; whatever can't be read becomes the row's problem."""
    try:
        status = read_status(deployment, endpoint)
    except (ClientError, BotoCoreError, SwitchoverError) as error:
        return Row(endpoint, None, None, _say_problem(error))
    try:
        policy = read_policy(deployment, endpoint)
    except (ClientError, BotoCoreError) as error:
        return Row(endpoint, status, None, f"its policy: {_say_problem(error)}")
    except Refused:
        problem = f"its policy is faulty: switchover policy show {endpoint}"
        return Row(endpoint, status, None, problem)
    return Row(endpoint, status, rules_of(policy, status.endpoint.read_at))


def record_board(rows: tuple[Row, ...]) -> tuple[RowRecord, ...]:
    """The printed form for machines."""
    return tuple(
        RowRecord(
            endpoint=row.endpoint,
            attention=row.attention,
            status=record_status(row.status) if row.status else None,
            policy=_record_rules(row.rules) if row.rules else None,
        )
        for row in rows
    )


def _record_rules(rules: Rules) -> RulesRecord:
    return RulesRecord(
        tier=rules.tier,
        strategy=rules.strategy,
        has_window=rules.has_window,
        opens_at=rules.opens.begin if rules.opens else None,
        closes_at=rules.opens.end if rules.opens else None,
    )


def rules_of(policy: Policy, now: datetime) -> Rules:
    """What a policy says, seen from now."""
    window = policy.window
    inline = tuple(freeze for freeze in policy.freezes if isinstance(freeze, Freeze))
    fixed = () if isinstance(window, QuietWindow) else window
    openings = find_openings(fixed, inline, Span(now, now + LOOK_AHEAD)) if fixed else ()
    return Rules(
        tier=policy.tier,
        strategy=policy.strategy,
        has_window=bool(window),
        opens=next(iter(openings), None),
        is_open_ended=isinstance(window, QuietWindow) or len(inline) < len(policy.freezes),
    )


def _say_problem(error: Exception) -> str:
    if isinstance(error, ClientError) and is_denied(error):
        return "you have no permission to read it"
    return str(error)
