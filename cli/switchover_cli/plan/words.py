"""A plan in words and numbers, the same for the terminal and for a pull request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from switchover.domain.plans.alarms import Scope
from switchover.domain.plans.detection import detection_seconds
from switchover.domain.preflight import CheckState
from switchover.domain.units import say_bytes, say_count
from switchover_cli.plan.forecast import Answer
from switchover_cli.words import say_duration, say_minute, say_roughly, say_strategy, shorten_alarm

if TYPE_CHECKING:
    from switchover.domain.adoption import Drift
    from switchover.domain.plans.alarms import AlarmSpec
    from switchover.domain.plans.plan import Plan
    from switchover.domain.policies.layers import EffectivePolicy
    from switchover_cli.plan.forecast import Forecast, Running
    from switchover_cli.plan.pricing import Price
    from switchover_cli.plan.proposal import Proposal

MARKS = {
    CheckState.PASSED: "✓",
    CheckState.NOTED: "!",
    CheckState.REFUSED: "✗",
    CheckState.UNKNOWN: "?",
}
NO_PRICE = "no price known; give --price USD_PER_HOUR"


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of a report: a subject, and the text about it."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class AlarmRow:
    """One alarm in words: its threshold, and how soon it goes red."""

    name: str
    limit: str
    how_soon: str


@dataclass(frozen=True, slots=True)
class AlarmGroup:
    """Alarms that watch the same fleet and that the same service acts on."""

    title: str
    rows: tuple[AlarmRow, ...]


def say_headline(proposal: Proposal) -> str:
    """The result of a start, in one sentence."""
    plan = proposal.plan
    if proposal.forecast.is_refusal:
        count = say_count(len(proposal.reasons), "reason")
        return (
            f"{proposal.endpoint} → {proposal.version or 'a release'} would be"
            f" {proposal.forecast.answer.capitalize()}: {count}, and the endpoint stays as it is."
        )
    if plan is None:
        return (
            f"{proposal.endpoint} → {proposal.version} would be Queued; it is planned when its turn"
            " comes."
        )
    return (
        f"{plan.endpoint}: {plan.previous.version} → {plan.target.version} by {say_strategy(plan)},"
        f" in about {say_roughly(plan.times.expected_seconds)}, with at most"
        f" {say_count(plan.capacity.peak_instances, 'instance')} of {plan.target.instance_type}."
    )


def state_strategy(proposal: Proposal) -> tuple[Fact, ...]:
    """The strategy, the reason for it, and what the plan adapted."""
    plan = proposal.plan
    if plan is None:
        return ()
    facts = [
        Fact("strategy", f"{plan.deployment.pace.strategy.value}, {_say_why(proposal.effective)}"),
        *(Fact("first step", step) for step in _first_steps(plan)),
        *(Fact("note", note) for note in plan.notes),
        Fact("from", f"{plan.previous.version}, config {plan.previous.config}"),
        Fact("to", f"{plan.target.version}, config {plan.target.config}{_say_weight(proposal)}"),
    ]
    who = "a person other than the uploader" if plan.approval.four_eyes else "a person"
    if plan.approval.required:
        facts.append(Fact("approval", f"{who} must approve before the first change"))
    if plan.approval.promotion:
        facts.append(
            Fact(
                "promotion",
                f"{who} must approve the promotion; otherwise the update is rolled back",
            )
        )
    if plan.capacity.during is not None:
        low, high = plan.capacity.during
        facts.append(Fact("capacity", f"{low} to {high} instances while it runs, then as before"))
    facts += [Fact("override", str(override)) for override in plan.overrides]
    if plan.alarms.excluded:
        facts.append(Fact("hotfix", f"ignored although red: {', '.join(plan.alarms.excluded)}"))
    return tuple(facts)


def state_start(forecast: Forecast) -> tuple[Fact, ...]:
    """When the update would begin, and what delays it; empty if it would not begin."""
    facts = [] if forecast.is_refusal else [Fact("starts", _say_start(forecast))]
    if forecast.running is not None:
        facts.append(Fact("running", _say_running(forecast.running)))
    if forecast.drift is not None:
        facts.append(Fact("drift", _say_way_back(forecast.drift)))
    return (*facts, *(Fact("note", note) for note in forecast.notes))


def _say_way_back(drift: Drift) -> str:
    return (
        f"{drift.told} An update that is started now goes back to {drift.config_name} if it fails, and"
        f" so does a rollback after it. {drift.remedy}"
    )


def _say_start(forecast: Forecast) -> str:
    if forecast.answer is Answer.QUEUED:
        return " ".join(f"later: {reason.message} {reason.remedy}" for reason in forecast.reasons)
    until = (
        ""
        if forecast.ends_by is None
        else f"; the update must end by {say_minute(forecast.ends_by)} UTC"
    )
    return f"at once{until}"


def _say_running(running: Running) -> str:
    told = f"{running.update_id} holds the endpoint"
    if running.waits_for_people:
        return f"{told}, and waits for a person's answer"
    if running.seconds_left is None:
        return f"{told}; its duration isn't known yet"
    if not running.seconds_left:
        return f"{told}, longer than it was expected to take"
    return f"{told}, for about {say_roughly(running.seconds_left)} more"


def state_numbers(plan: Plan, price: Price | None) -> tuple[Fact, ...]:
    """Time, instances and money."""
    usual = plan.deployment.pace.old_instances
    hours = plan.capacity.extra_instance_seconds / 3600
    extra = f"{hours:.1f} instance-hours in addition to the usual {say_count(usual, 'instance')}"
    return (
        Fact(
            "expected",
            f"{say_roughly(plan.times.expected_seconds)}, if a new instance is ready within"
            f" {say_roughly(plan.times.ready_seconds)} ({plan.times.ready_source})",
        ),
        Fact("worst case", f"{say_roughly(plan.times.worst_seconds)} until there is an outcome"),
        Fact("deadline", _say_deadline(plan)),
        Fact("peak", f"{say_count(plan.capacity.peak_instances, 'instance')}, usually {usual}"),
        Fact("extra", extra),
        Fact("money", _say_money(plan, price)),
    )


def state_alarms(plan: Plan) -> tuple[AlarmGroup, ...]:
    """Every alarm, grouped by the fleet that it watches and by who acts on it."""
    known = {spec.name: spec for spec in plan.alarms.specs}
    names = dict.fromkeys((*known, *plan.alarms.listed, *plan.alarms.excluded))
    groups: dict[str, list[AlarmRow]] = {}
    for name in names:
        fleet, short = shorten_alarm(name)
        spec = known.get(name)
        if spec is not None and spec.scope is Scope.ABORT and plan.deployment.request is None:
            continue  # no alarm can stop a redeploy
        row = (
            AlarmRow(short, "as you defined it", "")
            if spec is None
            else AlarmRow(short, say_limit(spec), _say_how_soon(spec, plan))
        )
        groups.setdefault(f"{fleet}, {_say_whose(name, plan)}", []).append(row)
    return tuple(AlarmGroup(title, tuple(rows)) for title, rows in groups.items())


def say_limit(spec: AlarmSpec) -> str:
    """An alarm's metric and threshold, in units that people use."""
    if spec.scope is Scope.ABORT:
        return "set to red by RollBack, to stop the update"
    # SageMaker's latencies are in microseconds; the average of its error metrics is the error rate
    # (rules §4).
    if spec.metric.endswith("Latency"):
        limit = f"{spec.threshold / 1_000_000:g} s"
    elif spec.metric.endswith("Errors") and spec.statistic == "Average":
        return f"{spec.metric} rate above {spec.threshold * 100:g} %"
    else:
        limit = f"{spec.threshold:g}"
    return f"{spec.metric} {spec.statistic} above {limit}"


