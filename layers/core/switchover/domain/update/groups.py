"""What an update keeps, in groups: each answers one question, and is replaced as a whole."""

from __future__ import annotations

from dataclasses import field
from datetime import datetime

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from switchover.domain.fleet import CapacitySnapshot
from switchover.domain.golden.identity import Proof
from switchover.domain.golden.results import GoldenResult
from switchover.domain.manifest import ObjectVersion
from switchover.domain.outcome import Outcome
from switchover.domain.preflight import Preflight
from switchover.domain.reasons import Reason
from switchover.domain.update.approval import Approval, ApprovalLink, Question
from switchover.domain.update.records import Evidence, NotedMoment
from switchover.domain.verdict import Course

_STRICT = ConfigDict(extra="forbid")


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class Pins:
    """Which content this run goes by."""

    # Of the release's source when its copy began; empty before.
    source_digest: str = ""
    # The version of the policy file that this run reads; None if none was looked for yet.
    policy_version: ObjectVersion | None = None
    # Of the manifest of the model's files, as they were checked.
    files_digest: str = ""


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class Findings:
    """What validation, looks and golden requests found. People are told them."""

    # What validation found that refuses nothing.
    warnings: tuple[Reason, ...] = ()
    preflight: Preflight | None = None
    evidence: Evidence = Evidence()
    # What the model was asked after the last shift, and how it answered.
    golden: tuple[GoldenResult, ...] = ()
    # How far it was proven that the release itself answers; None if that wasn't looked at.
    identity: Proof | None = None


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class Progress:
    """How far the change has come."""

    course: Course | None = None
    is_started: bool = False
    # When AWS was last asked for a change whose answer isn't known; None if every answer is.
    asked_at: datetime | None = None
    last_seen: str = ""
    # When SageMaker was first seen to serve the new config, and how long that took from the request on.
    settled_at: datetime | None = None
    moving_seconds: int | None = None
    # Decided for good: from here on only a rollback stops it.
    is_confirmed: bool = False


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class GoingBack:
    """Why and how far the update goes back."""

    # Why the way back was taken, or has to be; empty if it goes forward.
    cause: tuple[Reason, ...] = ()
    # When the way back was taken; None if it goes forward.
    turned_back_at: datetime | None = None
    attempts: int = 0
    # When the abort alarm was set by hand, and when it was made red by a published value.
    tripped_at: datetime | None = None
    abort_published_at: datetime | None = None
    # What SageMaker said where it refused the way back, or could not go it.
    faults: tuple[Reason, ...] = ()
    is_mixed: bool = False
    # What RollBack told last: where it tells the same again, that is counted there.
    last_move: NotedMoment | None = None

    @property
    def is_taken(self) -> bool:
        """Whether the way back was taken: what the update itself comes to is settled then."""
        is_known = self.turned_back_at is not None
        return is_known or self.attempts > 0 or self.tripped_at is not None


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class Capacity:
    """What there is to put back of the capacity."""

    snapshot: CapacitySnapshot | None = None
    # Whether SageMaker was asked to bring the fleet back to its size.
    is_resize_asked: bool = False
    # What others changed of the capacity meanwhile, and was left to them.
    left_to_others: tuple[Reason, ...] = ()


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class Asking:
    """What people were asked, and said."""

    given: tuple[Approval, ...] = ()
    question: Question | None = None
    link: ApprovalLink | None = None
    # Why a look answered a question in place of people.
    closed_by: tuple[Reason, ...] = ()


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class Told:
    """Which outcome machines and people were told."""

    emitted: Outcome | None = None
    announced: Outcome | None = None


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class Waiting:
    """By which token the execution is woken, and what it waits for."""

    task_token: str | None = None
    awaited: str | None = None


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class Record:
    """How the ledger keeps the update."""

    revision: int = 0
    # Long fields that the ledger keeps apart, with the digest of what each held when it was read.
    parts: dict[str, str] = field(default_factory=dict)
    # Whether it was opened after its execution had lost its record, or ended before it had one.
    is_reopened: bool = False
    # Whether it only stands in for a record that can't be read (domain/unreadable.py).
    is_unreadable: bool = False
