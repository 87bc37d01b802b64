"""The command begins at once: what nobody asked for isn't loaded, and what is listed is true."""

from __future__ import annotations

import subprocess
import sys

import pytest

from switchover_cli.app import main
from switchover_cli.catalogue import COMMANDS, Listed, load_command
from switchover_cli.exits import ExitCode

_SLOW = ("boto3", "botocore", "pydantic", "switchover_local", "OpenSSL", "awscrt")
_WATCHED = f"""
import sys
from switchover_cli.app import main
code = main(sys.argv[1:])
loaded = sorted(name for name in {_SLOW!r} if name in sys.modules)
print("loaded:", *loaded)
raise SystemExit(code)
"""


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], [], ["--version"]])
def test_nothing_slow_is_loaded_before_a_command_is_known(arguments: list[str]) -> None:
    ended = subprocess.run(  # noqa: S603  (our own interpreter)
        [sys.executable, "-c", _WATCHED, *arguments], capture_output=True, text=True, check=False
    )

    assert ended.returncode == ExitCode.DONE, ended.stderr
    assert ended.stdout.splitlines()[-1] == "loaded:"


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
