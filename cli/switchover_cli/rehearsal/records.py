"""What the commands of the local cloud print for machines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from switchover_local.twin.scenario import Scenario

if TYPE_CHECKING:
    from collections.abc import Mapping

    from switchover_local.stack import LocalCloud


class CloudRecord(BaseModel):
    """What `local up` prints with `--json`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    engine_url: str
    twin_url: str
    speed: float
    stack: str
    outputs: dict[str, str]


class ScenarioRecord(BaseModel):
    """What `local scenario` prints with `--json`: the file with every default filled in."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: str
    loaded: bool
    scenario: Scenario


def record_cloud(cloud: LocalCloud, stack: str, outputs: Mapping[str, str]) -> CloudRecord:
    """A cloud that is up, with the outputs of its stack."""
    return CloudRecord(
        engine_url=cloud.engine_url,
        twin_url=cloud.twin_url,
        speed=cloud.state().speed,
        stack=stack,
        outputs=dict(outputs),
    )
