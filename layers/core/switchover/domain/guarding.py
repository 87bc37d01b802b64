"""Decides whether the new fleet got enough requests in a bake to prove anything."""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass as kept

from switchover.domain.fleet import Absent, EndpointReading
from switchover.domain.golden.assessing import GoldenVerdict, assess, verdict_of
from switchover.domain.golden.bodies import vary_opening
from switchover.domain.plans.pace import share_of
from switchover.domain.policies.choices import Inconclusive
from switchover.domain.reasons import Reason
from switchover.domain.units import say_count
from switchover.domain.update.records import GuardCall, NotedMoment

if TYPE_CHECKING:
    from collections.abc import Iterable

    from switchover.domain.golden.answers import Answer
    from switchover.domain.golden.identity import IdentityCheck
    from switchover.domain.golden.questions import GoldenQuestion
    from switchover.domain.plans.plan import Plan
    from switchover.domain.update.update import Update

# SageMaker must see the abort alarm red within the bake, and looks at alarms about once a minute (§2.7).
DECIDE_BEFORE_SECONDS = 90
# The guard's looks while it sends golden requests; the policy limits these by the minute.
LOOK_SECONDS = 60
# Metrics come once a minute, and CloudWatch shows them a minute or two later (rules §4).
_METRICS_LAG_SECONDS = 120
_MEASURED_AFTER_SECONDS = 150
_ANY_LATENCY_SECONDS = 3600.0
_LASTS = re.compile(r"Baking for (\d+) seconds")


@dataclass(frozen=True, slots=True)
class Bake:
    """A period in which the new fleet serves and alarms are watched."""

    since: datetime
    until: datetime

    @property
    def decide_at(self) -> datetime:
        """When it has to be decided whether the bake proves anything."""
        return self.until - timedelta(seconds=DECIDE_BEFORE_SECONDS)

    def must_be_decided(self, now: datetime) -> bool:
        """Whether later would be too late to stop it."""
        return now >= self.decide_at

    def seconds_to_decision(self, now: datetime) -> int:
        """Whole seconds until it has to be decided; 0 if that is now."""
        return max(0, math.ceil((self.decide_at - now).total_seconds()))


def bake_of(endpoint: EndpointReading | Absent, plan: Plan) -> Bake | None:
    """The bake that goes on now; None if none does.

    SageMaker's own words say how long it lasts (rules §2.5), and the plan where they don't.
    """
    if isinstance(endpoint, Absent):
        return None
    stage = next((stage for stage in endpoint.stages if stage.is_bake), None)
    if stage is None or stage.since is None:
        return None
    told = _LASTS.search(stage.message)
    lasts = int(told[1]) if told else plan.deployment.pace.guarded_seconds
    return Bake(stage.since, stage.since + timedelta(seconds=lasts))


def share_of_new_fleet(endpoint: EndpointReading | Absent, plan: Plan) -> float:
    """Which share (0–1) of the requests the new fleet gets: every instance that serves gets the same."""
    if isinstance(endpoint, Absent) or not endpoint.pending_instances:
        return 0.0
    if plan.deployment.pace.steps == 1:
        return 1.0  # the old fleet is still there, but out of traffic
    return share_of(endpoint.pending_instances, endpoint.instances)


def call_guard(update: Update, endpoint: EndpointReading | Absent) -> GuardCall | None:
    """The guard that has to be called now; None if none is needed, or one was called for this bake.

    Requests are counted over all bakes, so that none is needed once there were enough.
    """
    plan, called = update.planned, update.guard
    bake = bake_of(endpoint, plan)
    if bake is None or not plan.guard.min_requests or update.abort is not None:
        return None
    if called is not None and (called.has_seen_enough or called.bake_since == bake.since):
        return None
    return GuardCall(bake_since=bake.since, called_at=endpoint.read_at)


def sends_probes(plan: Plan) -> bool:
    """Whether the guard sends golden requests where traffic is low."""
    return plan.tests.golden is not None and bool(plan.guard.probes_per_minute)


def first_look_in(plan: Plan, endpoint: EndpointReading | Absent) -> int:
    """Seconds until a guard has anything to do in the bake that goes on now.

    Without golden requests it only decides, shortly before the bake ends. With them it begins when
    metrics tell of real traffic, so that none are sent where that flows; but at once where the bake
    is too short to wait for them and then still make up for missing traffic.
    """
    bake = bake_of(endpoint, plan)
    if bake is None or isinstance(endpoint, Absent):
        return 0
    now = endpoint.read_at
    if not sends_probes(plan):
        return bake.seconds_to_decision(now)
    measured_at = bake.since + timedelta(seconds=_MEASURED_AFTER_SECONDS)
    share = share_of_new_fleet(endpoint, plan) or 1.0
    needed_seconds = 60 * plan.guard.min_requests / share / plan.guard.probes_per_minute
    proven_at = measured_at + timedelta(seconds=needed_seconds + _METRICS_LAG_SECONDS)
    if proven_at > bake.decide_at:
        return 0
    return max(0, math.ceil((measured_at - now).total_seconds()))


def next_look_in(bake: Bake, now: datetime, rests_until: datetime | None) -> int:
    """Seconds from a look until the next: when golden requests rest no longer, or to decide."""
    left = bake.seconds_to_decision(now)
    if rests_until is None:
        return left
    return min(left, max(0, math.ceil((rests_until - now).total_seconds())))


def doubt_traffic(plan: Plan, answered: int) -> tuple[Reason, ...]:
    """Why the bakes prove nothing, if the new fleet was asked too little; no data is not health."""
    least = plan.guard.min_requests
    if answered >= least:
        return ()
    ways = "send it traffic" if plan.tests.golden else "name golden requests in `tests.golden`"
    return (
        Reason(
            code="bake.inconclusive",
            subject=f"config {plan.target.config}",
            message=f"its fleet answered {answered} requests during its bake; the minimum is {least}.",
            remedy=f"Bake longer, {ways}, or lower `guard.min_requests`.",
        ),
    )


