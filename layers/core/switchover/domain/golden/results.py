"""The results of all golden requests of a run, and the short form that is stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from switchover.domain.golden.answers import Answer, Speed, measure_speed, read_text
from switchover.domain.golden.assessing import GoldenVerdict, assess, verdict_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from switchover.domain.golden.questions import GoldenQuestion
    from switchover.domain.golden.requests import GoldenRequest
    from switchover.domain.reasons import Reason

# The update is one item of the ledger, which takes 400 KB (DynamoDB Developer Guide, "Quotas"), and its
# outcome one event, which takes 256 KB (EventBridge User Guide, "PutEvents").
_KEPT_BYTES = 300
_KEPT_OF_ALL_BYTES = 60_000
_KEPT_FAULTS = 3
_TOLD_REASONS = 20


class GoldenResult(BaseModel):
    """The result of one golden request. `status` is the container's; 0 if the container sent no answer.

    `status` is None if there was no time to send the request.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    verdict: GoldenVerdict
    status: int | None
    latency_us: int | None = None
    first_token_us: int | None = None
    speed: Speed | None = None
    tries: int = 0
    faults: tuple[str, ...] = ()
    answer_excerpt: str = ""

    @property
    def has_passed(self) -> bool:
        """Whether the answer came and was right."""
        return self.verdict is GoldenVerdict.PASSED


@dataclass(frozen=True, slots=True)
class Judgement:
    """The results of all golden requests of a run, in order, and the reasons if the run didn't pass."""

    verdict: GoldenVerdict
    results: tuple[GoldenResult, ...]
    reasons: tuple[Reason, ...]


def judge(
    questions: Sequence[GoldenQuestion], answers: Sequence[Answer | None], latency_seconds: float
) -> Judgement:
    """Compare every answer with its expectation. None: there was no time to send the request.

    `latency_seconds` bounds answers to requests that state no bound of their own. Texts are cut so
    that all results fit into the ledger together with the rest of an update.
    """
    pairs = list(zip((question.request for question in questions), answers, strict=True))
    found = [assess(request, answer, latency_seconds) for request, answer in pairs]
    texts = max(1, len(pairs)) * (_KEPT_FAULTS + 1)
    room = min(_KEPT_BYTES, _KEPT_OF_ALL_BYTES // texts)
    reasons = [reason for reasons in found for reason in reasons]
    return Judgement(
        verdict=verdict_of(reasons),
        results=tuple(
            _result(request, answer, reasons, room)
            for (request, answer), reasons in zip(pairs, found, strict=True)
        ),
        reasons=_told(reasons),
    )


def _result(
    request: GoldenRequest, answer: Answer | None, reasons: Sequence[Reason], room: int
) -> GoldenResult:
    verdict = verdict_of(reasons)
    faults = tuple(_cut(reason.message, room) for reason in reasons[:_KEPT_FAULTS])
    if answer is None:
        return GoldenResult(name=request.name, verdict=verdict, status=None, faults=faults)
    return GoldenResult(
        name=request.name,
        verdict=verdict,
        status=answer.status,
        latency_us=answer.latency_us,
        first_token_us=answer.first_token_us,
        speed=measure_speed(answer),
        tries=answer.tries,
        faults=faults,
        answer_excerpt=_cut(read_text(answer, request.expect.text_at) or answer.text, room),
    )


def _told(reasons: Sequence[Reason]) -> tuple[Reason, ...]:
    """The reasons for people; they must fit into a payload of 256 KB."""
    if len(reasons) <= _TOLD_REASONS:
        return tuple(reasons)
    # Wrong answers come before answers that couldn't be measured.
    ranked = sorted(reasons, key=lambda reason: reason.code != "golden.failed")
    left = len(ranked) - _TOLD_REASONS
    last = ranked[_TOLD_REASONS].model_copy(
        update={
            "subject": "golden requests",
            "message": f"{left} more differences.",
            "remedy": "See the update's golden results.",
        }
    )
    return (*ranked[:_TOLD_REASONS], last)


def _cut(text: str, room: int) -> str:
    """The beginning of a text that fits into `room` bytes: the limit of storage is in bytes."""
    return text.encode()[:room].decode(errors="ignore")
