"""An update in the ledger, and all changes of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from switchover.domain.update.facts import UpdateFacts
from switchover.domain.update.groups import Told

if TYPE_CHECKING:
    from datetime import datetime

    from switchover.domain.fleet import CapacitySnapshot
    from switchover.domain.golden.identity import Proof
    from switchover.domain.golden.results import GoldenResult
    from switchover.domain.manifest import ObjectVersion
    from switchover.domain.outcome import Outcome
    from switchover.domain.plans.plan import Plan
    from switchover.domain.preflight import Preflight
    from switchover.domain.reasons import Reason
    from switchover.domain.serving import Serving
    from switchover.domain.update.approval import Approval, ApprovalLink, Question
    from switchover.domain.update.records import AbortRequest, Evidence, GuardCall, NotedMoment
    from switchover.domain.verdict import Course


@dataclass(frozen=True, kw_only=True, config=ConfigDict(extra="forbid"))
class Update(UpdateFacts):
    """One run: one release, one endpoint, one plan, one outcome.

    Its methods return a changed copy. mypy checks the fields' names; names and values are also
    checked when the copy is made.
    """

    # Findings of ClaimEndpoint, ValidateModel and PlanUpdate

    def carried_by(self, execution_arn: str) -> Update:
        """Carried out by an execution, and from now on only by this one."""
        return replace(self, execution_arn=execution_arn)

    def pinned_to(self, policy_version: ObjectVersion | None) -> Update:
        """Pinned to one version of its policy file; None if there is no file."""
        return replace(self, pins=replace(self.pins, policy_version=policy_version))

    def copying_from(self, source_digest: str) -> Update:
        """With the digest of the release's source when the copy began."""
        return replace(self, pins=replace(self.pins, source_digest=source_digest))

    def with_reasons(self, *reasons: Reason) -> Update:
        """With these reasons against it, which replace the earlier ones."""
        return replace(self, reasons=reasons)

    def inspected(
        self, reasons: tuple[Reason, ...], warnings: tuple[Reason, ...], files_digest: str = ""
    ) -> Update:
        """With the findings of validation, and the manifest of the checked files."""
        return replace(
            self,
            reasons=reasons,
            found=replace(self.found, warnings=warnings),
            pins=replace(self.pins, files_digest=files_digest),
        )

    def offered_as(self, offered_by: tuple[str, ...]) -> Update:
        """With the callers who vouched for it."""
        return replace(self, offered_by=offered_by)

    def checked(self, preflight: Preflight) -> Update:
        """With the results of its checks."""
        return replace(self, found=replace(self.found, preflight=preflight))

    def with_plan(self, plan: Plan) -> Update:
        """With its plan, which names the version."""
        return replace(self, plan=plan, version=plan.target.version)

    # Questions to people, and their answers

    def asking_people(self, question: Question, link: ApprovalLink | None) -> Update:
        """With the current question to people; without a new link, an earlier link stays."""
        return replace(
            self, asking=replace(self.asking, question=question, link=link or self.asking.link)
        )

    def answered(self, given: Approval, refusals: tuple[Reason, ...]) -> Update:
        """With an answer of people; `refusals` are the reasons for a rollback after a no."""
        return replace(
            self,
            asking=replace(self.asking, given=(*self.asking.given, given)),
            way_back=replace(self.way_back, cause=refusals),
        )

    def gate_closed(self, reasons: tuple[Reason, ...]) -> Update:
        """With the reasons why an observation closed a question without people."""
        return replace(self, asking=replace(self.asking, closed_by=reasons))

    def called_off(self, request: AbortRequest) -> Update:
        """With a request to stop it, which every state checks before it requests a change."""
        return replace(self, abort=request)

    # Requests to AWS, and observations of the change

    def asking_aws(self, at: datetime) -> Update:
        """With the note of a request that is about to be sent to AWS."""
        return replace(self, progress=replace(self.progress, asked_at=at))

    def heard_by_aws(self, earlier: datetime | None) -> Update:
        """Without the note of the last request, which AWS answered; an `earlier` one stays noted."""
        return replace(self, progress=replace(self.progress, asked_at=earlier))

    def protecting(self, snapshot: CapacitySnapshot, course: Course | None) -> Update:
        """With the capacity to restore, and the course of a fleet that is enlarged first."""
        return replace(
            self,
            capacity=replace(self.capacity, snapshot=snapshot),
            progress=replace(self.progress, course=course),
        )

    def on_course(self, course: Course) -> Update:
        """With the change that the execution now waits for."""
        return replace(self, progress=replace(self.progress, course=course))

    def started(self, course: Course) -> Update:
        """With the course of the change that is about to be requested."""
        return replace(self, progress=replace(self.progress, course=course, is_started=True))

    def not_started(self, *, was_asked: bool) -> Update:
        """Refused by SageMaker; `was_asked`: an earlier request may still have been accepted."""
        return replace(self, progress=replace(self.progress, is_started=was_asked))

    def seen(self, text: str, evidence: Evidence, course: Course) -> Update:
        """With the findings of an observation."""
        return replace(
            self,
            progress=replace(self.progress, last_seen=text, course=course),
            found=replace(self.found, evidence=evidence),
        )

    def settled(self, at: datetime) -> Update:
        """With the time when the new config was first observed serving; later times don't count."""
        if self.progress.settled_at is not None or self.progress.course is None:
            return self
        taken = at - self.progress.course.started_at
        seconds = round(taken.total_seconds())
        return replace(self, progress=replace(self.progress, settled_at=at, moving_seconds=seconds))

    def guarded(self, call: GuardCall) -> Update:
        """With the guard that was started for its bake."""
        return replace(self, guard=call)

    def tested(
        self,
        results: tuple[GoldenResult, ...],
        identity: Proof | None,
        *,
        watch: Course,
        failed_by: tuple[Reason, ...],
    ) -> Update:
        """With the model's answers and the watch that begins; `failed_by` are reasons to roll back."""
        return replace(
            self,
            found=replace(self.found, golden=results, identity=identity),
            progress=replace(self.progress, course=watch),
            way_back=replace(self.way_back, cause=failed_by),
        )

    def confirmed(self, *, is_confirmed: bool) -> Update:
        """With success marked as final, or not."""
        return replace(self, progress=replace(self.progress, is_confirmed=is_confirmed))

    # The rollback

    def doomed(self, cause: tuple[Reason, ...]) -> Update:
        """With the reasons for a rollback, before it begins."""
        return replace(self, way_back=replace(self.way_back, cause=cause))

    def turned_back(self, cause: tuple[Reason, ...], at: datetime) -> Update:
        """In rollback."""
        return replace(self, way_back=replace(self.way_back, cause=cause, turned_back_at=at))

    def going_back(
        self,
        course: Course,
        *,
        is_mixed: bool,
        tripped_at: datetime | None = None,
        abort_published_at: datetime | None = None,
    ) -> Update:
        """With a rollback's move that is about to be made. Times that aren't given stay."""
        return replace(
            self,
            progress=replace(self.progress, course=course),
            way_back=replace(
                self.way_back,
                is_mixed=is_mixed,
                tripped_at=tripped_at or self.way_back.tripped_at,
                abort_published_at=abort_published_at or self.way_back.abort_published_at,
            ),
            capacity=replace(self.capacity, is_resize_asked=False),
        )

    def moved(self, told: NotedMoment) -> Update:
        """With RollBack's last moment, so that the same move again is counted there."""
        return replace(self, way_back=replace(self.way_back, last_move=told))

    def attempted(self, attempts: int) -> Update:
        """With the number of the rollback's moves that AWS has answered."""
        return replace(self, way_back=replace(self.way_back, attempts=attempts))

    def hindered(self, fault: Reason) -> Update:
        """With the faults that hindered the rollback, each once, the latest last."""
        earlier = (each for each in self.way_back.faults if each != fault)
        return replace(self, way_back=replace(self.way_back, faults=(*earlier, fault)))

    # The end

    def left(self, reasons: tuple[Reason, ...]) -> Update:
        """With the changes of the capacity that others made and that stay."""
        return replace(self, capacity=replace(self.capacity, left_to_others=reasons))

    def resizing(self, course: Course) -> Update:
        """With the request for the fleet's old size, which is about to be sent."""
        return replace(
            self,
            progress=replace(self.progress, course=course),
            capacity=replace(self.capacity, is_resize_asked=True),
        )

    def concluded(self, outcome: Outcome, summary: str, reasons: tuple[Reason, ...] = ()) -> Update:
        """With its outcome and account."""
        return replace(self, outcome=outcome, summary=summary, reasons=reasons)

    def ended(self, at: datetime, serving: Serving) -> Update:
        """With the serving config at its end."""
        return replace(self, ended_at=at, serving=serving, serving_config=serving.config_name)

    def reopened(self) -> Update:
        """Without its earlier outcome: it continues."""
        return replace(self, outcome=None, summary="", reasons=(), ended_at=None)

    # The ledger's own fields

    def kept(self, revision: int, parts: dict[str, str]) -> Update:
        """As recorded: with its revision and the digests of its long fields."""
        return replace(self, record=replace(self.record, revision=revision, parts=parts))

    def told_of(self, *, emitted: Outcome | None, announced: Outcome | None) -> Update:
        """With the outcome that machines and people were notified of."""
        return replace(self, told=Told(emitted=emitted, announced=announced))