def _say_how_soon(spec: AlarmSpec, plan: Plan) -> str:
    if spec.scope is Scope.ABORT:
        return "at once"
    seconds = detection_seconds(spec.period_seconds, spec.evaluation_periods)
    guarded_seconds = plan.deployment.pace.guarded_seconds
    if not _is_sagemakers(spec.name, plan) or not guarded_seconds:
        return say_duration(seconds)
    return f"{say_duration(seconds)} (bake {say_duration(guarded_seconds)})"


def _first_steps(plan: Plan) -> tuple[str, ...]:
    """The real size of the first of several shifts, unless a note has it already."""
    step = plan.deployment.pace.first_step
    is_told = plan.deployment.pace.steps == 1 or any(step in note for note in plan.notes)
    return () if is_told else (step,)


def _say_whose(name: str, plan: Plan) -> str:
    if name in plan.alarms.excluded:
        return "ignored by this hotfix"
    if _is_sagemakers(name, plan):
        return "watched by SageMaker, which rolls back"
    return "watched by Switchover"


def _is_sagemakers(name: str, plan: Plan) -> bool:
    return plan.deployment.request is not None and name in plan.alarms.listed


def _say_why(effective: EffectivePolicy | None) -> str:
    if effective is None or "strategy" not in effective.origins:
        return "the default"
    if "strategy" in effective.implied:
        tier = effective.policy.tier.value
        return f"the strategy of tier {tier}, set by {effective.origins['tier']}"
    return f"set by {effective.origins['strategy']}"


def _say_weight(proposal: Proposal) -> str:
    if proposal.release is None:
        return ""
    files = say_count(len(proposal.release.files), "file")
    return f", {say_bytes(proposal.release.total_bytes)} in {files}"


def _say_deadline(plan: Plan) -> str:
    if plan.deployment.request is None:
        return f"none in SageMaker; overdue after {say_roughly(plan.overdue_seconds)}"
    return f"{say_roughly(plan.times.deadline_seconds)}, then SageMaker itself rolls back"


def _say_money(plan: Plan, price: Price | None) -> str:
    if price is None:
        return NO_PRICE
    extra = price.of(plan.capacity.extra_instance_seconds)
    usual = price.of(plan.deployment.pace.old_instances * plan.times.expected_seconds)
    return (
        f"{extra:.2f} USD extra, on top of {usual:.2f} USD for the usual fleet"
        f" ({price.usd_per_hour:g} USD an hour: {price.source})"
    )
