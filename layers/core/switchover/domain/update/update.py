"""An update as the ledger keeps it, and every change that it can take."""

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

    Its methods return it changed. Each field's name is checked by mypy, and name and value when the
    changed update is made.
    """

    # What ClaimEndpoint, ValidateModel and PlanUpdate find

    def carried_by(self, execution_arn: str) -> Update:
        """Taken up by an execution, the only one that answers for it from now on."""
        return replace(self, execution_arn=execution_arn)

    def pinned_to(self, policy_version: ObjectVersion | None) -> Update:
        """Bound to one version of its policy file; None if there is no file."""
        return replace(self, pins=replace(self.pins, policy_version=policy_version))

    def copying_from(self, source_digest: str) -> Update:
        """Bound to what its release's source held when the copy began."""
        return replace(self, pins=replace(self.pins, source_digest=source_digest))

    def with_reasons(self, *reasons: Reason) -> Update:
        """With these reasons against it in place of the earlier ones."""
        return replace(self, reasons=reasons)

    def inspected(
        self, reasons: tuple[Reason, ...], warnings: tuple[Reason, ...], files_digest: str = ""
    ) -> Update:
        """With what validation found in the model's files, and which files these were."""
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
        """With the checks that it was put to."""
        return replace(self, found=replace(self.found, preflight=preflight))

    def with_plan(self, plan: Plan) -> Update:
        """Planned: the plan says which version it brings."""
        return replace(self, plan=plan, version=plan.target.version)

    # What people are asked and say

    def asking_people(self, question: Question, link: ApprovalLink | None) -> Update:
        """With the question that people are asked now; without a new link, an earlier one stays."""
        return replace(
            self, asking=replace(self.asking, question=question, link=link or self.asking.link)
        )

    def answered(self, given: Approval, refusals: tuple[Reason, ...]) -> Update:
        """With an answer of people; `refusals` are why that takes the update back."""
        return replace(
            self,
            asking=replace(self.asking, given=(*self.asking.given, given)),
            way_back=replace(self.way_back, cause=refusals),
        )

    def gate_closed(self, reasons: tuple[Reason, ...]) -> Update:
        """With why a look answered a question in place of people."""
        return replace(self, asking=replace(self.asking, closed_by=reasons))

    def called_off(self, request: AbortRequest) -> Update:
        """With a request to stop it, which every state heeds before it asks for anything."""
        return replace(self, abort=request)

    # What is asked of AWS, and seen of the change

    def asking_aws(self, at: datetime) -> Update:
        """About to ask AWS for a change."""
        return replace(self, progress=replace(self.progress, asked_at=at))

    def heard_by_aws(self, earlier: datetime | None) -> Update:
        """With AWS's answer to what was asked last; `earlier` was asked before, and isn't answered."""
        return replace(self, progress=replace(self.progress, asked_at=earlier))

    def protecting(self, snapshot: CapacitySnapshot, course: Course | None) -> Update:
        """With the capacity to put back, and the course of a fleet that is raised first."""
        return replace(
            self,
            capacity=replace(self.capacity, snapshot=snapshot),
            progress=replace(self.progress, course=course),
        )

    def on_course(self, course: Course) -> Update:
        """With the change that is waited for now."""
        return replace(self, progress=replace(self.progress, course=course))

    def started(self, course: Course) -> Update:
        """About to change what serves."""
        return replace(self, progress=replace(self.progress, course=course, is_started=True))

    def not_started(self, *, was_asked: bool) -> Update:
        """Refused; `was_asked` if an earlier try may still have been heard."""
        return replace(self, progress=replace(self.progress, is_started=was_asked))

    def seen(self, text: str, evidence: Evidence, course: Course) -> Update:
        """With what a look shows."""
        return replace(
            self,
            progress=replace(self.progress, last_seen=text, course=course),
            found=replace(self.found, evidence=evidence),
        )

    def settled(self, at: datetime) -> Update:
        """Seen to serve the new config; only the first time counts."""
        if self.progress.settled_at is not None or self.progress.course is None:
            return self
        taken = at - self.progress.course.started_at
        seconds = round(taken.total_seconds())
        return replace(self, progress=replace(self.progress, settled_at=at, moving_seconds=seconds))

    def guarded(self, call: GuardCall) -> Update:
        """With the guard that was called for its bake."""
        return replace(self, guard=call)

    def tested(
        self,
        results: tuple[GoldenResult, ...],
        identity: Proof | None,
        *,
        watch: Course,
        failed_by: tuple[Reason, ...],
    ) -> Update:
        """With the model's answers, and the watch that begins; `failed_by` is why it goes back."""
        return replace(
            self,
            found=replace(self.found, golden=results, identity=identity),
            progress=replace(self.progress, course=watch),
            way_back=replace(self.way_back, cause=failed_by),
        )

    def confirmed(self, *, is_confirmed: bool) -> Update:
        """Decided for good, or not yet."""
        return replace(self, progress=replace(self.progress, is_confirmed=is_confirmed))

    # The way back

    def doomed(self, cause: tuple[Reason, ...]) -> Update:
        """With why it has to go back, before it does."""
        return replace(self, way_back=replace(self.way_back, cause=cause))

    def turned_back(self, cause: tuple[Reason, ...], at: datetime) -> Update:
        """On its way back."""
        return replace(self, way_back=replace(self.way_back, cause=cause, turned_back_at=at))

    def going_back(
        self,
        course: Course,
        *,
        is_mixed: bool,
        tripped_at: datetime | None = None,
        abort_published_at: datetime | None = None,
    ) -> Update:
        """About to make a move of the way back. Times that aren't given stay."""
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
        """With what RollBack told last, so that the same told again is counted there."""
        return replace(self, way_back=replace(self.way_back, last_move=told))

    def attempted(self, attempts: int) -> Update:
        """With so many moves of the way back that AWS has answered."""
        return replace(self, way_back=replace(self.way_back, attempts=attempts))

    def hindered(self, fault: Reason) -> Update:
        """With what stood in the way of going back, each fault once, the latest last."""
        earlier = (each for each in self.way_back.faults if each != fault)
        return replace(self, way_back=replace(self.way_back, faults=(*earlier, fault)))

    # The end

    def left(self, reasons: tuple[Reason, ...]) -> Update:
        """With what of the capacity is left to others."""
        return replace(self, capacity=replace(self.capacity, left_to_others=reasons))

    def resizing(self, course: Course) -> Update:
        """About to bring the fleet back to its size."""
        return replace(
            self,
            progress=replace(self.progress, course=course),
            capacity=replace(self.capacity, is_resize_asked=True),
        )

    def concluded(self, outcome: Outcome, summary: str, reasons: tuple[Reason, ...] = ()) -> Update:
        """With its outcome and the account of it."""
        return replace(self, outcome=outcome, summary=summary, reasons=reasons)

    def ended(self, at: datetime, serving: Serving) -> Update:
        """With what served at its end."""
        return replace(self, ended_at=at, serving=serving, serving_config=serving.config_name)

    def reopened(self) -> Update:
        """Without the outcome that it had: it goes on."""
        return replace(self, outcome=None, summary="", reasons=(), ended_at=None)

    # What the ledger knows of it

    def kept(self, revision: int, parts: dict[str, str]) -> Update:
        """As it is recorded: its revision, and where its long fields are."""
        return replace(self, record=replace(self.record, revision=revision, parts=parts))

    def told_of(self, *, emitted: Outcome | None, announced: Outcome | None) -> Update:
        """With the outcome that machines and people were told."""
        return replace(self, told=Told(emitted=emitted, announced=announced))
