"""`switchover rehearse` as people and pipelines run it: the deployed stack on a separate local cloud."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from switchover_cli.exits import ExitCode
from switchover_local.record import read_record

if TYPE_CHECKING:
    from collections.abc import Iterator

PROJECT = Path(__file__).parents[2]
SCENARIOS = PROJECT / "docs" / "scenarios"
PATIENCE_SECONDS = 300  # dozens of cold starts, on a machine that may have other things to do

pytestmark = pytest.mark.deployed


class Rehearsal:
    """A running `switchover rehearse`, and the local cloud that it brought up."""

    def __init__(self, process: subprocess.Popen[str], known: set[Path]) -> None:
        self.process = process
        self.folder = self._find_folder(known)
        record = read_record(self.folder / "cloud")
        assert record is not None
        self.host = record.pid

    def _find_folder(self, known: set[Path]) -> Path:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            for folder in rehearsals() - known:
                if read_record(folder / "cloud") is not None:
                    return folder
            time.sleep(0.1)
        raise AssertionError(f"no cloud came up: {self.process.communicate()}")

    @property
    def has_left_nothing(self) -> bool:
        """Whether the cloud's process and folder are gone."""
        return not self.folder.exists() and not Path(f"/proc/{self.host}").exists()


@contextmanager
def rehearsing() -> Iterator[Rehearsal]:
    """Rehearse an update that goes wrong."""
    known = rehearsals()
    command = [Path(sys.executable).parent / "switchover", "rehearse", SCENARIOS / "policy.yaml"]
    command += ["--scenario", SCENARIOS / "slow-model.yaml", "--json"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=PROJECT, stdout=pipe, stderr=pipe, text=True) as process:  # noqa: S603
        try:
            yield Rehearsal(process, known)
        finally:
            process.terminate()


def rehearsals() -> set[Path]:
    """The folders of the rehearsals that run now."""
    return set((PROJECT / ".local").glob("rehearsal-*"))


def test_a_slow_model_is_rehearsed_to_its_rollback() -> None:
    with rehearsing() as rehearsal:
        out, err = rehearsal.process.communicate(timeout=PATIENCE_SECONDS)

    assert rehearsal.process.returncode == ExitCode.ROLLED_BACK, err
    told = json.loads(out)
    assert told["update"]["outcome"] == "RolledBack"
    assert told["twin_config"] == told["update"]["serving_config"] == "policy-v1"
    assert told["peak_instances"] == told["update"]["plan"]["peak_instances"] == 6
    assert told["requests"] > told["failed_requests"] > 0
    assert any("Baking for 300 seconds" in line["text"] for line in told["story"])
    assert rehearsal.has_left_nothing


def test_a_rehearsals_figures_are_those_of_every_playing() -> None:
    """Time stands while functions start and run, however slow this machine."""
    with rehearsing() as rehearsal:
        out, err = rehearsal.process.communicate(timeout=PATIENCE_SECONDS)

    told = json.loads(out)
    assert (told["virtual_seconds"], told["state_transitions"]) == (510, 26), err


def test_a_rehearsal_that_is_terminated_takes_its_cloud_along() -> None:
    with rehearsing() as rehearsal:
        rehearsal.process.terminate()

        rehearsal.process.communicate(timeout=PATIENCE_SECONDS)

    assert rehearsal.process.returncode == ExitCode.INTERRUPTED
    assert rehearsal.has_left_nothing
