"""The calls that change an endpoint. The domain chooses them; only this module makes them."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, assert_never

from switchover.domain.errors import CallRefused, EndpointBusy, EndpointNotFound, Unavailable
from switchover.domain.fleet import EndpointReading
from switchover.domain.naming import endpoint_of_alarm, is_config_of
from switchover.domain.outcome import Outcome
from switchover.domain.plans.alarms import Scope
from switchover.domain.plans.deployment import return_config
from switchover.domain.plans.plan import Kind
from switchover.domain.rollback import Move
from switchover.domain.served import Served
from switchover.domain.starting import Start

if TYPE_CHECKING:
    from datetime import datetime

    from switchover.aws.cloudwatch import CloudWatch
    from switchover.aws.ledger import Ledger
    from switchover.aws.sagemaker import SageMaker
    from switchover.domain.fleet import Absent
    from switchover.domain.plans.plan import Plan
    from switchover.domain.rollback import WayBack
    from switchover.domain.update.update import Update


class EndpointChanges:
    """Changes an endpoint and its alarms, and removes the resources of an update."""

    def __init__(self, sagemaker: SageMaker, cloudwatch: CloudWatch, ledger: Ledger) -> None:
        self._sagemaker = sagemaker
        self._cloudwatch = cloudwatch
        self._ledger = ledger

    def start(self, start: Start, plan: Plan, update: Update) -> None:
        """Request the update from SageMaker.

        Raises:
            CallRefused, EndpointBusy, EndpointNotFound: SageMaker refuses, with its own words.
        """
        match start:
            case Start.UPDATE:
                self._sagemaker.update_endpoint(
                    plan.endpoint,
                    plan.target.config,
                    plan.deployment.request,
                    retain_capacity=plan.deployment.retain_capacity,
                )
            case Start.DELETE:
                self._sagemaker.delete_endpoint(plan.endpoint)
            case Start.CREATE:
                self._create(plan, plan.target.config)
            case Start.ALREADY | Start.REFUSE:
                raise ValueError(
                    f"the start {start.value!r} requests nothing from SageMaker: {update.update_id}"
                )
            case _:
                assert_never(start)

    def roll_back(self, way: WayBack, update: Update, why: str) -> None:
        """Make one move of a rollback.

        Raises:
            CallRefused, EndpointBusy: SageMaker refuses, with its own words.
        """
        plan = update.planned
        if way.move.leads_to_a_config and way.home_config == plan.repair_config:
            self._copy_previous(plan)
        match way.move:
            case Move.TRIP_ABORT_ALARM:
                self._cloudwatch.trip(plan.alarms.abort, f"Switchover {update.update_id}: {why}")
            case Move.PUBLISH_ABORT:
                self._cloudwatch.publish_abort(plan.alarms.abort_spec)
            case Move.UPDATE_BACK:
                self._sagemaker.update_endpoint(
                    plan.endpoint,
                    way.home_config,
                    return_config(
                        plan.deployment.pace, plan.times.deadline_seconds, way.batch_instances
                    ),
                    retain_capacity=True,
                )
            case Move.DELETE:
                self._sagemaker.delete_endpoint(plan.endpoint)
            case Move.CREATE:
                self._create(plan, way.home_config)
            case Move.NOTHING | Move.WAIT | Move.GIVE_UP:
                return
            case _:
                assert_never(way.move)

    def clear(self, update: Update, endpoint: EndpointReading | Absent) -> None:
        """Remove the resources that only this update needed, and record the serving config.

        The alarms of a pending config stay, because SageMaker still watches them.
        """
        plan = update.plan
        if plan is None:
            return
        pending = endpoint.pending_config_name if isinstance(endpoint, EndpointReading) else None
        if pending != plan.target.config:
            self._cloudwatch.remove(_own_alarms(update.endpoint, plan))
        # A rewritten plan might name the config of another endpoint.
        is_own = plan.target.config == plan.target.model and is_config_of(
            plan.target.config,
            update.endpoint,
            update.version,
            update.update_id,
            update.started_at,
        )
        if update.outcome is Outcome.REJECTED and plan.kind is Kind.RELEASE and is_own:
            self._sagemaker.discard(plan.target.config, plan.target.model)
        if update.progress.is_started and update.outcome in {
            Outcome.UPDATED,
            Outcome.NEEDS_OPERATOR,
        }:
            self._remember_previous(update, plan)
        if update.outcome is Outcome.UPDATED:
            self._remember(update, plan.target.version, plan.target.config, plan.target.model)
        if update.outcome is Outcome.ROLLED_BACK and update.serving_config == plan.repair_config:
            self._remember(
                update, plan.previous.version, update.serving_config, plan.previous.model
            )

    def _copy_previous(self, plan: Plan) -> None:
        try:
            self._sagemaker.create_config(plan.repair_request)
        except Unavailable as error:
            # The previous model isn't new: if it can't be found, it was deleted.
            raise CallRefused(str(error)) from error

    def _create(self, plan: Plan, config_name: str) -> None:
        self._sagemaker.create_endpoint(plan.endpoint, config_name, plan.destination.tags)
        if plan.destination.resource_policy is not None:
            # If the call is refused, RestoreCapacity tries again, and reports a failure.
            with suppress(CallRefused, EndpointBusy, EndpointNotFound):
                self._sagemaker.put_endpoint_policy(plan.endpoint, plan.destination.resource_policy)

    def _remember_previous(self, update: Update, plan: Plan) -> None:
        """Record the config before an endpoint's first update, so that a rollback can return to it."""
        known = {entry.config_name for entry in self._ledger.served(update.endpoint)}
        if plan.previous.config not in known:
            before = plan.previous.version, plan.previous.config, plan.previous.model
            self._remember(update, *before, at=update.started_at)

    def _remember(
        self,
        update: Update,
        version: str,
        config_name: str,
        model_name: str,
        at: datetime | None = None,
    ) -> None:
        self._ledger.add_served(
            Served(
                endpoint=update.endpoint,
                version=version,
                config_name=config_name,
                model_name=model_name,
                update_id=update.update_id,
                at=at or update.ended_at or update.started_at,
            )
        )


def _own_alarms(endpoint: str, plan: Plan) -> list[str]:
    """The alarms that only this update needs; never an alarm of another endpoint."""
    return [
        spec.name
        for spec in plan.alarms.specs
        if spec.scope is not Scope.STANDING and endpoint_of_alarm(spec.name) == endpoint
    ]
