"""A wrong command is refused in terms of its options, before any call to AWS."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from switchover_cli.app import main
from switchover_cli.commands.upload import check_start
from switchover_cli.errors import Misused
from switchover_cli.exits import ExitCode
from switchover_cli.start.starting import release_request, rollback_request

URI = "s3://models/releases/chat/v2/release.json"
NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"skips_window": True}, "--now skips the window."),
        ({"is_hotfix": True}, "--hotfix ignores red alarms."),
    ],
)
@pytest.mark.parametrize("reason", ["", "  "])
def test_an_option_that_needs_a_reason_asks_for_the_option(
    asked: dict[str, bool], said: str, reason: str
) -> None:
    with pytest.raises(Misused) as refused:
        release_request(URI, {}, reason, **asked)

    assert refused.value.message == said
    assert "--reason" in refused.value.remedy
    assert "`" not in refused.value.message + refused.value.remedy


@pytest.mark.parametrize("name", ["", "a_b", "-a", "a-", "a b", "x" * 64, "ä", "s3://b/k"])
def test_a_name_that_no_endpoint_has_is_refused_in_words(name: str) -> None:
    with pytest.raises(Misused, match="can't be an endpoint's name") as refused:
        rollback_request(name, None, "")

    assert "^" not in refused.value.message


def test_a_version_that_is_too_long_is_named_by_its_option() -> None:
    with pytest.raises(Misused, match=r"^--to: "):
        rollback_request("chat", "v" * 64, "")


def test_a_reason_that_is_too_long_is_named_by_its_option() -> None:
    with pytest.raises(Misused, match=r"^--reason: "):
        release_request(URI, {}, "x" * 1001)


@pytest.mark.parametrize("start", ["2020-01-01T00:00:00Z", "2026-03-02T10:30:00+01:00"])
def test_a_time_that_is_over_is_refused(start: str) -> None:
    with pytest.raises(Misused, match="is in the past"):
        check_start(start, NOW)


@pytest.mark.parametrize(
    "start", ["now", "low-peak", "2026-03-02T10:30:00Z", "2026-03-02T09:30:00-01:00", "tomorrow"]
)
def test_a_time_to_come_and_what_is_no_time_go_on(start: str) -> None:
    check_start(start, NOW)


def test_an_upload_for_a_time_that_is_over_sends_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code = main(
        ("upload", ".", "--endpoint", "chat", "--version", "v2", "--start", "2020-01-01T00:00:00Z")
    )

    assert code == ExitCode.USAGE
    assert "--start 2020-01-01T00:00:00Z is in the past" in capsys.readouterr().err
