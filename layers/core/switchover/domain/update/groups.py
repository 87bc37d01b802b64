"""The fields of an update in groups. Each group answers one question, and is replaced as a whole."""

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
    """The versions of the files that this run uses."""

    # The digest of the release's source when its copy began; empty before.
    source_digest: str = ""
    # The version of the policy file that this run reads; None before the first look-up.
    policy_version: ObjectVersion | None = None
    # The digest of the manifest of the model's files at the time of their check.
    files_digest: str = ""


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class Findings:
    """The findings of validation, observations and golden requests, for people."""

    # The findings of validation that refuse nothing.
    warnings: tuple[Reason, ...] = ()
    preflight: Preflight | None = None
    evidence: Evidence = Evidence()
    # The golden requests after the last shift, and the model's answers.
    golden: tuple[GoldenResult, ...] = ()
    # The proof that the release itself answers; None if it wasn't checked.
    identity: Proof | None = None


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class Progress:
    """The progress of the change."""

    course: Course | None = None
    is_started: bool = False
    # The time of the last request to AWS without a known answer; None if every answer is known.
    asked_at: datetime | None = None
    last_seen: str = ""
    # The time of the first observation with the new config serving, and its duration from the request.
    settled_at: datetime | None = None
    moving_seconds: int | None = None
    # Whether success is final: from then on, only another rollback takes the update back.
    is_confirmed: bool = False


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class GoingBack:
    """The reasons for, and the progress of, a rollback."""

    # The reasons for a rollback that has begun or must begin; empty without a rollback.
    cause: tuple[Reason, ...] = ()
    # The time when the rollback began; None without a rollback.
    turned_back_at: datetime | None = None
    attempts: int = 0
    # The times when the abort alarm was set by SetAlarmState, and turned red by a published value.
    tripped_at: datetime | None = None
    abort_published_at: datetime | None = None
    # SageMaker's words if it refused the rollback or failed to carry it out.
    faults: tuple[Reason, ...] = ()
    is_mixed: bool = False
    # RollBack's last moment in the timeline: the same move again is counted there.
    last_move: NotedMoment | None = None

    @property
    def is_taken(self) -> bool:
        """Whether the rollback has begun. Then the update itself can't succeed any more."""
        is_known = self.turned_back_at is not None
        return is_known or self.attempts > 0 or self.tripped_at is not None


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class Capacity:
    """The capacity that has to be restored."""

    snapshot: CapacitySnapshot | None = None
    # Whether the fleet's old size was requested from SageMaker.
    is_resize_asked: bool = False
    # Changes of the capacity that others made meanwhile, and that were kept.
    left_to_others: tuple[Reason, ...] = ()


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class Asking:
    """The questions to people, and their answers."""

    given: tuple[Approval, ...] = ()
    question: Question | None = None
    link: ApprovalLink | None = None
    # The reasons why an observation closed a question without people.
    closed_by: tuple[Reason, ...] = ()


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class Told:
    """The outcomes that machines and people were notified of."""

    emitted: Outcome | None = None
    announced: Outcome | None = None


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class Waiting:
    """The token that wakes the execution, and what the execution waits for."""

    task_token: str | None = None
    awaited: str | None = None


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class Record:
    """The ledger's own fields of an update."""

    revision: int = 0
    # The long fields that the ledger stores as parts, with each one's digest when it was read.
    parts: dict[str, str] = field(default_factory=dict)
    # Whether the update was opened from its execution, because its record was lost or never written.
    is_reopened: bool = False
    # Whether this is a stand-in for a record that can't be read (domain/unreadable.py).
    is_unreadable: bool = False
