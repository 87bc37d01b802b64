"""TestModel: sends golden requests to the model, because an InService endpoint may serve a wrong one."""

from __future__ import annotations

from enum import StrEnum

from switchover.aws import gateways
from switchover.aws.ledger import known_first, try_anew
from switchover.aws.manifests import GOLDEN
from switchover.domain.answers import StateAnswer
from switchover.domain.golden.assessing import GoldenVerdict, verdict_of
from switchover.domain.golden.identity import prove_identity
from switchover.domain.golden.questions import GoldenQuestion
from switchover.domain.golden.results import judge
from switchover.domain.guarding import aim, doubt_traffic, weigh
from switchover.domain.reasons import Reason
from switchover.domain.verdict import course_of

# The function's time limit, minus the time to read the requests and judge the answers.
ASKING_SECONDS = 480


class TestModelAnswer(StrEnum):
    """The result of the tests. needs_promotion: they passed, and a person must approve the promotion."""

    PASSED = "passed"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"
    NEEDS_PROMOTION = "needs_promotion"


def test_model(update_id: str) -> StateAnswer[TestModelAnswer]:
    """Send every golden request, then set the end of the watch after success."""
    ledger = gateways.ledger()
    update = ledger.update(update_id)
    plan = update.planned
    found: tuple[GoldenQuestion, ...] | tuple[Reason, ...] = ()
    if plan.tests.golden is not None:
        pinned = gateways.manifests().read(update.update_id, GOLDEN, plan.material.golden_pin)
        found = gateways.files().pinned_golden(update.bucket, plan.tests.golden, pinned)
    questions = aim(plan, (entry for entry in found if isinstance(entry, GoldenQuestion)))
    answers = gateways.runtime().ask_all(
        plan.endpoint,
        questions,
        within_seconds=ASKING_SECONDS,
        warm_up=plan.tests.warm_up,
        at_once=plan.tests.at_once,
    )
    judged = judge(questions, answers, plan.tests.latency_seconds)
    proof, strangers = prove_identity(plan.tests.identity, questions, answers)
    wrong = (*judged.reasons, *strangers)
    unreadable = tuple(entry for entry in found if isinstance(entry, Reason))
    endpoint = gateways.sagemaker().read(plan.endpoint)
    # Counted up to the end of the bakes: the requests of this test come after the alarms' time.
    bakes_ended = update.progress.settled_at or endpoint.read_at
    doubts = doubt_traffic(plan, gateways.fleet_metrics().answered(plan, update, bakes_ended))
    verdict = weigh(GoldenVerdict.INCONCLUSIVE if unreadable else verdict_of(wrong), doubts, plan)
    reasons = (*unreadable, *wrong, *doubts)
    watch = course_of(plan.target.config, endpoint, plan.times.watch_seconds)
    failed_by = reasons if verdict is GoldenVerdict.FAILED else ()
    # The test may take minutes. If observations have changed the update meanwhile, it is read again.
    read = known_first(update, lambda: ledger.update(update_id))
    try_anew(
        lambda: ledger.save(read().tested(judged.results, proof, watch=watch, failed_by=failed_by))
    )
    if verdict is GoldenVerdict.PASSED and plan.approval.promotion:
        return StateAnswer(TestModelAnswer.NEEDS_PROMOTION)
    return StateAnswer(TestModelAnswer(verdict.value), reasons)
