"""A command starts quickly: it loads only what it needs, and the list of commands is correct."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from switchover_cli.app import main
from switchover_cli.catalogue import COMMANDS, Listed
from switchover_cli.exits import ExitCode
from switchover_cli.loading import load_command

ROOT = Path(__file__).parents[2]
# What no command needs that asks AWS nothing: the SDK, what speaks with it, and the local cloud.
_OF_AWS = ("boto3", "botocore", "OpenSSL", "awscrt", "switchover.aws", "switchover_local", "fcntl")
# Typer itself takes pydantic for a command's options; our models are what takes long to load.
_MODELS = ("switchover.domain.reasons", "switchover.domain.fleet", "switchover_cli.deployment")
_SLOW = (*_OF_AWS, *_MODELS)
_WATCHED = """
import sys
from switchover_cli.app import main
names = sys.argv[1].split(",")
there = {name for name in names if name in sys.modules}
code = main(sys.argv[2:])
print("loaded:", *(name for name in names if name in sys.modules and name not in there))
raise SystemExit(code)
"""
# One interpreter loads what every command loads, and each command gets a copy of its own.
_EACH_WATCHED = """
import json, os, sys, tempfile
from switchover_cli.app import main
names = sys.argv[1].split(",")
there = {name for name in names if name in sys.modules}
said = {}
for command in sys.argv[2:]:
    with tempfile.TemporaryFile() as out:
        child = os.fork()
        if not child:
            os.dup2(out.fileno(), 1)
            code = main([*command.split(), "--help"])
            print("loaded:", *(name for name in names if name in sys.modules and name not in there))
            sys.stdout.flush()
            os._exit(code)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        out.seek(0)
        said[command] = (code, out.read().decode())
print(json.dumps(said))
"""
_COMPLETED = """
import sys
from switchover_cli.app import main
names = sys.argv[1].split(",")
there = {name for name in names if name in sys.modules}
try:
    main(())
finally:
    print("loaded:", *(name for name in names if name in sys.modules and name not in there))
"""
# What is registered first runs last, when the command's own endings are over.
_AS_TYPED = """
import atexit, gc, sys
from switchover_cli.app import main
atexit.register(lambda: print("frozen:", gc.get_freeze_count() > 0))
raise SystemExit(main())
"""
_ON_WINDOWS = """
import sys
sys.modules["fcntl"] = None
from switchover_cli.app import main
raise SystemExit(main(sys.argv[1:]))
"""


def list_commands(listed: tuple[Listed, ...] = COMMANDS) -> list[str]:
    """Every command, and every group, as people type it."""
    return [
        *(each.name for each in listed),
        *(f"{group.name} {name}" for group in listed for name in list_commands(group.members)),
    ]


def list_alike(listed: tuple[Listed, ...] = COMMANDS) -> list[Listed]:
    """Every command and group as it is listed."""
    return [*listed, *(each for group in listed for each in list_alike(group.members))]


def run_python(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A program in an interpreter of its own, in which nothing is loaded yet."""
    return subprocess.run(  # noqa: S603  (our own interpreter)
        [sys.executable, "-c", program, *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["-h"], [], ["--version"]],
    ids=" ".join,
)
def test_nothing_slow_is_loaded_before_a_command_is_known(arguments: list[str]) -> None:
    ended = run_python(_WATCHED, ",".join((*_SLOW, "pydantic")), *arguments)

    assert ended.returncode == ExitCode.DONE, ended.stderr
    assert ended.stdout.splitlines()[-1] == "loaded:"


@pytest.fixture(scope="module")
def helped() -> dict[str, tuple[int, str]]:
    """How each command ends that is asked for its help, and what it prints."""
    ended = run_python(_EACH_WATCHED, ",".join(_SLOW), *list_commands())
    assert ended.returncode == 0, ended.stderr
    said: dict[str, tuple[int, str]] = json.loads(ended.stdout)
    return said


@pytest.mark.parametrize("command", list_commands())
def test_help_loads_nothing_that_the_command_works_with(
    command: str, helped: dict[str, tuple[int, str]]
) -> None:
    code, printed = helped[command]

    assert code == ExitCode.DONE
    assert f"Usage: switchover {command}" in printed
    assert printed.splitlines()[-1] == "loaded:"


def test_a_help_page_loads_no_markdown_and_leaves_none_to_be_missed() -> None:
    names = "markdown_it,pygments,rich.markdown,rich.traceback"

    ended = run_python(_WATCHED, names, "status", "--help")

    assert ended.stdout.splitlines()[-1] == "loaded:"


