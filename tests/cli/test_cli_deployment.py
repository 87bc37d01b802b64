"""Which cloud a command uses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from switchover_cli import cloud as clouds
from switchover_cli import connect
from switchover_cli.errors import CommandFailed, Refused
from switchover_local.record import CloudRecord
from switchover_local.stack import LocalCloud

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def cloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LocalCloud:
    """A local cloud that seems to run, on a machine that knows nothing of AWS."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    running = LocalCloud(tmp_path, CloudRecord(pid=1, engine_port=4566, twin_port=4567))
    monkeypatch.setattr(clouds, "attach_cloud", lambda _project: running)
    return running


def engine_of(session: object) -> str:
    """Where a session's clients go."""
    url: str = session.client("dynamodb", "us-east-1").meta.endpoint_url  # type: ignore[attr-defined]
    return url


@pytest.mark.usefixtures("cloud")
def test_where_nothing_names_an_account_the_running_local_cloud_is_meant(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert engine_of(connect.open_session(local=False)) == "http://127.0.0.1:4566"
    assert "the local cloud" in capsys.readouterr().err


@pytest.mark.usefixtures("cloud")
@pytest.mark.parametrize("name", ["AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_ENDPOINT_URL"])
def test_a_named_account_is_never_passed_over(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "http://127.0.0.1:1" if name.endswith("URL") else "prod")
    monkeypatch.setattr(connect, "_own_session", lambda: "the usual session")

    assert connect.open_session(local=False) == "the usual session"


@pytest.mark.usefixtures("cloud")
def test_a_credentials_file_names_an_account(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "credentials").write_text("[default]\n")
    monkeypatch.setattr(connect, "_own_session", lambda: "the usual session")

    assert connect.open_session(local=False) == "the usual session"


@pytest.mark.usefixtures("cloud")
def test_without_a_running_cloud_the_usual_rules_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    def none_runs(_project: Path) -> LocalCloud:
        raise Refused("No local cloud runs.", "switchover local up")

    monkeypatch.setattr(clouds, "attach_cloud", none_runs)
    monkeypatch.setattr(connect, "_own_session", lambda: "the usual session")

    assert issubclass(Refused, CommandFailed)
    assert connect.open_session(local=False) == "the usual session"
