"""The dialogue with the plain aws CLI in docs/twin.md: commands are run, answers compared."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.support.serving import serve_twin

from switchover_local.twin.clock import SteppedClock
from switchover_local.twin.twin import Twin

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = Path(__file__).parents[2] / "docs" / "twin.md"
AWS = Path(sys.executable).parent / "aws"
START = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Exchange:
    """One command of the transcript, the minutes that pass before it, and what it should answer."""

    minutes_before: int
    command: tuple[str, ...]
    answer: str


def read_transcript() -> list[Exchange]:
    """Every exchange of the page's `console` blocks."""
    blocks = re.findall(r"```console\n(.*?)```", PAGE.read_text(), re.DOTALL)
    told = re.split(r"^\$ ", "".join(blocks), flags=re.MULTILINE)
    minutes = [re.search(r"^# (\d+) min later$", text, re.MULTILINE) for text in told]
    return [
        Exchange(int(before[1]) if before else 0, *_split(text))
        for before, text in zip(minutes, told[1:], strict=False)
    ]


def _split(text: str) -> tuple[tuple[str, ...], str]:
    """A command, which a quote or a backslash carries over the line's end, and its answer."""
    lines = text.splitlines()
    command, rest = lines[0], lines[1:]
    while command.endswith("\\") or command.count("'") % 2:
        command, rest = f"{command.removesuffix(chr(92))}\n{rest[0]}", rest[1:]
    answer = [line for line in rest if not line.startswith("# ")]
    return tuple(shlex.split(command)), "\n".join(answer)


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock(START)


@pytest.fixture
def url(clock: SteppedClock) -> Iterator[str]:
    with serve_twin(Twin(clock)) as address:
        yield address


def test_the_transcript_tells_a_whole_story() -> None:
    told = [exchange.command[2] for exchange in read_transcript()]

    assert told[0] == "create-model"
    assert told[-1] == "describe-endpoint"
    assert {"update-endpoint", "wait", "delete-endpoint"} <= set(told)


def test_the_aws_cli_answers_as_the_page_shows(url: str, clock: SteppedClock) -> None:
    answers = [
        run(exchange, url=url, clock=clock).replace(url, "URL") for exchange in read_transcript()
    ]

    shown = [exchange.answer for exchange in read_transcript()]
    assert [said.split() for said in answers] == [said.split() for said in shown]


def run(exchange: Exchange, *, url: str, clock: SteppedClock) -> str:
    """Let time pass, run one command, and return all that it printed."""
    clock.advance(exchange.minutes_before * 60)
    done = subprocess.run(  # noqa: S603 - the page's own commands, on the twin
        [AWS, *exchange.command[1:]],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=25,  # `aws … wait` would sleep for 30 s, were it asked too early
        env={
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ENDPOINT_URL_SAGEMAKER": url,
            "AWS_PAGER": "",
            "PATH": str(AWS.parent),
        },
    )
    return done.stdout
