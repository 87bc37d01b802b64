"""The processor time of commands compared with `aws --version`, measured in turn.

    python -m benchmarks.commands [--runs 5]

Every row is a separate process. Its time includes the processes that it starts, such as the functions
of a rehearsal's cloud (on Linux; elsewhere, only those that it waits for). All rows are run one after
the other, several times: only the ratios of two runs are comparable. Commands that call AWS call a
local cloud, which this benchmark starts, deploys to and stops.
`aws` is awscli 1 of the test dependencies, in the same interpreter as ours.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import sys
import tempfile
from collections import defaultdict
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from switchover_cli.catalogue import COMMANDS
from switchover_cli.exits import ExitCode
from switchover_local.deploy import deploy
from switchover_local.engine import clear_of_aws
from switchover_local.stack import LocalCloud

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from switchover_cli.catalogue import Listed

PROJECT = Path(__file__).parents[1]
ENDPOINT = "chat"
BASE = "aws --version"
REHEARSAL = "rehearse docs/scenarios/policy.yaml --scenario docs/scenarios/slow-model.yaml"
# The expected exit codes: a folder without a model is faulty, and the slow model is rolled back.
ENDS = {"model check docs/scenarios": ExitCode.REJECTED, REHEARSAL: ExitCode.ROLLED_BACK}
WITHOUT_AWS = (
    "--help",
    "--version",
    "policy check docs/scenarios/policy.yaml",
    "model check docs/scenarios",
    "local scenario docs/scenarios/slow-model.yaml --check",
)
ASKING_AWS = tuple(
    f"{command} {ENDPOINT}"
    for command in ("status", "history", "queue", "window", "policy show", "release marks")
)
_SET_CHILD_SUBREAPER = 36  # prctl(2)
_OURS = "import sys; from switchover_cli.app import main; sys.exit(main())"
_AWS = "import sys; from awscli.clidriver import main; sys.exit(main())"
_CLIENT = "import boto3; boto3.client('sagemaker', region_name='us-east-1')"


@dataclass(frozen=True, slots=True)
class Case:
    """A command line, its code for Python, and its AWS endpoints."""

    name: str
    code: str
    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    ends: int = ExitCode.DONE

    def measure(self) -> float:
        """Run the case; returns the processor seconds of the process and of those that it waited for."""
        with tempfile.TemporaryFile() as said:
            process = os.posix_spawn(
                sys.executable,
                [sys.executable, "-c", self.code, *self.arguments],
                self.environment,
                file_actions=[
                    (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                    (os.POSIX_SPAWN_DUP2, said.fileno(), 1),
                    (os.POSIX_SPAWN_DUP2, said.fileno(), 2),
                ],
            )
            _, status, used = os.wait4(process, 0)
            seconds = used.ru_utime + used.ru_stime + reap_orphans()
            if os.waitstatus_to_exitcode(status) != self.ends:
                said.seek(0)
                raise SystemExit(f"{self.name} failed:\n{said.read().decode()}")
        return seconds


def adopt_orphans() -> None:
    """Adopt processes whose parent ends, so that their time can be counted."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def reap_orphans() -> float:
    """The processor seconds of a command's ended processes that were adopted."""
    seconds = 0.0
    with suppress(ChildProcessError):
        while (ended := os.wait4(-1, os.WNOHANG))[0]:
            seconds += ended[2].ru_utime + ended[2].ru_stime
    return seconds


def main() -> None:
    """Measure every row and print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=5)
    runs: int = parser.parse_args().runs
    os.chdir(PROJECT)
    quiet = clear_of_aws(os.environ)
    adopt_orphans()
    with open_cloud() as cloud:
        cases = list_cases(quiet, {**quiet, **cloud.environment()})
        seconds = alternate(cases, runs)
    rehearsal = Case(REHEARSAL, _OURS, tuple(REHEARSAL.split()), quiet, ENDS[REHEARSAL])
    seconds[REHEARSAL] = [rehearsal.measure()]
    Console(width=100).print(draw(seconds))


@contextmanager
def open_cloud() -> Iterator[LocalCloud]:
    """A local cloud with the stack, and an endpoint that serves."""
    with tempfile.TemporaryDirectory() as folder:
        cloud = LocalCloud.up(folder=Path(folder))
        try:
            deploy(cloud, PROJECT)
            cloud.session().client("s3").create_bucket(Bucket="seed")
            cloud.seed_endpoint(ENDPOINT, "s3://seed/models/chat/v1/")
            yield cloud
        finally:
            cloud.down()


def list_cases(quiet: Mapping[str, str], aws: Mapping[str, str]) -> list[Case]:
    """Every row, starting with the commands to compare with."""
    helps = [f"{command} --help" for command in list_commands(COMMANDS)]
    return [
        Case(BASE, _AWS, ("--version",), quiet),
        Case("boto3 and one client", _CLIENT, (), quiet),
        *(
            Case(command, _OURS, tuple(command.split()), quiet, ENDS.get(command, ExitCode.DONE))
            for command in (*WITHOUT_AWS, *helps)
        ),
        *(Case(command, _OURS, tuple(command.split()), aws) for command in ASKING_AWS),
    ]


def list_commands(listed: Sequence[Listed]) -> Iterator[str]:
    """Every command as people type it, a group's members behind its name."""
    for each in listed:
        yield each.name
        yield from (f"{each.name} {member}" for member in list_commands(each.members))


def alternate(cases: Sequence[Case], runs: int) -> dict[str, list[float]]:
    """Run all cases one after the other, `runs` times; returns the seconds of each by its name."""
    seconds: dict[str, list[float]] = defaultdict(list)
    for _ in range(runs):
        for case in cases:
            seconds[case.name].append(case.measure())
    return seconds


def draw(seconds: Mapping[str, Sequence[float]]) -> Table:
    """A row per command line: the median, and its ratio to the base."""
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0))
    table.add_column("switchover …, where no other program is named", overflow="fold")
    for column in ("CPU", f"÷ {BASE}"):
        table.add_column(column, justify="right")
    base = median(seconds[BASE])
    for name, measured in seconds.items():
        table.add_row(name, f"{median(measured):.3f} s", f"{median(measured) / base:.2f}")
    return table


if __name__ == "__main__":
    main()