def test_what_was_loaded_is_not_searched_for_garbage_at_the_end() -> None:
    ended = run_python(_AS_TYPED, "--version")

    assert ended.returncode == ExitCode.DONE, ended.stderr
    assert ended.stdout.splitlines()[-1] == "frozen: True"


@pytest.mark.parametrize(
    ("words", "offered"), [("sta", "start status"), ("status --st", "--stack")]
)
def test_completing_a_command_or_an_option_loads_nothing_slow(
    words: str, offered: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("_SWITCHOVER_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", f"switchover {words}")
    monkeypatch.setenv("COMP_CWORD", str(len(words.split())))

    ended = run_python(_COMPLETED, ",".join(_SLOW))

    assert ended.stdout.splitlines() == [*offered.split(), "loaded:"]


@pytest.mark.parametrize(
    ("command", "asked", "name", "content"),
    [
        ("policy check", "chat.yaml", "chat.yaml", "tier: critical"),
        ("model check", "model", "model/config.json", "{}"),
    ],
)
def test_what_asks_aws_nothing_loads_nothing_of_it(
    command: str, asked: str, name: str, content: str, tmp_path: Path
) -> None:
    given = tmp_path / name
    given.parent.mkdir(exist_ok=True)
    given.write_text(content)

    ended = run_python(_WATCHED, ",".join(_OF_AWS), *command.split(), str(tmp_path / asked))

    assert "Traceback" not in ended.stderr
    assert ended.stdout.splitlines()[-1] == "loaded:"


@pytest.mark.parametrize(
    "arguments",
    ["--help", "local --help", "local up --help", "rehearse --help", "status --help"],
)
def test_help_is_given_where_there_is_no_fcntl_as_on_windows(arguments: str) -> None:
    ended = run_python(_ON_WINDOWS, *arguments.split())

    assert (ended.returncode, ended.stderr) == (ExitCode.DONE, "")


@pytest.mark.parametrize(
    "arguments",
    [
        "local up",
        "local down",
        "local env",
        "local demo",
        "rehearse docs/scenarios/policy.yaml",
        "status chat --local",
    ],
)
def test_the_local_cloud_says_where_it_runs_where_there_is_no_fcntl(arguments: str) -> None:
    ended = run_python(_ON_WINDOWS, *arguments.split())

    assert ended.returncode == ExitCode.USAGE
    assert ended.stderr.startswith("Error: The local cloud needs Linux or macOS.")


def test_a_scenario_is_checked_where_there_is_no_fcntl() -> None:
    scenario = "docs/scenarios/slow-model.yaml"

    ended = run_python(_ON_WINDOWS, "local", "scenario", scenario, "--check")

    assert (ended.returncode, ended.stderr) == (ExitCode.DONE, "")


@pytest.mark.parametrize("listed", list_alike(), ids=lambda each: each.name)
def test_the_list_says_of_a_command_what_its_own_help_says(listed: Listed) -> None:
    command = load_command(listed)

    assert command.name == listed.name
    assert command.help.split("\n\n")[0].replace("\n", " ") == listed.help


@pytest.mark.parametrize("arguments", [(), ("policy",), ("model",), ("local",), ("release",)])
def test_a_name_alone_prints_its_help(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(arguments)

    printed = capsys.readouterr()
    assert code == ExitCode.DONE
    assert "Usage: switchover" in printed.out
    assert printed.err == ""


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(("--version",))

    assert code == ExitCode.DONE
    assert capsys.readouterr().out.startswith("Switchover ")


@pytest.mark.parametrize(
    ("arguments", "remedy"),
    [
        (("statsu",), "See: switchover --help"),
        (("status", "--nope"), "See: switchover status --help"),
        (("policy", "sho"), "See: switchover policy --help"),
        (("queue",), "See: switchover queue --help"),
    ],
)
def test_what_was_mistyped_is_answered_with_the_help_to_read(
    arguments: tuple[str, ...], remedy: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(arguments)

    assert code == ExitCode.USAGE
    assert remedy in capsys.readouterr().err


def test_boto3_is_loaded_without_its_resources_and_makes_one_for_who_asks() -> None:
    program = (
        "import sys; from switchover_cli.sdk import load_sdk; load_sdk(); import boto3\n"
        "print(sorted({'boto3.resources.factory', 'html.parser'} & set(sys.modules)))\n"
        "print(boto3.Session(region_name='eu-west-1').resource('s3').Bucket('b').name)"
    )

    ended = run_python(program)

    assert ended.stdout.splitlines() == ["[]", "b"], ended.stderr
