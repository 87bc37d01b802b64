"""Sends the golden requests to the serving model by hand."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.config import Config
from pydantic import BaseModel

from switchover.aws.runtime import Runtime
from switchover.domain.fleet import Absent
from switchover.domain.golden.assessing import GoldenVerdict
from switchover.domain.golden.expectations import LONGEST_ANSWER_SECONDS
from switchover.domain.golden.questions import GoldenQuestion, parse_golden
from switchover.domain.golden.results import GoldenResult, Judgement, judge
from switchover.domain.reasons import Reason
from switchover_cli.errors import Misused, Refused
from switchover_cli.policies.in_force import read_policy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from switchover.domain.policies.policy import Policy
    from switchover_cli.deployment import Deployment

# The limit of a whole run: no Lambda timeout ends it here.
_ASKING_SECONDS = 3600
# SageMaker itself ends longer requests. No retries: a second attempt would hide the first one's failure.
_PATIENT = Config(
    connect_timeout=5,
    read_timeout=LONGEST_ANSWER_SECONDS + 10,
    retries={"mode": "standard", "total_max_attempts": 1},
)


class AnswersRecord(BaseModel):
    """What `test --json` prints."""

    endpoint: str
    config: str
    golden: str
    verdict: GoldenVerdict
    results: tuple[GoldenResult, ...]
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Examination:
    """Golden requests for an endpoint's serving model, and the policy's settings for sending them."""

    endpoint: str
    config: str
    source: str
    questions: tuple[GoldenQuestion, ...]
    policy: Policy


def prepare_examination(
    deployment: Deployment, endpoint: str, golden: str | None, only: Sequence[str]
) -> Examination:
    """Read the golden requests of a file, of an S3 key, or of the policy; `only` selects some by name.

    Raises:
    Misused: the endpoint, file or request doesn't exist.
        Refused: the policy or the file is faulty.
    """
    reading = deployment.sagemaker.read(endpoint)
    if isinstance(reading, Absent):
        raise Misused(f"There is no endpoint {endpoint!r}.", "Name an endpoint that exists.")
    policy = read_policy(deployment, endpoint)
    source = golden or policy.tests.golden
    if source is None:
        raise Misused(
            f"The policy of {endpoint} names no golden requests.",
            "Give --golden FILE, or set tests.golden.",
        )
    questions = _choose(_read_golden(deployment, source), only, source)
    return Examination(endpoint, reading.config_name, source, questions, policy)


def examine(deployment: Deployment, examination: Examination) -> Judgement:
    """Send the golden requests and judge the answers."""
    runtime = Runtime(deployment.session.client("sagemaker-runtime", config=_PATIENT))
    tests = examination.policy.tests
    answers = runtime.ask_all(
        examination.endpoint,
        examination.questions,
        within_seconds=_ASKING_SECONDS,
        warm_up=tests.warm_up,
        at_once=tests.at_once,
    )
    return judge(examination.questions, answers, tests.latency_seconds)


def record_answers(examination: Examination, judged: Judgement) -> AnswersRecord:
    """The printed form for machines."""
    return AnswersRecord(
        endpoint=examination.endpoint,
        config=examination.config,
        golden=examination.source,
        verdict=judged.verdict,
        results=judged.results,
        reasons=judged.reasons,
    )


def _read_golden(deployment: Deployment, source: str) -> tuple[GoldenQuestion, ...]:
    file = Path(source)
    found = (
        parse_golden(file.read_bytes(), source, lambda name: _read_beside(file, name))
        if file.is_file()
        else deployment.files.golden_requests(deployment.bucket, source)
    )
    faults = tuple(entry for entry in found if isinstance(entry, Reason))
    if [fault.code for fault in faults] == ["golden.missing"]:
        raise Misused(
            f"{source} is neither a local file nor a key in s3://{deployment.bucket}.",
            "Correct the name, or upload the golden requests.",
        )
    if faults:
        raise Refused(f"The golden requests of {source} can't be sent.", faults)
    return tuple(entry for entry in found if isinstance(entry, GoldenQuestion))


def _read_beside(file: Path, name: str) -> bytes | None:
    beside = file.parent / name
    return beside.read_bytes() if beside.is_file() else None


def _choose(
    questions: tuple[GoldenQuestion, ...], only: Sequence[str], source: str
) -> tuple[GoldenQuestion, ...]:
    names = {question.request.name for question in questions}
    unknown = [name for name in only if name not in names]
    if unknown:
        raise Misused(
            f"{source} has no request {', '.join(map(repr, unknown))}.",
            f"It has {', '.join(map(repr, sorted(names)))}.",
        )
    return tuple(each for each in questions if not only or each.request.name in only)
