"""From what was read to a plan, or to every reason why there is none."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from switchover.domain.cloning import model_uri_of
from switchover.domain.fleet import Absent
from switchover.domain.plan import Kind, Plan, model_location, plan_release, plan_rollback
from switchover.domain.preflight import (
    Surroundings,
    check_alarms,
    check_endpoint,
    check_quota,
    check_release_is_new,
    check_shape,
    check_strategy,
    check_variant,
    check_way_back,
)
from switchover.domain.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Sequence

    from switchover.domain.fleet import EndpointReading, LiveRelease
    from switchover.domain.policy import Policy
    from switchover.domain.served import Served
    from switchover.domain.update import Update


def make_plan(update: Update, found: Surroundings) -> Plan | tuple[Reason, ...]:
    """Fix the plan of an update, or say everything that stands against it at once.

    `update.reasons` (what validation found) count too: people mend all faults in one go.
    """
    endpoint, live, policy = found.endpoint, found.live, found.policy
    reasons = [
        *update.reasons,
        *found.faults,
        *check_endpoint(endpoint),
        *check_way_back(endpoint, live),
    ]
    # A Failed endpoint shows no variants: there is nothing to plan with.
    if isinstance(endpoint, Absent) or not endpoint.variants or live is None:
        return tuple(reasons)
    if policy is None:
        return tuple(reasons)
    unsupported = tuple(check_shape(live))
    if unsupported:
        return (*reasons, *unsupported)
    reasons += check_variant(policy, live)
    if update.kind is Kind.RELEASE:
        planned = _plan_forward(update, policy, live, endpoint, found)
    else:
        planned = _plan_back(update, policy, live, endpoint, found)
    if isinstance(planned, tuple):
        return (*reasons, *planned)
    reasons += check_quota(planned.instance_type, planned.peak_instances, found.quota_instances)
    return tuple(reasons) or planned


def _plan_forward(
    update: Update,
    policy: Policy,
    live: LiveRelease,
    endpoint: EndpointReading,
    found: Surroundings,
) -> Plan | tuple[Reason, ...]:
    release = update.release
    if release is None:
        raise ValueError(f"{update.update_id} goes forward without a release")
    uri, _ = model_location(release, update.bucket)
    reasons = (
        *check_strategy(policy),
        *check_alarms(found.alarms, policy.alarms.also),
        *check_release_is_new(live, uri),
    )
    planned = plan_release(
        update_id=update.update_id,
        release=release,
        bucket=update.bucket,
        policy=policy,
        live=live,
        variant=endpoint.variants[0],
        previous_version=version_of(live, found.served),
    )
    if isinstance(planned, tuple):
        return (*reasons, *planned)
    return reasons or planned


def _plan_back(
    update: Update,
    policy: Policy,
    live: LiveRelease,
    endpoint: EndpointReading,
    found: Surroundings,
) -> Plan | tuple[Reason, ...]:
    wanted = update.request.to if update.request else None
    goal = choose_earlier(found.served, endpoint.config_name, wanted)
    if isinstance(goal, Reason):
        return (goal,)
    return plan_rollback(
        policy=policy,
        live=live,
        variant=endpoint.variants[0],
        previous_version=version_of(live, found.served),
        goal=goal,
    )


def version_of(live: LiveRelease, served: Sequence[Served]) -> str:
    """The version that a live config serves: by the ledger, else by the folder of its model data."""
    name = live.config["EndpointConfigName"]
    known = next((entry.version for entry in served if entry.config_name == name), None)
    return known or PurePosixPath(model_uri_of(live.model) or name).name


def choose_earlier(
    served: Sequence[Served], config_name: str, version: str | None
) -> Served | Reason:
    """The config to go back to: the last that served before the present one, or the asked version.

    `served` is newest first. Unasked it goes only to what served before the present config ever did:
    going back twice must not return to the version that was just left.
    """
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
