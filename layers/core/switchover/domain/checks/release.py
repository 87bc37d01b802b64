"""Checks the request: its release, its policy, its model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from switchover.domain.approvals.four_eyes import find_offerer_fault, say_offerers
from switchover.domain.plans.cloning import model_uri_of
from switchover.domain.plans.release_plan import model_location
from switchover.domain.preflight import Check
from switchover.domain.readings import Presence, Unmeasured
from switchover.domain.reasons import Reason
from switchover.domain.units import say_bytes, say_count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from switchover.domain.checks.case import Case
    from switchover.domain.fleet import LiveRelease
    from switchover.domain.plans.plan import Plan
    from switchover.domain.readings import Artifact, Subscribers


def check_release(case: Case) -> Check:
    """Check that all files of the model exist and are what they declare to be."""
    release = case.update.release
    evidence = "the release can't be read"
    if release is not None:
        evidence = (
            f"{say_count(len(release.files), 'file')}, {say_bytes(release.total_bytes)} under"
            f" s3://{case.update.bucket}/{release.prefix}"
        )
    name, title = "release.model", "The release is complete and sound"
    if case.update.found.warnings and not case.update.reasons:
        warned = " ".join(f"{each.subject}: {each.message}" for each in case.update.found.warnings)
        return Check.noted(name, title, f"{evidence}; {warned}")
    return Check.judged(name, title, evidence, case.update.reasons)


def check_request(case: Case) -> Check:
    """Check that the request for a rollback is valid."""
    asked = case.update.request.to if case.update.request else None
    return Check.judged(
        "rollback.request",
        "The request is valid",
        f"back to {asked or 'the previous version'}",
        case.update.reasons,
    )


def check_new(case: Case) -> Check:
    """Check that the release would change something."""
    name, title = "release.new", "The release doesn't serve already"
    live, release = case.found.live, case.update.release
    if live is None or release is None:
        return Check.unknown(name, title, "not looked at: release or live model can't be read")
    chosen = case.container
    serving = model_uri_of(live.model, chosen if isinstance(chosen, int) else None)
    offered, _ = model_location(release, case.update.bucket)
    evidence = f"serves {serving or 'no model from S3'}, offered is {offered}"
    return Check.judged(name, title, evidence, _not_new(live, serving, offered))


def check_goal(case: Case) -> Check:
    """Check that there is an earlier config, and that a rollback to it is still possible."""
    name, title = "rollback.goal", "There is an earlier version to return to, and it still exists"
    if isinstance(case.planned, tuple):
        return Check.judged(
            name, title, f"{say_count(len(case.found.served), 'config')} served", case.planned
        )
    if case.plan is None:
        return Check.unknown(name, title, "not looked at: there is no endpoint to plan with")
    plan = case.plan
    evidence = f"{plan.target.version}: config {plan.target.config}, model {plan.target.model}"
    gone = [each for each in case.found.goal_artifacts if each.presence is Presence.GONE]
    unknown = [each for each in case.found.goal_artifacts if each.presence is Presence.UNKNOWN]
    faults = [*_goal_gone(plan, case.found.goal), *(_lost(plan, each) for each in gone)]
    if unknown and not faults:
        told = "; ".join(f"{each.name}: {each.why}" for each in unknown)
        return Check.noted(name, title, f"{evidence}; {told}")
    return Check.judged(name, title, evidence, faults)


def check_policy(case: Case) -> Check:
    """Check that the policy is sound, in all its layers."""
    effective = case.found.effective
    evidence = " < ".join(("defaults", *effective.sources)) if effective else ""
    if effective is None:
        evidence = say_count(len(case.found.faults), "fault")
    return Check.judged("policy.valid", "The policy is sound", evidence, case.found.faults)


def check_offerers(case: Case) -> Check:
    """Check that the update's offerer is known, if another person must approve it."""
    name, title = "approval.offerers", "The offerer is known"
    if case.policy is None or not case.policy.approval.four_eyes:
        return Check.judged(name, title, "not asked for: `approval.four_eyes` is off")
    offered_by = case.update.offered_by
    if offered_by is None:
        return Check.unknown(name, title, "not looked up: known once it is started")
    fault = find_offerer_fault(case.update)
    return Check.judged(name, title, say_offerers(offered_by), [fault] if fault else [])


def check_golden(case: Case) -> Check:
    """Check whether there are golden requests for the new model."""
    name, title = "tests.golden", "Golden requests test the new model"
    match case.found.golden:
        case None:
            evidence = "the policy names none (tests.golden): no request tests the model"
            return Check.noted(name, title, evidence)
        case int(count):
            key = case.policy.tests.golden if case.policy else ""
            return Check.judged(name, title, f"{count} in s3://{case.update.bucket}/{key}")
        case faults:
            return Check.judged(name, title, "can't be sent", faults)


def check_subscribers(case: Case) -> Check:
    """Check whether the outcome topic has subscribers. None are required, so nothing is refused."""
    name, title = "announcement.subscribers", "The outcome topic has subscribers"
    match case.found.subscribers:
        case None:
            return Check.unknown(name, title, "not looked at: no topic is known here")
        case Unmeasured(why):
            return Check.unknown(name, title, why)
        case subscribers:
            evidence = _tell_subscribers(subscribers)
            if subscribers.confirmed:
                return Check.judged(name, title, evidence)
            return Check.noted(name, title, f"{evidence}: no person gets the outcome")


def _not_new(live: LiveRelease, serving: str | None, offered: str) -> Iterator[Reason]:
    if serving == offered:
        yield Reason(
            code="release.already-serving",
            subject=f"config {live.config['EndpointConfigName']}",
            message=f"already serves {offered}.",
            remedy="Nothing to do; offer another version.",
        )


def _goal_gone(plan: Plan, goal: LiveRelease | None) -> Iterator[Reason]:
    if goal is None:
        yield Reason(
            code="rollback.goal-gone",
            subject=f"config {plan.target.config}",
            message=f"this config, which served {plan.target.version}, or its model no longer exists.",
            remedy="Go back to another version (`to`), or offer that version as a release again.",
        )


def _lost(plan: Plan, artifact: Artifact) -> Reason:
    return Reason(
        code="rollback.goal-gone",
        subject=f"model {plan.target.model}: {artifact.name}",
        message=f"{artifact.why}, and instances of {plan.target.version} are launched from it.",
        remedy="Restore it, or go back to another version (`to`).",
    )


def _tell_subscribers(subscribers: Subscribers) -> str:
    pending = f", {subscribers.pending} not confirmed yet" if subscribers.pending else ""
    return f"{say_count(subscribers.confirmed, 'confirmed subscription')}{pending}"
