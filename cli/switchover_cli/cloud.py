"""The local cloud of a checkout: started, deployed to, found and ended."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from switchover_cli.errors import CommandFailed, Misused
from switchover_local.deploy import DeployFailed, deploy
from switchover_local.stack import CloudDidNotStart, CloudNotRunning, LocalCloud

if TYPE_CHECKING:
    from collections.abc import Mapping

    from switchover_local.twin.scenario import Scenario


def find_project() -> Path:
    """The checkout that this folder is in: a local cloud deploys from it and lives in it.

    Raises:
        Misused: this folder isn't in one.
    """
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "template.yaml").exists() and (folder / "statemachine").is_dir():
            return folder
    raise Misused(
        f"{here} isn't in a checkout of Switchover.",
        "The local cloud deploys template.yaml from one: go there first.",
    )


def folder_of(project: Path) -> Path:
    """Where a project's local cloud keeps its record, log and build."""
    return project / ".local"


def start_cloud(project: Path, speed: float) -> LocalCloud:
    """The project's local cloud, started if it doesn't run.

    Raises:
        CommandFailed: with the end of its log.
    """
    return bring_up(folder_of(project), speed)


def bring_up(folder: Path, speed: float, scenario: Scenario | None = None) -> LocalCloud:
    """The local cloud of a folder, started if it doesn't run.

    Raises:
        CommandFailed: with the end of its log.
    """
    try:
        return LocalCloud.up(speed=speed, scenario=scenario, folder=folder)
    except CloudDidNotStart as error:
        raise CommandFailed(str(error)) from error


def deploy_stack(
    cloud: LocalCloud, project: Path, parameters: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Deploy the project's stack, and return its outputs.

    Raises:
        CommandFailed: with all that `sam` printed.
    """
    try:
        return deploy(cloud, project, parameters)
    except DeployFailed as error:
        raise CommandFailed(str(error)) from error


def stop_cloud(project: Path) -> bool:
    """End the project's local cloud; False if none ran."""
    try:
        LocalCloud.attach(folder_of(project)).down()
    except CloudNotRunning:
        return False
    return True


def attach_cloud(project: Path) -> LocalCloud:
    """The project's local cloud that runs.

    Raises:
        Misused: none does.
    """
    try:
        return LocalCloud.attach(folder_of(project))
    except CloudNotRunning as error:
        raise Misused("No local cloud runs here.", "Start one: switchover local up") from error
