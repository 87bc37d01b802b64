"""Every command by name: its line in the list of commands, and its module.

A command's module is imported when the command is typed: models and SDKs take a second to load. Help
and mistyped names don't need them.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_BEFORE = "Before an update"
_START = "Start"
_STEER = "While an update waits or runs"
_LOOK = "State and results"
_BACK = "Roll back, and clean up"


@dataclass(frozen=True, slots=True)
class Listed:
    """A command, or a group of commands, in the list.

    `home` is the command's module and its function there; a group has members instead.
    """

    name: str
    panel: str
    home: str
    help: str
    members: tuple[Listed, ...] = ()

    def find(self) -> Callable[..., Any]:
        """Import the command's module, and return its function."""
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
        "Print every value in force, and where it was set.",
    ),
    Listed(
        "check",
        "",
        "policy.check:check",
        "List every fault in policy files, without AWS.",
    ),
    Listed(
        "init",
        "",
        "policy.init:init",
        "Write a commented policy for a live endpoint, with a recommended strategy.",
    ),
    Listed(
        "push",
        "",
        "policy.push:push",
        "Upload a policy file for an endpoint, after showing the changes.",
    ),
    Listed(
        "pull",
        "",
        "policy.pull:pull",
        "Download an endpoint's policy file from the model bucket, unchanged.",
    ),
)
_LOCAL = (
    Listed(
        "up",
        "",
        "local:up",
        "Start the local cloud and deploy the stack on it; safe to repeat.",
    ),
    Listed("down", "", "local:down", "Stop the local cloud and all of its processes."),
    Listed(
        "env",
        "",
        "local:env",
        "Print the environment variables that point AWS clients to the local cloud.",
    ),
    Listed(
        "scenario",
        "",
        "local:scenario",
        "Load a scenario into the running local cloud: models, capacity, faults, switches.",
    ),
    Listed(
        "demo",
        "",
        "local:demo",
        "Run five updates on a new local cloud: good, slow, broken, rolling, and a rollback.",
    ),
)
_MODEL = (
    Listed(
        "check",
        "",
        "model:check",
        "List everything that keeps a model from loading; reads only headers and small files.",
    ),
)
_RELEASE = (
    Listed(
        "mark-bad",
        "",
        "release:mark_bad",
        "Stop uploads from starting a version; a person can still start it by name.",
    ),
    Listed("marks", "", "release:marks", "List the versions that are marked bad, and why."),
    Listed(
        "unmark", "", "release:unmark", "Remove a version's mark, so that uploads start it again."
    ),
)
COMMANDS = (
    Listed(
        "plan",
        _BEFORE,
        "plan:plan",
        "Show what an update would do and when, or why it would be refused; changes nothing.",
    ),
    Listed(
        "policy",
        _BEFORE,
        "",
        "Policies: the settings for the updates of endpoints.",
        members=_POLICY,
    ),
    Listed("model", _BEFORE, "", "Check a model without serving it.", members=_MODEL),
    Listed(
        "window",
        _BEFORE,
        "window:window",
        "Show an endpoint's traffic over a week, its windows, and the coming freezes.",
    ),
    Listed(
        "rehearse",
        _BEFORE,
        "rehearse:rehearse",
        "Run one update with a policy on a local cloud; show its outcome and its cost on AWS.",
    ),
    Listed(
        "local",
        _BEFORE,
        "",
        "Run the real stack on this machine, with a twin of SageMaker.",
        members=_LOCAL,
    ),
    Listed("start", _START, "start:start", "Start an update to a release that is already in S3."),
    Listed(
        "upload",
        _START,
        "upload:upload",
        "Check a model and upload it as a release; the upload starts the update.",
    ),
    Listed(
        "queue",
        _STEER,
        "queue:queue",
        "List the updates that wait for an endpoint, in their order.",
    ),
    Listed(
        "cancel", _STEER, "queue:cancel", "Remove an update from the queue; it ends as Rejected."
    ),
    Listed(
        "approve",
        _STEER,
        "approve:approve",
        "Approve the update that waits for an answer.",
    ),
    Listed(
        "reject",
        _STEER,
        "approve:reject",
        "Reject the update that waits for an answer; if it already serves, it is rolled back.",
    ),
    Listed(
        "abort",
        _STEER,
        "abort:abort",
        "Abort an endpoint's running update; the previous config serves again.",
    ),
    Listed(
        "unclaim",
        _STEER,
        "unclaim:unclaim",
        "Free an endpoint from an update whose execution has ended, and restore its changes.",
    ),
    Listed(
        "status",
        _LOOK,
        "status:status",
        "Show what serves, the running update and the last outcome; without ENDPOINT, of all endpoints.",
    ),
    Listed(
        "watch",
        _LOOK,
        "watch:watch",
        "Follow an endpoint's running update, or show the last outcome.",
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
        "Show why an update ended as it did: alarms, SageMaker's reason, log, and what to do.",
    ),
    Listed(
        "report",
        _LOOK,
        "report:report",
        "Write how an update went as an HTML page, to read and to attach to a change.",
    ),
    Listed(
        "test",
        _LOOK,
        "test:ask_golden",
        "Send the golden requests to the serving model and judge the answers; they count as traffic.",
    ),
    Listed(
        "doctor",
        _LOOK,
        "doctor:doctor",
        "Show claims, queues and pins, and every leftover with the command that removes it.",
    ),
    Listed(
        "rollback",
        _BACK,
        "rollback:rollback",
        "Return an endpoint to an earlier version; a running update is aborted.",
    ),
    Listed(
        "adopt",
        _BACK,
        "adopt:adopt",
        "Record the serving config as a version, so that a rollback can return to it.",
    ),
    Listed(
        "pin",
        _BACK,
        "pin:pin",
        "Keep an endpoint on one version; rollbacks still work.",
    ),
    Listed(
        "unpin", _BACK, "pin:unpin", "Remove an endpoint's pin: it accepts every version again."
    ),
    Listed(
        "release",
        _BACK,
        "",
        "Mark versions bad, list the marks, or remove a mark.",
        members=_RELEASE,
    ),
    Listed(
        "gc",
        _BACK,
        "gc:gc",
        "Remove old configs and models of Switchover, except those that are still needed.",
    ),
)
