"""Every command by its name: what the list of commands says of it, and where it is.

A command's module is imported when the command is typed: models and SDKs take a second to load, and
nobody who asks for help, or mistypes a name, needs them.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_BEFORE = "Before anything moves"
_START = "Start"
_STEER = "While it waits or runs"
_LOOK = "How it stands, how it went"
_BACK = "Back, and tidy"


@dataclass(frozen=True, slots=True)
class Listed:
    """A command, or a group of commands, in the list.

    `home` is its module, and its name there; a group has members instead.
    """

    name: str
    panel: str
    home: str
    help: str
    members: tuple[Listed, ...] = ()

    def find(self) -> Callable[..., Any]:
        """The function behind it: its module is imported."""
        module, _, name = self.home.partition(":")
        found: Callable[..., Any] = getattr(
            import_module(f"switchover_cli.commands.{module}"), name
        )
        return found


_POLICY = (
    Listed(
        "show",
        "",
        "policy.show:show",
        "Print every effective value, and where it came from.",
    ),
    Listed(
        "check",
        "",
        "policy.check:check",
        "Say everything that is wrong with policy files, without AWS.",
    ),
    Listed(
        "init",
        "",
        "policy.init:init",
        "Write a commented policy for a live endpoint, with the strategy that suits it and why.",
    ),
    Listed(
        "push",
        "",
        "policy.push:push",
        "Put a policy file where the endpoint's updates read it, after showing what it changes.",
    ),
    Listed(
        "pull",
        "",
        "policy.pull:pull",
        "Fetch an endpoint's policy file as it lies in the model bucket, byte for byte.",
    ),
)
_LOCAL = (
    Listed(
        "up",
        "",
        "local:up",
        "Bring the local cloud up and deploy the stack on it; harmless if that is done already.",
    ),
    Listed("down", "", "local:down", "End the local cloud and every process of it."),
    Listed(
        "env", "", "local:env", "Print the variables that lead any AWS client to the local cloud."
    ),
    Listed(
        "scenario",
        "",
        "local:scenario",
        "Let the running local cloud be as a file says: models, capacity, faults, open questions.",
    ),
    Listed(
        "demo",
        "",
        "local:demo",
        "Play five updates on a fresh local cloud: good, slow, broken, rolling, and back.",
    ),
)
_MODEL = (
    Listed(
        "check",
        "",
        "model:check",
        "Say everything that keeps a model from loading; reads headers and small files only.",
    ),
)
_RELEASE = (
    Listed(
        "mark-bad",
        "",
        "release:mark_bad",
        "Keep uploads from starting a version; it still starts if somebody names it.",
    ),
    Listed("marks", "", "release:marks", "List the versions that are marked bad, and why."),
    Listed("unmark", "", "release:unmark", "Let uploads start a version again."),
)
COMMANDS = (
    Listed(
        "plan",
        _BEFORE,
        "plan:plan",
        "Show what an update would do, when it would start, or why it would not; changes nothing.",
    ),
    Listed(
        "policy",
        _BEFORE,
        "",
        "How endpoints want to be updated.",
        members=_POLICY,
    ),
    Listed("model", _BEFORE, "", "Look at a model without serving it.", members=_MODEL),
    Listed(
        "window",
        _BEFORE,
        "window:window",
        "Show an endpoint's week by its traffic, its windows in it, and the freezes ahead.",
    ),
    Listed(
        "rehearse",
        _BEFORE,
        "rehearse:rehearse",
        "Play one update under a policy, and tell how it ends and what it would cost.",
    ),
    Listed(
        "local",
        _BEFORE,
        "",
        "Rehearse on this machine: the deployed thing itself, with a twin of SageMaker.",
        members=_LOCAL,
    ),
    Listed("start", _START, "start:start", "Start an update to a release that lies in S3."),
    Listed(
        "upload",
        _START,
        "upload:upload",
        "Check a model, upload it as a release, and so have it rolled out.",
    ),
    Listed(
        "queue",
        _STEER,
        "queue:queue",
        "List who waits for an endpoint, in the order of their turns.",
    ),
    Listed(
        "cancel", _STEER, "queue:cancel", "Take an update out of the queue; it ends as Rejected."
    ),
    Listed(
        "approve",
        _STEER,
        "approve:approve",
        "Let the update that waits for approval go on, or stay.",
    ),
    Listed(
        "reject",
        _STEER,
        "approve:reject",
        "Say no to the update that waits for approval; if it serves already, it is taken back.",
    ),
    Listed(
        "abort",
        _STEER,
        "abort:abort",
        "Stop the update of an endpoint that runs; what served before serves again.",
    ),
    Listed(
        "unclaim",
        _STEER,
        "unclaim:unclaim",
        "Free an endpoint from an update whose execution is gone; what the update left is put back.",
    ),
    Listed(
        "status",
        _LOOK,
        "status:status",
        "Show what serves now, what runs, and how the last update ended.",
    ),
    Listed(
        "watch",
        _LOOK,
        "watch:watch",
        "Follow an endpoint's running update, or show how its last one ended.",
    ),
    Listed(
        "history",
        _LOOK,
        "history:history",
        "List an endpoint's updates, newest first; or the last update of every endpoint.",
    ),
    Listed(
        "explain",
        _LOOK,
        "explain:explain",
        "Show why an update ended as it did: alarms, SageMaker's words, log, what serves, what to do.",
    ),
    Listed(
        "test",
        _LOOK,
        "test:ask_golden",
        "Ask what serves now the golden requests, and judge its answers; they count as traffic.",
    ),
    Listed(
        "doctor",
        _LOOK,
        "doctor:doctor",
        "Show what is held, by whom, since when; and what is left over, with the command that mends it.",
    ),
    Listed(
        "rollback",
        _BACK,
        "rollback:rollback",
        "Take an endpoint back to a version that served it before; an update that runs is called off.",
    ),
    Listed(
        "adopt",
        _BACK,
        "adopt:adopt",
        "Record what serves now as a version: from then on a rollback can return to it.",
    ),
    Listed(
        "pin",
        _BACK,
        "pin:pin",
        "Have an endpoint refuse every other version; rollbacks still work.",
    ),
    Listed("unpin", _BACK, "pin:unpin", "Let an endpoint take any version again."),
    Listed(
        "release",
        _BACK,
        "",
        "Mark versions bad, list the marks, or take one off.",
        members=_RELEASE,
    ),
    Listed(
        "gc",
        _BACK,
        "gc:gc",
        "Remove old configs and models that Switchover made; what is still needed stays, and why.",
    ),
)
