"""The version that serves an endpoint at one moment, in the words for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from switchover.domain.fleet import Absent, EndpointStatus

if TYPE_CHECKING:
    from switchover.domain.fleet import EndpointReading
    from switchover.domain.plans.plan import Plan
    from switchover.domain.served import Served


class Serving(BaseModel):
    """The serving version according to DescribeEndpoint; empty for a config that no update created.

    `status` is empty if there is no endpoint.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    status: EndpointStatus | None = None
    config_name: str = ""
    version: str = ""
    instances: int = 0
    pending_config_name: str = ""
    pending_version: str = ""
    pending_instances: int = 0

    @property
    def is_moving(self) -> bool:
        """Whether SageMaker is still changing the endpoint, for any caller."""
        return bool(self.pending_config_name or (self.status and self.status.is_moving))


def serving_of(
    endpoint: EndpointReading | Absent, plan: Plan | None, served: tuple[Served, ...] = ()
) -> Serving:
    """The serving config, with its version from the plan or from the served configs."""
    if isinstance(endpoint, Absent):
        return Serving()
    versions = {entry.config_name: entry.version for entry in served}
    if plan is not None:
        versions[plan.target.config] = plan.target.version
        versions[plan.previous.config] = plan.previous.version
        versions[plan.repair_config] = plan.previous.version
    return Serving(
        status=endpoint.status,
        config_name=endpoint.config_name,
        version=versions.get(endpoint.config_name, ""),
        instances=endpoint.instances,
        pending_config_name=endpoint.pending_config_name or "",
        pending_version=versions.get(endpoint.pending_config_name or "", ""),
        pending_instances=endpoint.pending_instances if endpoint.pending_config_name else 0,
    )


def say_serving(serving: Serving) -> str:
    """One line: the version and its config, the number of instances, and any fault."""
    version = f"{serving.version} " if serving.version else ""
    whole = f"{version}({serving.config_name}), {_count(serving.instances)}"
    match serving.status:
        case None:
            return "nothing: the endpoint doesn't exist"
        case EndpointStatus.FAILED | EndpointStatus.OUT_OF_SERVICE:
            return f"nothing: the endpoint is {serving.status.value}"
        case _ if not serving.instances and not serving.pending_instances:
            return _say_nobody(serving)
        case EndpointStatus.UPDATE_ROLLBACK_FAILED:
            return f"a mix of configs, under the name of {whole}"
        case EndpointStatus.IN_SERVICE | EndpointStatus.SYSTEM_UPDATING:
            return whole
        case _:
            whose = f"{serving.pending_version} ({serving.pending_config_name})".lstrip()
            coming = f", {_count(serving.pending_instances)} of {whose}"
            return (
                f"{whole}{coming if serving.pending_instances else ''};"
                f" the endpoint is still {serving.status.value}"
            )


def _say_nobody(serving: Serving) -> str:
    whole = f"{serving.version} ({serving.config_name})".lstrip()
    if serving.status is EndpointStatus.CREATING:
        return f"nothing yet: {whole} is being created"
    return f"nothing: no instance of {whole} runs"


def _count(instances: int) -> str:
    return f"{instances} instance{'' if instances == 1 else 's'}"
