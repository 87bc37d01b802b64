"""Turns the readings into a plan, or into all reasons against a plan."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from switchover.domain.checks.alarms import check_data, check_listed, check_permission, check_quiet
from switchover.domain.checks.case import Case
from switchover.domain.checks.checklist import tick_off
from switchover.domain.checks.endpoint import (
    check_scaling,
    check_shape,
    check_status,
    check_variant,
    check_way_back,
    find_shape_faults,
)
from switchover.domain.checks.model import (
    check_container,
    check_copy,
    check_endpoint_policy,
    check_weights,
)
from switchover.domain.checks.plan import (
    check_quota,
    check_reaction,
    check_strategy,
    check_time,
    wants_more,
)
from switchover.domain.checks.release import (
    check_goal,
    check_golden,
    check_new,
    check_offerers,
    check_policy,
    check_release,
    check_request,
    check_subscribers,
)
from switchover.domain.containers.choosing import choose_container
from switchover.domain.fleet import EndpointReading
from switchover.domain.naming import config_name
from switchover.domain.plans.cloning import model_uri_of
from switchover.domain.plans.groups import Material
from switchover.domain.plans.plan import Kind, Plan
from switchover.domain.plans.release_plan import plan_release
from switchover.domain.plans.rollback_plan import plan_rollback
from switchover.domain.preflight import Preflight
from switchover.domain.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Sequence

    from switchover.domain.checks.case import PlanInputs
    from switchover.domain.fleet import LiveRelease
    from switchover.domain.policies.layers import EffectivePolicy
    from switchover.domain.served import Served
    from switchover.domain.update.update import Update

_ON_EVERY_WAY = (
    check_status,
    check_shape,
    check_variant,
    check_way_back,
    check_scaling,
    check_quota,
    check_subscribers,
)
_FORWARD = (
    check_release,
    check_new,
    check_policy,
    *_ON_EVERY_WAY,
    check_container,
    check_weights,
    check_copy,
    check_endpoint_policy,
    check_strategy,
    check_time,
    check_quiet,
    check_listed,
    check_data,
    check_permission,
    check_reaction,
    check_golden,
    check_offerers,
)
_BACK = (
    check_request,
    check_goal,
    check_policy,
    *_ON_EVERY_WAY,
    check_quiet,
    check_permission,
)


class Planning(BaseModel):
    """The result of planning: every check with its evidence, and the plan unless a check refuses."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    plan: Plan | None
    preflight: Preflight

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """All reasons against the update; none if there is a plan."""
        return self.preflight.reasons


def make_plan(update: Update, found: PlanInputs) -> Planning:
    """Fix the plan of an update, or return every reason against it at once.

    `update.reasons` (found by validation) count too, so that people can fix all faults together.
    """
    case = Case(update, found, _fix_plan(update, found))
    checks = tuple(check(case) for check in (_BACK if case.goes_back else _FORWARD))
    preflight = Preflight(checks=checks, checklist=tick_off(case, checks))
    return Planning(plan=case.plan if preflight.is_clear else None, preflight=preflight)


def find_peak(update: Update, found: PlanInputs) -> int:
    """The most instances that the plan needs at once, if more than the endpoint has now; else 0."""
    plan = _fix_plan(update, found)
    if not isinstance(plan, Plan) or not wants_more(plan, found.endpoint):
        return 0
    return plan.capacity.peak_instances


def _fix_plan(update: Update, found: PlanInputs) -> Plan | tuple[Reason, ...] | None:
    """The plan as if every check passed, or the reasons that make it impossible; None without inputs."""
    endpoint, live, effective = found.endpoint, found.live, found.effective
    # A Failed endpoint shows no variants, so no plan can be made.
    if not isinstance(endpoint, EndpointReading) or not endpoint.variants:
        return None
    if live is None or effective is None or any(find_shape_faults(live)):
        return None
    fix = _plan_back if update.kind is Kind.ROLLBACK else _plan_forward
    plan = fix(update, effective, live, endpoint, found)
    if not isinstance(plan, Plan):
        return plan
    policy = update.pins.policy_version
    material = Material(
        golden_pin=found.golden_files.digest if found.golden_files and plan.tests.golden else "",
        files_digest=update.pins.files_digest,
        policy_version=policy.told if policy else "",
    )
    return plan.overriding(effective.overrides).made_of(material)


