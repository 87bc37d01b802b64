"""`switchover test`: the golden requests, asked by hand of what serves now."""

from pathlib import Path
from typing import Annotated

import typer
from botocore.config import Config
from pydantic import BaseModel
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from switchover.aws.runtime import Runtime
from switchover.domain.fleet import Absent
from switchover.domain.golden.assessing import GoldenVerdict
from switchover.domain.golden.expectations import LONGEST_ANSWER_SECONDS
from switchover.domain.golden.questions import GoldenQuestion, parse_golden
from switchover.domain.golden.results import GoldenResult, Judgement, judge
from switchover.domain.policies.layers import merge_policy
from switchover.domain.policies.policy import Policy
from switchover.domain.reasons import Reason
from switchover.domain.units import say_count
from switchover_cli.connect import connect
from switchover_cli.deployment import Deployment
from switchover_cli.errors import Misused, Refused
from switchover_cli.exits import ExitCode
from switchover_cli.options import DEFAULT_STACK, Endpoint, Json, Local, Stack
from switchover_cli.output import open_console, print_json
from switchover_cli.screens.update import GOLDEN_STYLES

# Nobody's Lambda runs out here; a day of answers is not waited for either.
_ASKING_SECONDS = 3600
# SageMaker ends what takes longer itself; a second attempt would hide the first one's failure.
_PATIENT = Config(
    connect_timeout=5,
    read_timeout=LONGEST_ANSWER_SECONDS + 10,
    retries={"mode": "standard", "total_max_attempts": 1},
)
_US_PER_SECOND = 1_000_000


class AnswersRecord(BaseModel):
    """What `test --json` prints."""

    endpoint: str
    config: str
    golden: str
    verdict: GoldenVerdict
    results: tuple[GoldenResult, ...]
    reasons: tuple[Reason, ...]


def ask_golden(
    endpoint: Endpoint,
    *,
    golden: Annotated[
        str | None,
        typer.Option(
            metavar="FILE|KEY",
            help="A golden file here, or in the model bucket; by default the policy's tests.golden.",
        ),
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="This request; repeat for more.")
    ] = None,
    stack: Stack = DEFAULT_STACK,
    local: Local = False,
    json: Json = False,
) -> None:
    """Ask what serves now the golden requests, and judge its answers; they count as traffic."""
    deployment = connect(stack, local=local)
    reading = deployment.sagemaker.read(endpoint)
    if isinstance(reading, Absent):
        raise Misused(f"There is no endpoint {endpoint!r}.", "Name one that serves.")
    policy = _read_policy(deployment, endpoint)
    source = golden or policy.tests.golden
    if source is None:
        raise Misused(
            f"The policy of {endpoint} names no golden requests.",
            "Give --golden FILE, or set tests.golden.",
        )
    questions = _choose(_read_golden(deployment, source), only or [], source)
    with open_console(stderr=True).status(f"Asking {say_count(len(questions), 'golden request')}"):
        judged = _ask(deployment, endpoint, questions, policy)
    if json:
        print_json(
            AnswersRecord(
                endpoint=endpoint,
                config=reading.config_name,
                golden=source,
                verdict=judged.verdict,
                results=judged.results,
                reasons=judged.reasons,
            )
        )
    else:
        open_console().print(_draw(judged, endpoint, reading.config_name))
    if judged.verdict is not GoldenVerdict.PASSED:
        raise typer.Exit(ExitCode.WRONG_ANSWERS)


def _read_policy(deployment: Deployment, endpoint: str) -> Policy:
    file = deployment.files.policy_file(deployment.bucket, endpoint)
    effective = merge_policy(() if file is None else (file,))
    if isinstance(effective, tuple):
        raise Refused(f"The policy of {endpoint} is faulty.", effective)
    return effective.policy


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
            f"{source} is no file here, and no key in s3://{deployment.bucket}.",
            "Correct the name, or upload the golden requests.",
        )
    if faults:
        raise Refused(f"The golden requests of {source} can't be asked.", faults)
    return tuple(entry for entry in found if isinstance(entry, GoldenQuestion))


def _read_beside(file: Path, name: str) -> bytes | None:
    beside = file.parent / name
    return beside.read_bytes() if beside.is_file() else None


def _choose(
    questions: tuple[GoldenQuestion, ...], only: list[str], source: str
) -> tuple[GoldenQuestion, ...]:
    names = {question.request.name for question in questions}
    unknown = [name for name in only if name not in names]
    if unknown:
        raise Misused(
            f"{source} has no request {', '.join(map(repr, unknown))}.",
            f"It has {', '.join(map(repr, sorted(names)))}.",
        )
    return tuple(each for each in questions if not only or each.request.name in only)


def _ask(
    deployment: Deployment, endpoint: str, questions: tuple[GoldenQuestion, ...], policy: Policy
) -> Judgement:
    runtime = Runtime(deployment.session.client("sagemaker-runtime", config=_PATIENT))
    answers = runtime.ask_all(
        endpoint,
        questions,
        within_seconds=_ASKING_SECONDS,
        warm_up=policy.tests.warm_up,
        at_once=policy.tests.at_once,
    )
    return judge(questions, answers, policy.tests.latency_seconds)


def _draw(judged: Judgement, endpoint: str, config: str) -> RenderableType:
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("request", style="bold", overflow="fold")
    for column in ("status", "latency", "first token", "tokens/s"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    for result in judged.results:
        table.add_row(
            Text(result.name),
            _say_status(result),
            _say_seconds(result.latency_us),
            _say_seconds(result.first_token_us),
            f"{result.speed.tokens_per_second:.1f}" if result.speed else "–",
            Text(result.verdict, style=GOLDEN_STYLES[result.verdict]),
        )
    passed = sum(result.has_passed for result in judged.results)
    said = f"{passed} of {say_count(len(judged.results), 'golden request')} passed"
    faults = [_draw_faults(result) for result in judged.results if result.faults]
    return Group(Text(f"{endpoint} on {config}: {said}"), table, *faults)


def _draw_faults(result: GoldenResult) -> RenderableType:
    """Everything that is wrong with an answer; what it says is among the faults."""
    faults = [Padding(Text(fault), (0, 0, 0, 2)) for fault in result.faults]
    return Group(Text(), Text.assemble((result.name, "bold"), " ", _say_tries(result)), *faults)


def _say_status(result: GoldenResult) -> str:
    if result.status is None:
        return "–"
    return str(result.status or "none")


def _say_tries(result: GoldenResult) -> str:
    return "(asked twice)" if result.tries > 1 else ""


def _say_seconds(us: int | None) -> str:
    return "–" if us is None else f"{us / _US_PER_SECOND:.2f} s"
