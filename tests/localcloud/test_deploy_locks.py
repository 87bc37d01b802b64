"""Deployments at the same time: clouds share one build, and only deployments to the same cloud wait."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillWaiting
from threading import Barrier, BrokenBarrierError
from typing import TYPE_CHECKING, cast

import pytest

from switchover_local import deploy as deploying
from switchover_local.deploy import deploy
from switchover_local.stack import LocalCloud

if TYPE_CHECKING:
    from pathlib import Path

    from switchover_local.record import CloudRecord

PATIENCE_SECONDS = 10
MOMENT_SECONDS = 0.2


@pytest.fixture(name="meeting")
def meet_while_sending(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Barrier:
    """Where two that send a build at the same time meet; nothing is really built or sent."""
    meeting = Barrier(2)
    monkeypatch.setattr(deploying, "_build", build_nothing)
    monkeypatch.setattr(deploying, "_find_mark", lambda _cloud: None)
    monkeypatch.setattr(deploying, "_send", lambda *_: meeting.wait(PATIENCE_SECONDS))
    monkeypatch.setattr(deploying, "lead_links_here", lambda _cloud: None)
    monkeypatch.setattr(deploying, "read_outputs", lambda _cloud: {})
    return meeting


def build_nothing(_project: Path, folder: Path, _overrides: object, mark: str) -> None:
    folder.mkdir()  # fails if another builds too
    (folder / "template.yaml").write_text("Resources: {}")
    (folder / "inputs.sha256").write_text(mark)


def cloud_in(folder: Path) -> LocalCloud:
    folder.mkdir(exist_ok=True)
    return LocalCloud(folder, cast("CloudRecord", None))


def test_two_clouds_are_sent_one_build_at_the_same_time(meeting: Barrier, tmp_path: Path) -> None:
    with ThreadPoolExecutor() as pool:
        both = [pool.submit(deploy, cloud_in(tmp_path / n), tmp_path) for n in ("one", "other")]

        assert [one.result(PATIENCE_SECONDS) for one in both] == [{}, {}]


def test_one_cloud_is_sent_one_build_after_the_other(meeting: Barrier, tmp_path: Path) -> None:
    with ThreadPoolExecutor() as pool:
        both = [pool.submit(deploy, cloud_in(tmp_path / "one"), tmp_path) for _ in range(2)]

        with pytest.raises(StillWaiting):
            both[0].result(MOMENT_SECONDS)
        with pytest.raises(StillWaiting):
            both[1].result(MOMENT_SECONDS)
        meeting.abort()
        assert {type(one.exception(PATIENCE_SECONDS)) for one in both} == {BrokenBarrierError}