def _plan_forward(
    update: Update,
    effective: EffectivePolicy,
    live: LiveRelease,
    endpoint: EndpointReading,
    found: PlanInputs,
) -> Plan | tuple[Reason, ...] | None:
    container = choose_container(live.model, effective.policy.container)
    if update.release is None or isinstance(container, Reason):
        return None
    return plan_release(
        update_id=update.update_id,
        started_at=update.started_at,
        release=update.release,
        bucket=update.bucket,
        policy=effective.policy,
        live=live,
        variant=endpoint.variants[0],
        previous_version=version_of(live, found.served),
        chosen=effective.chosen,
        past=found.past,
        old_latency_us=found.old_latency_us,
        excluded_alarms=found.red if update.hotfix_reason else (),
        container=container,
        endpoint_policy=found.endpoint_policy if isinstance(found.endpoint_policy, str) else None,
    )


def _plan_back(
    update: Update,
    effective: EffectivePolicy,
    live: LiveRelease,
    endpoint: EndpointReading,
    found: PlanInputs,
) -> Plan | tuple[Reason, ...]:
    goal = _find_goal(update, endpoint, found.served)
    if isinstance(goal, Reason):
        return (goal,)
    return plan_rollback(
        policy=effective.policy,
        live=live,
        variant=endpoint.variants[0],
        previous_version=version_of(live, found.served),
        goal=goal,
        past=found.past,
    )


def choose_goal(
    update: Update, endpoint: EndpointReading, served: Sequence[Served]
) -> Served | None:
    """The config to which a rollback returns; None for a release, or if there is no such config."""
    if update.kind is not Kind.ROLLBACK:
        return None
    goal = _find_goal(update, endpoint, served)
    return None if isinstance(goal, Reason) else goal


def name_target(update: Update, goal: Served | None) -> str:
    """The config to which the update moves."""
    if goal is not None:
        return goal.config_name
    return config_name(update.endpoint, update.version, update.update_id, update.started_at)


def version_of(live: LiveRelease, served: Sequence[Served]) -> str:
    """The version that a live config serves, from the ledger, else from the folder of its model data."""
    name = live.config["EndpointConfigName"]
    known = next((entry.version for entry in served if entry.config_name == name), None)
    return known or PurePosixPath(model_uri_of(live.model) or name).name


def choose_earlier(
    served: Sequence[Served], config_name: str, version: str | None
) -> Served | Reason:
    """The config to return to: the last one that served before the current one, or the requested version.

    `served` is newest first. Without a requested version, only configs that served before the current
    config's first time are chosen: a second rollback must not return to the version that was just
    left. If the current config was set outside Switchover after the last known good, the last known
    good is chosen, even if the current config served long ago.
    """
    if version is None and served and served[0].config_name != config_name:
        return served[0]
    others = [entry for entry in served if entry.config_name != config_name]
    times = [entry.at for entry in served if entry.config_name == config_name]
    wanted = [
        entry
        for entry in others
        if (entry.version == version if version else not times or entry.at < min(times))
    ]
    if wanted:
        return wanted[0]
    known = ", ".join(dict.fromkeys(entry.version for entry in others)) or "none"
    return Reason(
        code="rollback.nowhere-to-go",
        subject="input: to" if version else "ledger",
        message=f"no earlier config {f'of version {version!r} ' if version else ''}is recorded.",
        remedy=f"Versions that served before: {known}.",
    )


def _find_goal(
    update: Update, endpoint: EndpointReading, served: Sequence[Served]
) -> Served | Reason:
    wanted = update.request.to if update.request else None
    return choose_earlier(served, endpoint.config_name, wanted)