def weigh(verdict: GoldenVerdict, doubts: tuple[Reason, ...], plan: Plan) -> GoldenVerdict:
    """What right answers and too little traffic mean together, as the policy wants it."""
    is_unsure = verdict is GoldenVerdict.INCONCLUSIVE or bool(doubts)
    if verdict is GoldenVerdict.FAILED or not is_unsure:
        return verdict
    turns_back = plan.guard.inconclusive is Inconclusive.ROLL_BACK
    return GoldenVerdict.FAILED if turns_back else GoldenVerdict.INCONCLUSIVE


def aim(plan: Plan, questions: Iterable[GoldenQuestion]) -> tuple[GoldenQuestion, ...]:
    """The questions, each to the container that has the release."""
    return tuple(replace(each, container=plan.destination.container) for each in questions)


@kept(config=ConfigDict(extra="ignore"))
class Tally:
    """How a golden request fared in a bake, and why its last wrong answer was wrong."""

    right: int = 0
    wrong: int = 0
    reasons: tuple[Reason, ...] = ()

    def blames_new_fleet(self, new_share: float) -> bool:
        """Whether the wrong answers must be those of the new fleet, which gets that share of requests.

        InvokeEndpoint doesn't tell which config answered. If the new fleet alone is wrong, its share of
        the answers is; if the old one alone is (the request is newer than its model), the rest are.
        The first must be a hundred times as likely as the second; where both get half, it never is.
        """
        if self.wrong < _TWICE or new_share <= 0:
            return False
        if new_share >= 1:
            return True
        odds = math.log((1 - new_share) / new_share)
        return (self.right - self.wrong) * odds >= _SURE

    def told(self, new_share: float) -> str:
        """What was counted; nobody saw which fleet answered, so that a person can judge the guess."""
        asked = self.right + self.wrong
        return (
            f"in the bake {self.wrong} of {say_count(asked, 'answer')} were wrong, while"
            f" {new_share:.0%} of the requests went to the new fleet. The last wrong one"
        )


_TOLD_NAMES = 3
_NAME_LETTERS = 100
# Once may be chance: a model is seldom quite deterministic.
_TWICE = 2
_SURE = math.log(100)


@kept(config=ConfigDict(extra="ignore"))
class Watch:
    """What the looks of one guard saw so far: the ledger keeps it from one look to the next.

    `named` counts what answers say of the model that wrote them. `rests_until` is when golden requests
    may be sent again: noted before any is sent, so that a retry keeps to the policy's rate. `conclusion`
    is how the guard ended: noted before it is told, so that a retry tells the same.
    """

    sent: int = 0
    rests_until: datetime | None = None
    named: dict[str, int] = field(default_factory=dict)
    tallies: dict[str, Tally] = field(default_factory=dict)
    conclusion: NotedMoment | None = None

    def rests(self, now: datetime) -> bool:
        """Whether the policy's rate is used up for this minute."""
        return self.rests_until is not None and now < self.rests_until


@dataclass(slots=True)
class Probes:
    """Golden requests that are sent as traffic, one after the other, and what came back.

    `new_share` (0–1) of them reach the new fleet. With `varies` each chat begins with other bytes, for
    routing by prefix to spread them. `watch` counts the answers.
    """

    questions: tuple[GoldenQuestion, ...]
    watch: Watch = field(default_factory=Watch)
    identity: IdentityCheck | None = None
    varies: bool = False
    new_share: float = 0

    @property
    def next_question(self) -> GoldenQuestion:
        """The next golden request to send."""
        question = self.questions[self.watch.sent % len(self.questions)]
        if not self.varies or question.request.chat is None:
            return question
        return replace(question, body=vary_opening(question.body, self.watch.sent))

    @property
    def told_fleets(self) -> str:
        """Which models answered, by their own words; empty if none said."""
        most = Counter(self.watch.named).most_common(_TOLD_NAMES)
        said = (f"{count} by {name!r}" for name, count in most)
        return ", ".join(said)

    def note(self, question: GoldenQuestion, answer: Answer) -> None:
        """Count an answer. The latency alarm judges slow answers: its metric knows the fleet."""
        self.watch.sent += 1
        name = self.identity.told_by(answer) if self.identity else None
        if name is not None:
            short = name[:_NAME_LETTERS]
            self.watch.named[short] = self.watch.named.get(short, 0) + 1
        if answer.status == 0 or answer.cut_short:
            return  # nothing came back, or not all of it: that says nothing about any fleet
        request = question.request
        unhurried = request.model_copy(
            update={
                "expect": request.expect.model_copy(
                    update={
                        "latency_seconds": None,
                        "first_token_seconds": None,
                        "tokens_per_second": None,
                    }
                )
            }
        )
        reasons = assess(unhurried, answer, _ANY_LATENCY_SECONDS)
        tally = self.watch.tallies.setdefault(request.name, Tally())
        if verdict_of(reasons) is GoldenVerdict.INCONCLUSIVE:
            return
        if reasons:
            tally.wrong, tally.reasons = tally.wrong + 1, reasons
        else:
            tally.right += 1

    @property
    def blamed(self) -> tuple[Reason, ...]:
        """The wrong answers that the new fleet almost certainly gave."""
        return tuple(
            reason.model_copy(update={"message": f"{tally.told(self.new_share)}: {reason.message}"})
            for tally in self.watch.tallies.values()
            if tally.blames_new_fleet(self.new_share)
            for reason in tally.reasons
        )
