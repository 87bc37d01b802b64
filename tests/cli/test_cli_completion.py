"""The completions of the tab key, by the protocol of the shells' scripts."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Event
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from switchover_cli import completion, connect
from switchover_cli.app import main
from switchover_cli.errors import Misused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Tab = Callable[..., list[str]]


@dataclass
class Fleets:
    """The account's endpoints."""

    found: tuple[str, ...] = ("chat", "chat-eu", "vlm", "$(reboot)")

    def names(self) -> tuple[str, ...]:
        """As SageMaker lists them."""
        return self.found


class SlowFleets(Fleets):
    """SageMaker takes its time."""

    def names(self) -> tuple[str, ...]:
        """Later than anybody waits."""
        Event().wait(5)
        return self.found


class Ledger:
    """Two updates of one version, and one of another."""

    def listed(self, endpoint: str) -> Iterator[Any]:
        """The latest first."""
        assert endpoint == "chat"
        return iter([SimpleNamespace(version=version) for version in ("v2", "", "v2", "v1")])


class Offers:
    """One more version was uploaded."""

    def offers(self, endpoint: str) -> Iterator[Any]:
        """What lies in the bucket."""
        assert endpoint == "chat"
        return iter([SimpleNamespace(version=version) for version in ("v3", "v\x1b[2J")])


@dataclass
class Found:
    """The deployment that is at hand."""

    fleets: Fleets = field(default_factory=Fleets)
    ledger: Ledger = field(default_factory=Ledger)
    offers: Offers = field(default_factory=Offers)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, bool]]:
    """The stacks that were looked for, and whether in the local cloud."""
    stacks: list[tuple[str, bool]] = []

    def find(stack: str, *, local: bool) -> Found:
        stacks.append((stack, local))
        return Found()

    monkeypatch.setattr(connect, "connect", find)
    monkeypatch.delenv("SWITCHOVER_STACK", raising=False)
    return stacks


@pytest.fixture
def tab(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Tab:
    """Press the tab key behind words, as bash's script tells it; what is offered."""

    def press(*words: str) -> list[str]:
        monkeypatch.setenv("_SWITCHOVER_COMPLETE", "complete_bash")
        monkeypatch.setenv("COMP_WORDS", " ".join(("switchover", *words)))
        monkeypatch.setenv("COMP_CWORD", str(len(words)))
        with pytest.raises(SystemExit) as ended:
            main(())
        printed = capsys.readouterr()
        assert (ended.value.code, printed.err) == (0, "")
        return printed.out.split()

    return press


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("sta",), ["start", "status"]),
        (("policy", "p"), ["push", "pull"]),
        (("status", "--st"), ["--stack"]),
    ],
)
def test_commands_and_options_are_offered(
    tab: Tab, words: tuple[str, ...], offered: list[str]
) -> None:
    assert tab(*words) == offered


@pytest.mark.usefixtures("asked")
@pytest.mark.parametrize(
    "words",
    [
        ("status", "ch"),
        ("watch", "ch"),
        ("history", "ch"),
        ("policy", "show", "ch"),
        ("plan", "--endpoint", "ch"),
        ("start", "--endpoint", "ch"),
        ("upload", "--endpoint", "ch"),
    ],
    ids=" ".join,
)
def test_endpoints_are_offered_by_their_beginning(tab: Tab, words: tuple[str, ...]) -> None:
    assert tab(*words) == ["chat", "chat-eu"]


@pytest.mark.usefixtures("asked")
def test_a_name_that_no_endpoint_can_have_never_reaches_the_shell(tab: Tab) -> None:
    assert tab("status", "$") == []


@pytest.mark.usefixtures("asked")
@pytest.mark.parametrize(
    "words",
    [
        ("pin", "chat", "v"),
        ("release", "mark-bad", "chat", "v"),
        ("start", "--endpoint", "chat", "--version", "v"),
        ("rollback", "chat", "--to", "v"),
    ],
    ids=" ".join,
)
def test_versions_that_were_started_or_uploaded_are_offered_once_each(
    tab: Tab, words: tuple[str, ...]
) -> None:
    assert tab(*words) == ["v2", "v1", "v3"]


def test_without_an_endpoint_no_version_is_looked_for(
    tab: Tab, asked: list[tuple[str, bool]]
) -> None:
    assert tab("start", "--version", "v") == []
    assert asked == []


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ((), ("switchover", False)),
        (("--local",), ("switchover", True)),
        (("--stack", "prod"), ("prod", False)),
    ],
)
def test_the_deployment_is_the_one_that_the_command_line_names(
    tab: Tab, asked: list[tuple[str, bool]], options: tuple[str, ...], found: tuple[str, bool]
) -> None:
    tab("status", *options, "c")

    assert asked == [found]


def test_the_environment_names_the_stack(
    tab: Tab, asked: list[tuple[str, bool]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SWITCHOVER_STACK", "eu")

    tab("status", "c")

    assert asked == [("eu", False)]


def test_where_there_is_no_deployment_nothing_is_offered_and_nothing_said(
    tab: Tab, monkeypatch: pytest.MonkeyPatch
) -> None:
    def find_none(stack: str, *, local: bool) -> Found:
        raise Misused(f"The stack {stack!r} doesn't exist.")

    monkeypatch.setattr(connect, "connect", find_none)

    assert tab("status", "c") == []


def test_a_deployment_that_answers_late_is_not_waited_for(
    tab: Tab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(completion, "LONGEST_SECONDS", 0.02)
    monkeypatch.setattr(connect, "connect", lambda _stack, **_local: Found(SlowFleets()))

    assert tab("status", "c") == []
