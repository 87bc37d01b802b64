"""RestoreCapacity: restores the settings that an update changed. Each part is tried by itself.

The update's own snapshot and plan say what to restore; the claim doesn't matter. A field is restored only
if it still has the value that the update set (`domain.capacity`). So if one update recorded another
update's settings as its snapshot, both together restore the first update's snapshot, in either order.
"""

from __future__ import annotations

from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING

from switchover.aws import gateways
from switchover.aws.failures import AWS_FAILED
from switchover.domain.answers import StateAnswer
from switchover.domain.by_hand import part_lost, policy_lost
from switchover.domain.capacity import plan_restoration, tell_left
from switchover.domain.errors import CallRefused, EndpointBusy, EndpointNotFound, LedgerRefused
from switchover.domain.fleet import EndpointReading, is_being_resized
from switchover.domain.update.records import Moment
from switchover.domain.verdict import course_of, has_moved
from switchover.steps.asking import ask

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from switchover.aws.ledger import Ledger
    from switchover.aws.sagemaker import SageMaker
    from switchover.aws.scaling import NotRestored, Scaling
    from switchover.domain.capacity import Restoration
    from switchover.domain.fleet import Absent
    from switchover.domain.plans.plan import Plan
    from switchover.domain.reasons import Reason
    from switchover.domain.update.update import Update
    from switchover.domain.verdict import Course

_FINAL = (CallRefused, EndpointBusy, EndpointNotFound)


class RestoreCapacityAnswer(StrEnum):
    """Whether the capacity is restored. Missed: autoscaling or a person has changed it since."""

    UNTOUCHED = "untouched"
    RESTORED = "restored"
    MISSED = "missed"
    MOVING = "moving"
    LANDING = "landing"


def restore_capacity(update_id: str) -> StateAnswer[RestoreCapacityAnswer]:
    """Restore every part that can be restored. Landing: a late request may still change the capacity."""
    update = gateways.ledger().find(update_id)
    if update is None:
        return StateAnswer(RestoreCapacityAnswer.UNTOUCHED)
    restoring = Restoring(gateways.ledger(), gateways.sagemaker(), gateways.scaling())
    verdict = restoring.restore(update)
    if verdict is RestoreCapacityAnswer.MOVING or update.progress.asked_at is None:
        return StateAnswer(verdict)
    now = gateways.sagemaker().read(update.endpoint).read_at
    if update.has_request_under_way(now):
        return StateAnswer(RestoreCapacityAnswer.LANDING)
    return StateAnswer(verdict)


