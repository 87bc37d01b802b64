"""`switchover test`: golden requests are sent to the serving model by hand."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests.support.laptop import sit_down

from switchover_cli.app import main
from switchover_cli.exits import ExitCode
from switchover_local.twin.scenario import Behaviour, Throttling

if TYPE_CHECKING:
    from pathlib import Path

    from tests.stories.conftest import MakeWorld
    from tests.support.world import World

WHO = '{"name": "who", "body": {"messages": []}, "expect": {"values": {"model": "v1"}}}'
SIGN = '{"name": "sign", "chat": {"prompt": "?", "images": ["sign.png"]}, "stream": true}'


@pytest.fixture
def world(make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch) -> World:
    """The usual world, which is where the stack is found."""
    made = make_world()
    sit_down(made, monkeypatch)
    monkeypatch.setenv("COLUMNS", "120")
    return made


@pytest.fixture
def golden(tmp_path: Path) -> str:
    (tmp_path / "sign.png").write_bytes(b"PNG")
    file = tmp_path / "golden.jsonl"
    file.write_text(f"{WHO}\n{SIGN}\n")
    return str(file)


@pytest.mark.usefixtures("world")
def test_right_answers_are_a_table_and_end_well(
    golden: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(("test", "vlm", "--golden", golden))

    shown = capsys.readouterr().out
    assert code == ExitCode.DONE
    assert "2 of 2 golden requests passed" in shown
    assert shown.count(" passed  ") == 2


def test_a_wrong_answer_has_an_exit_code_of_its_own(
    world: World, golden: str, capsys: pytest.CaptureFixture[str]
) -> None:
    world.twin.set_behaviour("*", Behaviour(server_error_rate=1))

    code = main(("test", "vlm", "--golden", golden))

    shown = capsys.readouterr().out
    assert code == ExitCode.WRONG_ANSWERS
    assert "0 of 2 golden requests passed" in shown
    assert "status 500 instead of 200" in shown


@pytest.mark.parametrize("columns", ["80", "100", "120"])
def test_what_was_expected_and_what_came_are_read_at_any_width(
    world: World,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    columns: str,
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    file = tmp_path / "golden.jsonl"
    name = "reads the sign at the corner of a street that has a very long name"
    file.write_text(json.dumps({"name": name, "body": {}, "expect": {"matches": r"^\W*STOP\W*$"}}))
    world.twin.set_behaviour("*", Behaviour(reply="I see [a] cat."))

    main(("test", "vlm", "--golden", str(file)))

    shown = capsys.readouterr().out
    assert max(map(len, shown.splitlines())) <= int(columns)
    assert r"does not match '^\W*STOP\W*$': I see [a] cat." in shown
    assert "failed" in shown


def test_whoever_could_not_ask_is_told_so_and_passes_nothing(
    world: World, golden: str, capsys: pytest.CaptureFixture[str]
) -> None:
    world.twin.inject(Throttling(operation="InvokeEndpoint", times=9))

    code = main(("test", "vlm", "--golden", golden, "--only", "who"))

    shown = capsys.readouterr().out
    assert code == ExitCode.WRONG_ANSWERS
    assert "inconclusive" in shown
    assert "who (asked twice)" in shown
    assert "ThrottlingException" in shown


def test_without_a_file_the_policys_golden_requests_are_asked(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.s3.put_object(Bucket=world.bucket, Key="golden/vlm.jsonl", Body=WHO.encode())
    world.put_policy("tests: {golden: golden/vlm.jsonl}")

    code = main(("test", "vlm", "--json"))

    told = json.loads(capsys.readouterr().out)
    assert code == ExitCode.DONE
    assert (told["endpoint"], told["golden"], told["verdict"]) == (
        "vlm",
        "golden/vlm.jsonl",
        "passed",
    )
    assert [result["name"] for result in told["results"]] == ["who"]
    assert set(told) == {"endpoint", "config", "golden", "verdict", "results", "reasons"}
    assert set(told["results"][0]) == {
        "name",
        "verdict",
        "status",
        "latency_us",
        "first_token_us",
        "speed",
        "tries",
        "faults",
        "answer_excerpt",
    }


@pytest.mark.usefixtures("world")
def test_only_what_is_named_is_asked(golden: str, capsys: pytest.CaptureFixture[str]) -> None:
    main(("test", "vlm", "--golden", golden, "--only", "sign", "--json"))

    told = json.loads(capsys.readouterr().out)
    assert [result["name"] for result in told["results"]] == ["sign"]


@pytest.mark.usefixtures("world")
def test_an_unknown_name_is_told_with_those_there_are(
    golden: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(("test", "vlm", "--golden", golden, "--only", "sing"))

    assert code == ExitCode.USAGE
    assert "It has 'sign', 'who'." in capsys.readouterr().err


@pytest.mark.usefixtures("world")
def test_every_fault_of_the_file_is_told_and_nothing_is_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "golden.jsonl"
    file.write_text(f"{{\n{SIGN}\n")

    code = main(("test", "vlm", "--golden", str(file)))

    told = " ".join(capsys.readouterr().err.split())
    assert code == ExitCode.REJECTED
    assert "sign.png is not beside the golden file" in told
    assert "golden.jsonl line 1 is not JSON" in told


def test_a_file_that_is_nowhere_is_told_by_where_it_was_looked_for(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(("test", "vlm", "--golden", "gone.jsonl"))

    told = " ".join(capsys.readouterr().err.split())
    assert code == ExitCode.USAGE
    assert f"gone.jsonl is neither a local file nor a key in s3://{world.bucket}" in told


@pytest.mark.usefixtures("world")
def test_an_endpoint_without_golden_requests_is_told_so(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code = main(("test", "vlm"))

    assert code == ExitCode.USAGE
    assert "names no golden requests" in capsys.readouterr().err


@pytest.mark.usefixtures("world")
def test_an_endpoint_that_is_not_there_is_told_so(golden: str) -> None:
    assert main(("test", "nobody", "--golden", golden)) == ExitCode.USAGE
