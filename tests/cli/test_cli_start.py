"""The command begins at once: what nobody asked for isn't loaded, and what is listed is true."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from switchover_cli.app import main
from switchover_cli.catalogue import COMMANDS, Listed, load_command
from switchover_cli.exits import ExitCode

if TYPE_CHECKING:
    from pathlib import Path

# What no command needs that asks AWS nothing: the SDK, what speaks with it, and the local cloud.
_OF_AWS = ("boto3", "botocore", "OpenSSL", "awscrt", "switchover.aws", "switchover_local", "fcntl")
_SLOW = (*_OF_AWS, "pydantic")
_WATCHED = """
import sys
from switchover_cli.app import main
names = sys.argv[1].split(",")
there = {name for name in names if name in sys.modules}
code = main(sys.argv[2:])
print("loaded:", *(name for name in names if name in sys.modules and name not in there))
raise SystemExit(code)
"""
_ON_WINDOWS = """
import sys
sys.modules["fcntl"] = None
from switchover_cli.catalogue import COMMANDS, load_command
for listed in COMMANDS:
    if listed.name not in ("local", "rehearse"):
        load_command(listed)
"""


def run_python(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A program in an interpreter of its own, in which nothing is loaded yet."""
    return subprocess.run(  # noqa: S603  (our own interpreter)
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["-h"], [], ["--version"]],
    ids=" ".join,
)
def test_nothing_slow_is_loaded_before_a_command_is_known(arguments: list[str]) -> None:
    ended = run_python(_WATCHED, ",".join(_SLOW), *arguments)

    assert ended.returncode == ExitCode.DONE, ended.stderr
    assert ended.stdout.splitlines()[-1] == "loaded:"


def test_the_help_of_a_group_loads_none_of_its_commands() -> None:
    ended = run_python(_WATCHED, "switchover.domain.reasons,botocore", "policy", "--help")

    assert ended.returncode == ExitCode.DONE, ended.stderr
    assert ended.stdout.splitlines()[-1] == "loaded:"


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


def test_commands_can_be_loaded_where_there_is_no_fcntl_as_on_windows() -> None:
    ended = run_python(_ON_WINDOWS)

    assert ended.stderr == ""


@pytest.mark.parametrize("listed", COMMANDS, ids=lambda each: each.name)
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
        (("status",), "See: switchover status --help"),
    ],
)
def test_what_was_mistyped_is_answered_with_the_help_to_read(
    arguments: tuple[str, ...], remedy: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(arguments)

    assert code == ExitCode.USAGE
    assert remedy in capsys.readouterr().err
