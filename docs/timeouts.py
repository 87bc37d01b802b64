"""The tables of docs/timeouts.md: the time limits of template, machine and clients."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from samtranslator.yaml_helper import yaml_parse

from switchover.aws.clients import ATTEMPTS, CONNECT_SECONDS, READ_SECONDS
from switchover.domain.asking import ACTING_SECONDS, LANDING_SECONDS, SIGNATURE_SECONDS

ROOT = Path(__file__).parent.parent
# A cold start may take as long before the handler runs (Lambda Developer Guide, "Understand the Lambda
# execution environment lifecycle": "The Init phase is limited to 10 seconds").
INIT_SECONDS = 10
MARGIN_SECONDS = 15
_STEPS = ROOT / "layers/core/switchover/steps"
_ASKS = "from switchover.steps.asking import ask"


def tabulate_timeouts(*machines: dict[str, Any]) -> str:
    """A row for each Task that a function answers by itself."""
    seconds = function_seconds()
    rows = []
    for name, state in (item for machine in machines for item in machine["States"].items()):
        if state["Type"] != "Task" or not isinstance(state["TimeoutSeconds"], int):
            continue
        function = f"{name}Function"
        least = seconds[function] + INIT_SECONDS + MARGIN_SECONDS
        acts = "yes" if function in acting_functions() else ""
        rows.append(
            f"| {name} | {acts} | {seconds[function]} | {least} | {state['TimeoutSeconds']} |"
        )
    titles = (
        "state",
        "asks AWS for a change",
        "its function ends after",
        "least for the state",
        "the state ends after",
    )
    return "\n".join((f"| {' | '.join(titles)} |", "|---|---|---:|---:|---:|", *rows))


def tabulate_sums() -> str:
    """The arithmetic of a single call, and of what may still land."""
    attempt = CONNECT_SECONDS + READ_SECONDS
    call = ATTEMPTS * attempt + sum(2**retry for retry in range(ATTEMPTS - 1))
    return "\n".join(
        (
            "| | seconds |",
            "|---|---:|",
            f"| one attempt of a call: connect {CONNECT_SECONDS}, read {READ_SECONDS} | {attempt} |",
            f"| {ATTEMPTS} attempts and the SDK's pauses between, at most | {call} |",
            f"| a function that changes anything is ended by Lambda after | {ACTING_SECONDS} |",
            f"| its last request is refused by AWS if it arrives later than | {SIGNATURE_SECONDS} |",
            f"| so, from the note of a request on, nothing lands after | {LANDING_SECONDS} |",
        )
    )


def function_seconds() -> dict[str, int]:
    """Every function of the template, and when Lambda ends it."""
    template = yaml_parse((ROOT / "template.yaml").read_text("utf-8"))
    shared = template["Globals"]["Function"]["Timeout"]
    return {
        name: resource["Properties"].get("Timeout", shared)
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::Serverless::Function"
    }


def acting_functions() -> frozenset[str]:
    """The functions that note what they ask of AWS."""
    return frozenset(
        f"{''.join(word.title() for word in path.stem.split('_'))}Function"
        for path in (ROOT / "functions").glob("*.py")
        if _ASKS in (_STEPS / path.name).read_text("utf-8")
    )