class Restoring:
    """Restores scaling, size and resource policy after an update."""

    def __init__(self, ledger: Ledger, sagemaker: SageMaker, scaling: Scaling) -> None:
        self._ledger = ledger
        self._sagemaker = sagemaker
        self._scaling = scaling

    def restore(self, update: Update) -> RestoreCapacityAnswer:
        """Restore the settings that still have the value that the update set.

        Raises:
            NoAnswer, ClientError, BotoCoreError: the first part that failed, after all parts were tried.
                The update records every part that failed.
        """
        plan, noted = update.plan, update.capacity.snapshot
        if noted is None or plan is None or self._is_put_back(update):
            return RestoreCapacityAnswer.UNTOUCHED
        endpoint = self._sagemaker.read(plan.endpoint)
        update, lost, failed = self._restore_policy(update, plan, endpoint)
        restoration = plan_restoration(
            noted,
            self._scaling.read(plan.endpoint, plan.destination.variant),
            endpoint,
            plan,
            is_recreated=update.progress.is_started and plan.deployment.allows_downtime,
        )
        update, failures = self._restore_scaling(update, plan, restoration, endpoint)
        lost += tuple(
            part_lost(plan.endpoint, failure.part, failure.request, str(failure.error))
            for failure in failures
        )
        failed += tuple(failure.error for failure in failures)
        update = self._tell_left(update, restoration, endpoint, lost)
        verdict = self._restore_size(update, plan, restoration, endpoint)
        if failed:
            raise failed[0]
        return verdict

    def _is_put_back(self, update: Update) -> bool:
        """Whether the update has ended already. Settings made since then belong to others."""
        if update.outcome is None:
            return False
        holder = self._ledger.claim(update.endpoint)
        return holder is None or holder.update_id != update.update_id

    def _ask(self, update: Update, at: datetime, act: Callable[[], object]) -> Update:
        """Send a request to AWS, even if the ledger refuses to note it."""
        try:
            return ask(self._ledger, update, at, act)
        except LedgerRefused:
            act()
            return update

    def _restore_scaling(
        self,
        update: Update,
        plan: Plan,
        restoration: Restoration,
        endpoint: EndpointReading | Absent,
    ) -> tuple[Update, tuple[NotRestored, ...]]:
        """Restore the scaling; returns the parts that failed."""
        if not restoration.asks_of_scaling:
            return update, ()
        failures: tuple[NotRestored, ...] = ()

        def restore() -> None:
            nonlocal failures
            failures = self._scaling.restore(plan.endpoint, plan.destination.variant, restoration)
            if failures:
                raise failures[0].error

        try:
            return self._ask(update, endpoint.read_at, restore), ()
        except AWS_FAILED:
            if not failures:
                raise
        return self._ledger.update(update.update_id), failures

    def _restore_policy(
        self, update: Update, plan: Plan, endpoint: EndpointReading | Absent
    ) -> tuple[Update, tuple[Reason, ...], tuple[Exception, ...]]:
        """Attach the resource policy of the deleted endpoint again; a newer policy is kept.

        Returns the reasons for a lost policy, and the errors that a retry may solve.
        """
        policy = plan.destination.resource_policy
        if policy is None or not isinstance(endpoint, EndpointReading):
            return update, (), ()
        attach = partial(self._sagemaker.put_endpoint_policy, plan.endpoint, policy)
        try:
            if self._sagemaker.endpoint_policy(plan.endpoint) is None:
                update = self._ask(update, endpoint.read_at, attach)
        except (*_FINAL, *AWS_FAILED) as error:
            lost = policy_lost(plan.endpoint, policy, str(error))
            newest = self._ledger.update(update.update_id)
            return newest, (lost,), (() if isinstance(error, _FINAL) else (error,))
        return update, (), ()

    def _tell_left(
        self,
        update: Update,
        restoration: Restoration,
        endpoint: EndpointReading | Absent,
        lost: tuple[Reason, ...],
    ) -> Update:
        left = (*tell_left(update.endpoint, restoration), *lost)
        if left == update.capacity.left_to_others:
            return update
        text = " ".join(filter(None, (restoration.told, *(each.message for each in lost))))
        moment = Moment(at=endpoint.read_at, state="RestoreCapacity", text=text)
        saved = self._ledger.save(update.left(left))
        self._ledger.add_moment(saved, moment)
        return saved

    def _restore_size(
        self,
        update: Update,
        plan: Plan,
        restoration: Restoration,
        endpoint: EndpointReading | Absent,
    ) -> RestoreCapacityAnswer:
        """Restore the fleet's size, once. If the fleet is being resized, wait for the end."""
        if plan.changes_fleet_size and is_being_resized(endpoint):
            if not update.capacity.is_resize_asked:
                # A person or autoscaling started this resize, so it gets a course of its own.
                course = _course_at(endpoint, plan, was_seen_moving=True)
                self._ledger.save(update.on_course(course))
            return RestoreCapacityAnswer.MOVING
        if restoration.is_out_of_reach:
            return RestoreCapacityAnswer.MISSED
        if restoration.instances is None or not isinstance(endpoint, EndpointReading):
            return RestoreCapacityAnswer.RESTORED
        if (
            update.capacity.is_resize_asked
            and update.progress.course
            and has_moved(endpoint, update.progress.course)
        ):
            # The size is restored only once: autoscaling works again, and may want another size.
            is_scaled = (
                update.capacity.snapshot is not None
                and update.capacity.snapshot.scaling.target is not None
            )
            return RestoreCapacityAnswer.RESTORED if is_scaled else RestoreCapacityAnswer.MISSED
        resize = partial(
            self._sagemaker.set_instances,
            plan.endpoint,
            plan.destination.variant,
            restoration.instances,
        )
        course = _course_at(endpoint, plan)
        ask(self._ledger, update.resizing(course), endpoint.read_at, resize)
        return RestoreCapacityAnswer.MOVING


def _course_at(endpoint: EndpointReading, plan: Plan, *, was_seen_moving: bool = False) -> Course:
    """The course of a resize: the fleet changes its size, and the serving config stays."""
    return course_of(
        endpoint.config_name, endpoint, plan.overdue_seconds, was_seen_moving=was_seen_moving
    )
