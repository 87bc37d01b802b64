"""`python -m tests.support.faults`: its cases, the options that select some, and its output."""

from __future__ import annotations

import pytest
from rich.console import Console
from tests.support.definition import Choice, read_definition
from tests.support.faults import matrix as faults
from tests.support.faults import runs as faults_runs
from tests.support.faults.cases import FAMILIES, Case, choose, find_cases
from tests.support.faults.people import Stop
from tests.support.faults.runs import Result, find_steps, run, run_all
from tests.support.faults.stories import STORIES
from tests.support.faults.tables import WIDTH, draw

from switchover.domain.outcome import Outcome

_CANARY = STORIES[0]
# From Python 3.12 on; the children of the matrix come from a process of one thread, those here may not.
_FORKS = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")


def test_every_state_of_a_good_update_is_among_them() -> None:
    states = read_definition().states
    met = {met for met in find_steps(_CANARY) if isinstance(met, str)}
    met = {state for state in met if not isinstance(states[state], Choice)}

    assert {fault.at for case in find_cases((_CANARY,)) for fault in case.faults} >= met


def test_no_two_cases_have_the_same_name() -> None:
    names = [case.name for case in find_cases((_CANARY,))]

    assert len(names) == len(set(names))


def test_a_shard_of_all_is_no_other_one() -> None:
    cases = find_cases((_CANARY,))

    shards = [choose(cases, shard=(mine, 3)) for mine in (1, 2, 3)]

    assert sorted(case.name for shard in shards for case in shard) == sorted(c.name for c in cases)


@_FORKS
def test_a_case_ends_alike_alone_and_in_a_child_of_the_story() -> None:
    cases = choose(find_cases((_CANARY,)), family="late")[:3]

    assert run_all(cases) == [run(case) for case in cases]


@pytest.mark.parametrize("family", FAMILIES)
def test_a_table_fits_onto_the_page(family: str) -> None:
    cases = choose(find_cases(), family=family)
    results = [Result(case, Outcome.ROLLED_BACK, {"true": "no"}) for case in cases]
    console = Console(width=WIDTH)

    with console.capture() as captured:
        console.print(draw(family, results))

    assert "…" not in captured.get()
    assert all(case.faults[0].state in captured.get() for case in cases)


def test_there_are_some_of_every_kind_and_enough_of_all() -> None:
    cases = find_cases()

    assert {case.family for case in cases} == set(FAMILIES)
    assert len(cases) >= 1500


def test_another_seed_draws_other_pairs_and_nothing_else() -> None:
    one, other = set(find_cases((_CANARY,))), set(find_cases((_CANARY,), seed=2))

    assert {case.family for case in one ^ other} == {"pair"}


@_FORKS
def test_one_case_is_told_by_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    code = faults.main(["--case", "canary:AwaitOutcome/stopped", "--jobs", "1"])

    assert code == 0
    assert "1 runs: R 1; invariants broke in 0" in capsys.readouterr().out


def test_a_name_that_no_case_has_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    code = faults.main(["--case", "canary:Nowhere/stopped"])

    assert code == 2
    assert "no such case" in capsys.readouterr().err


def test_names_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    code = faults.main(["--list", "--kind", "stop", "--state", "TestModel"])

    assert code == 0
    assert "canary:TestModel/stopped" in capsys.readouterr().out.splitlines()


@pytest.mark.parametrize("shard", ["0/2", "3/2", "2", "a/b"])
def test_a_shard_that_is_none_is_refused(shard: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        faults.main(["--shard", shard])

    assert "--shard" in capsys.readouterr().err


@_FORKS
def test_a_case_that_never_ends_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faults_runs, "_CPU_SECONDS", 0.01)
    case = Case(_CANARY.name, (Stop("TestModel"),), find_steps(_CANARY)["TestModel"])

    (result,) = run_all([case])

    assert set(result.broken) == {"ended"}
