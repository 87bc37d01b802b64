"""The local cloud of a checkout: start it, deploy to it, find it, stop it."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from switchover_cli.errors import CommandFailed, Misused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from switchover_local.stack import LocalCloud
    from switchover_local.twin.scenario import Scenario


def require_locks() -> None:
    """Refuse a system that can't run a local cloud, before its modules are loaded.

    Raises:
        Misused: this system has no file locks as a local cloud needs them (Windows).
    """
    if find_spec("fcntl") is None:
        raise Misused(
            "The local cloud needs Linux or macOS.",
            "On Windows, run it in the Windows Subsystem for Linux.",
        )


def find_project() -> Path:
    """The checkout that the current folder is in: the local cloud deploys from it and keeps files there.

    Raises:
        Misused: the current folder isn't in a checkout.
    """
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "template.yaml").exists() and (folder / "statemachine").is_dir():
            return folder
    raise Misused(
        f"{here} is not in a checkout of Switchover.",
        "The local cloud deploys the checkout's template.yaml: change to a checkout first.",
    )


def folder_of(project: Path) -> Path:
    """Where a project's local cloud keeps its record, log and build."""
    return project / ".local"


def start_cloud(project: Path, speed: float) -> LocalCloud:
    """The project's local cloud, started if it doesn't run.

    Raises:
        CommandFailed: with the end of its log.
    """
    return bring_up(project, folder_of(project), speed)


def bring_up(
    project: Path, folder: Path, speed: float, scenario: Scenario | None = None
) -> LocalCloud:
    """The local cloud of a folder, started if it doesn't run; it shares the project's unpacked code.

    Raises:
        CommandFailed: with the end of its log.
    """
    require_locks()
    from switchover_local.record import code_path
    from switchover_local.stack import CloudDidNotStart, LocalCloud

    code = code_path(folder_of(project))
    try:
        return LocalCloud.up(speed=speed, scenario=scenario, folder=folder, code=code)
    except CloudDidNotStart as error:
        raise CommandFailed(str(error)) from error


def deploy_stack(
    cloud: LocalCloud, project: Path, parameters: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Deploy the project's stack, and return its outputs.

    Raises:
        CommandFailed: with all that `sam` printed.
    """
    from switchover_local.deploy import DeployFailed, deploy

    try:
        return deploy(cloud, project, parameters)
    except DeployFailed as error:
        raise CommandFailed(str(error)) from error


def stop_cloud(project: Path, tell: Callable[[str], object]) -> bool:
    """Stop the project's local cloud, even one that hangs, and report each step; False if none ran.

    Raises:
        CommandFailed: the cloud is still starting, so it can't be stopped yet.
    """
    require_locks()
    from switchover_local.record import is_running, log_path
    from switchover_local.stack import LocalCloud

    folder = folder_of(project)
    cloud = LocalCloud.find(folder)
    if cloud is None and is_running(folder):
        raise CommandFailed(
            f"A local cloud is starting in {folder}; its process is not known yet.",
            f"Try again; its log is {log_path(folder)}.",
        )
    if cloud is not None:
        cloud.down(tell)
    return cloud is not None


def attach_cloud(project: Path) -> LocalCloud:
    """The project's running local cloud.

    Raises:
        Misused: no local cloud runs.
        CommandFailed: a local cloud runs, but doesn't answer.
    """
    require_locks()
    from switchover_local.record import is_running

    if not is_running(folder_of(project)):
        raise _not_running()
    from switchover_local.stack import CloudDidNotStart, CloudNotRunning, LocalCloud

    try:
        return LocalCloud.attach(folder_of(project))
    except CloudNotRunning as error:
        raise _not_running() from error
    except CloudDidNotStart as error:
        raise CommandFailed(str(error)) from error


def _not_running() -> Misused:
    return Misused("No local cloud is running here.", "Start one: switchover local up")
