"""Contradicting options are refused before anything is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from switchover_cli import connect
from switchover_cli.app import main
from switchover_cli.deployment import Deployment
from switchover_cli.exits import ExitCode

if TYPE_CHECKING:
    import boto3

FOLDER = ("plan", "--dir", ".", "--endpoint", "chat", "--version", "v2")
UPLOADED = ("plan", "--endpoint", "chat", "--version", "v2")


@pytest.fixture(autouse=True)
def unread(monkeypatch: pytest.MonkeyPatch) -> None:
    """A deployment that fails whoever reads from it."""
    nothing = cast("boto3.Session", None)
    deployment = Deployment(nothing, table="ledger", bucket="models", state_machine_arn="arn")
    monkeypatch.setattr(connect, "open_session", lambda **_: nothing)
    monkeypatch.setattr(connect, "find_deployment", lambda *_: deployment)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("plan",), "Plan what?"),
        (("plan", "--version", "v2"), "Plan what?"),
        (("plan", "--dir", "."), "A folder needs an endpoint and a version."),
        (
            ("plan", "--release", "s3://models/chat/"),
            "is not releases/<endpoint>/<version>/release.json",
        ),
        ((*UPLOADED, "--json", "--markdown"), "--json and --markdown print different things."),
        ((*UPLOADED, "--hotfix"), "Give the reason with --reason"),
        ((*UPLOADED, "--policy", "chat.yaml"), "--policy and --name go with --dir only"),
        ((*UPLOADED, "--dir", ".", "--release", "s3://m/release.json"), "--release or --dir"),
        ((*UPLOADED, "--policy-override", "stratgy=canary"), "stratgy"),
        ((*UPLOADED, "--price", "-1"), "--price"),
        ((*FOLDER, "--policy", "no-such.yaml"), "no-such.yaml: No such file"),
    ],
)
def test_what_cannot_be_meant_is_a_usage_error(
    arguments: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(arguments)

    assert code == ExitCode.USAGE
    assert said in capsys.readouterr().err
