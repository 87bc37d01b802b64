"""The screens in the docs equal the output of the commands."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from tests.stories.test_cli_doctor import _abandon_claim, _leave_schedule
from tests.support.account import Denied, Shell
from tests.support.laptop import sit_down
from tests.support.scene import ENDPOINT

from switchover.domain.marks import Pin
from switchover_cli.app import main

if TYPE_CHECKING:
    import pytest
    from tests.support.world import World

_DOCS = Path(__file__).resolve().parents[2] / "docs"
_LEFT_OUT = "(every check of PlanUpdate, each with what was found)\n"
_POLICY = """\
tier: critical
ready_seconds: 12m
watch_seconds: 10m
tests: {golden: golden/vlm.jsonl}
"""
_GOLDEN = b'{"name": "say", "body": {}, "expect": {"matches": "This is"}}'


def sample(page: str, opening: str) -> str:
    """The first block of a page that opens like that."""
    text = (_DOCS / page).read_text()
    return text.partition(f"{opening}\n")[2].partition("```")[0]


def screen(capsys: pytest.CaptureFixture[str]) -> str:
    """What was printed, without the spaces that fill lines up."""
    return "".join(f"{line.rstrip()}\n" for line in capsys.readouterr().out.splitlines())


def test_the_plan_in_the_docs_is_a_real_one(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sit_down(world, monkeypatch)
    monkeypatch.setenv("COLUMNS", "100")
    world.put_policy(_POLICY)
    world.s3.put_object(Bucket=world.bucket, Key="golden/vlm.jsonl", Body=_GOLDEN)
    world.offer("v2", is_told=False)

    main(("plan", "--endpoint", ENDPOINT, "--version", "v2", "--price", "2.8"))

    shown = screen(capsys)
    begins, _, ends = sample("plan.md", "```text").partition(_LEFT_OUT)
    assert shown[: len(begins)] == begins
    assert shown[-len(ends) :] == ends


def test_the_diagnosis_in_the_docs_is_a_real_one(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shell = Shell(world, monkeypatch)
    monkeypatch.setenv("COLUMNS", "80")
    _abandon_claim(world)
    pinned_at = world.clock.now() - timedelta(hours=1)
    world.wishes.set_pin(Pin(endpoint=ENDPOINT, version="v1", reason="demo week", at=pinned_at))
    _leave_schedule(world)
    world.clock.advance(7200)
    world.lambdas.dead_letters.clear()
    world.stand_ins["sns"] = Denied("sns")

    shell.type_in("switchover doctor")

    assert screen(capsys) == sample("doctor.md", "```console\n$ switchover doctor")
