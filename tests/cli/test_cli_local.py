"""`switchover local up` changes the speed of a running cloud as requested."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from switchover_cli.app import main
from switchover_cli.commands import local
from switchover_cli.exits import ExitCode


class RunningCloud:
    """A local cloud that runs at the default speed, and does as it is told."""

    engine_url = "http://127.0.0.1:1"
    twin_url = "http://127.0.0.1:2"

    def __init__(self) -> None:
        self.speed = local.DEFAULT_SPEED

    def set_speed(self, speed: float) -> None:
        self.speed = speed

    def state(self) -> SimpleNamespace:
        return SimpleNamespace(speed=self.speed)


@pytest.fixture(name="cloud")
def run_cloud(monkeypatch: pytest.MonkeyPatch) -> RunningCloud:
    cloud = RunningCloud()
    monkeypatch.setattr(local, "find_project", Path)
    monkeypatch.setattr(local, "start_cloud", lambda _project, _speed: cloud)
    monkeypatch.setattr(local, "deploy_stack", lambda _cloud, _project: {})
    return cloud


def test_a_speed_that_is_asked_for_is_the_running_clouds_from_then_on(
    cloud: RunningCloud, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["local", "up", "--speed", "120"]) == ExitCode.DONE

    assert cloud.speed == 120
    assert "One virtual hour takes 30 s here" in " ".join(capsys.readouterr().out.split())


def test_a_running_cloud_keeps_its_speed_if_none_is_asked_for(cloud: RunningCloud) -> None:
    cloud.speed = 7

    main(["local", "up"])

    assert cloud.speed == 7


def test_without_a_terminal_each_step_is_a_line(
    cloud: RunningCloud, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["local", "up"])

    told = capsys.readouterr().out
    assert "Starting the local cloud…" in told
    assert "Building and deploying the stack" in told
