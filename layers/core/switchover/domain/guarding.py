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

# SageMaker must see the red abort alarm within the bake, and checks alarms about once a minute (§2.7).
DECIDE_BEFORE_SECONDS = 90
# The time between looks while the guard sends golden requests; the policy limits them per minute.
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
        """The time to decide whether the bake proves anything."""
        return self.until - timedelta(seconds=DECIDE_BEFORE_SECONDS)

    def must_be_decided(self, now: datetime) -> bool:
        """Whether the decision is due: later, the bake can't be stopped any more."""
        return now >= self.decide_at

    def seconds_to_decision(self, now: datetime) -> int:
        """Whole seconds until the decision is due; 0 if it is due now."""
        return max(0, math.ceil((self.decide_at - now).total_seconds()))


def bake_of(endpoint: EndpointReading | Absent, plan: Plan) -> Bake | None:
    """The current bake; None if there is none.

    SageMaker's message gives the bake's length (rules §2.5); without one, the plan does.
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
    """The new fleet's share (0–1) of the requests: every serving instance gets the same share."""
    if isinstance(endpoint, Absent) or not endpoint.pending_instances:
        return 0.0
    if plan.deployment.pace.steps == 1:
        return 1.0  # the old fleet still exists, but gets no traffic
    return share_of(endpoint.pending_instances, endpoint.instances)


def call_guard(update: Update, endpoint: EndpointReading | Absent) -> GuardCall | None:
    """The guard to start now; None if no guard is needed, or this bake has one already.

    Requests are counted over all bakes, so after enough requests no guard is needed.
    """
    plan, called = update.planned, update.guard
    bake = bake_of(endpoint, plan)
    if bake is None or not plan.guard.min_requests or update.abort is not None:
        return None
    if called is not None and (called.has_seen_enough or called.bake_since == bake.since):
        return None
    return GuardCall(bake_since=bake.since, called_at=endpoint.read_at)


def sends_probes(plan: Plan) -> bool:
    """Whether the guard sends golden requests if traffic is low."""
    return plan.tests.golden is not None and bool(plan.guard.probes_per_minute)


def first_look_in(plan: Plan, endpoint: EndpointReading | Absent) -> int:
    """Seconds until a guard has anything to do in the current bake.

    Without golden requests a guard only decides, shortly before the bake ends. With them it begins
    when metrics show the real traffic, so that it sends none if the traffic is enough. If the bake is
    too short to wait for metrics and then replace missing traffic, the guard begins at once.
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
    """Seconds until the next look: until golden requests may be sent again, or the decision is due."""
    left = bake.seconds_to_decision(now)
    if rests_until is None:
        return left
    return min(left, max(0, math.ceil((rests_until - now).total_seconds())))


def doubt_traffic(plan: Plan, answered: int) -> tuple[Reason, ...]:
    """Why the bakes prove nothing, if the new fleet got too few requests: no data is not health."""
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
    """The verdict of right answers and too little traffic together, according to the policy."""
    is_unsure = verdict is GoldenVerdict.INCONCLUSIVE or bool(doubts)
    if verdict is GoldenVerdict.FAILED or not is_unsure:
        return verdict
    turns_back = plan.guard.inconclusive is Inconclusive.ROLL_BACK
    return GoldenVerdict.FAILED if turns_back else GoldenVerdict.INCONCLUSIVE


def aim(plan: Plan, questions: Iterable[GoldenQuestion]) -> tuple[GoldenQuestion, ...]:
    """The questions, addressed to the container that has the release."""
    return tuple(replace(each, container=plan.destination.container) for each in questions)


@kept(config=ConfigDict(extra="ignore"))
class Tally:
    """The counted answers to one golden request in a bake, and the fault of its last wrong answer."""

    right: int = 0
    wrong: int = 0
    reasons: tuple[Reason, ...] = ()

    def blames_new_fleet(self, new_share: float) -> bool:
        """Whether the wrong answers must come from the new fleet, which gets `new_share` of the requests.

        InvokeEndpoint doesn't say which config answered. If only the new fleet is wrong, its share of
        the answers is wrong. If only the old fleet is wrong (the request is newer than its model),
        the other answers are wrong. The first must be a hundred times as likely as the second. If
        both fleets get half, it never is.
        """
        if self.wrong < _TWICE or new_share <= 0:
            return False
        if new_share >= 1:
            return True
        odds = math.log((1 - new_share) / new_share)
        return (self.right - self.wrong) * odds >= _SURE

    def told(self, new_share: float) -> str:
        """The counts, so that a person can judge the conclusion: it is unknown which fleet answered."""
        asked = self.right + self.wrong
        return (
            f"in the bake {self.wrong} of {say_count(asked, 'answer')} were wrong, while"
            f" {new_share:.0%} of the requests went to the new fleet. The last wrong one"
        )


_TOLD_NAMES = 3
_NAME_LETTERS = 100
# One wrong answer may be chance, because models are seldom fully deterministic.
_TWICE = 2
_SURE = math.log(100)


@kept(config=ConfigDict(extra="ignore"))
class Watch:
    """The findings of one guard's looks so far; the ledger keeps them from one look to the next.

    `named` counts the model names in answers. `rests_until` is the time from which golden requests
    may be sent again; it is recorded before any is sent, so that a retry keeps to the policy's rate.
    `conclusion` is the guard's end; it is recorded before it is returned, so that a retry returns the
    same.
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
    """Golden requests that are sent as traffic, one after the other, and their answers.

    `new_share` (0–1) of them reach the new fleet. With `varies` each chat begins with other bytes, so
    that routing by prefix spreads the chats. `watch` counts the answers.
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
        """The model names in the answers, with counts; empty if no answer names a model."""
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
            return  # a missing or incomplete answer says nothing about either fleet
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
        """The reasons for wrong answers that almost certainly came from the new fleet."""
        return tuple(
            reason.model_copy(update={"message": f"{tally.told(self.new_share)}: {reason.message}"})
            for tally in self.watch.tallies.values()
            if tally.blames_new_fleet(self.new_share)
            for reason in tally.reasons
        )
