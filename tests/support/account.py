"""The other services of an account beside a story's world, and a shell for commands on both."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import botocore.session
from awscli.shorthand import ShorthandParser
from botocore import xform_name
from botocore.exceptions import ClientError
from botocore.validate import validate_parameters
from tests.support.clients import client
from tests.support.laptop import deployment_of, sit_down

from switchover_cli.app import main
from switchover_cli.doctor.findings import diagnose
from switchover_cli.doctor.reading import Doctor

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pytest
    from tests.support.scheduler import Scheduler
    from tests.support.stepfunctions import StepFunctions
    from tests.support.world import World

    from switchover_cli.deployment import Deployment
    from switchover_cli.doctor.finding import Finding

# The services that AWS's CLI calls by another name.
_SERVICES = {"s3api": "s3"}
LETTERS_URL = "https://sqs.us-east-1.amazonaws.com/000000000000/letters"


@dataclass(frozen=True, slots=True)
class _Pages:
    """An operation's answer as its one page."""

    ask: Any

    def paginate(self, *, PaginationConfig: Any = None, **asked: Any) -> Iterator[Any]:  # noqa: ARG002, N803 - AWS's name
        yield self.ask(**asked)


class Listed:
    """A stand-in with paginators for its operations."""

    def get_paginator(self, operation: str) -> _Pages:
        """All pages of an operation."""
        return _Pages(getattr(self, operation))


@dataclass(frozen=True, slots=True)
class ListedSchedules(Listed):
    """EventBridge Scheduler, with further operations that people use."""

    scheduler: Scheduler

    def __getattr__(self, name: str) -> Any:
        return getattr(self.scheduler, name)

    def list_schedules(self, *, GroupName: str) -> dict[str, Any]:  # noqa: N803 - AWS's name
        """Every schedule of a group."""
        assert GroupName == "switchover"
        return {"Schedules": [{"Name": name} for name in self.scheduler.schedules]}

    def delete_schedule(self, *, GroupName: str, Name: str) -> None:  # noqa: N803 - AWS's names
        """Delete one."""
        assert GroupName == "switchover"
        del self.scheduler.schedules[Name]


@dataclass(frozen=True, slots=True)
class ListedExecutions(Listed):
    """Step Functions, with further operations that people use."""

    stepfunctions: StepFunctions

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stepfunctions, name)

    def list_executions(self, *, maxResults: int = 1000, **asked: Any) -> dict[str, Any]:  # noqa: N803 - AWS's name
        """The executions with a status, newest first."""
        return self.stepfunctions.list_executions(maxResults=maxResults, **asked)

    def start_execution(self, *, name: str = "typed", **asked: Any) -> dict[str, Any]:
        """Start an execution; AWS chooses a name if none is given."""
        return self.stepfunctions.start_execution(name=name, **asked)


@dataclass(frozen=True, slots=True)
class Letters:
    """SQS, as far as the dead-letter queue goes."""

    world: World

    def get_queue_attributes(self, *, QueueUrl: str, AttributeNames: list[str]) -> dict[str, Any]:  # noqa: N803, ARG002 - AWS's names
        """How many messages there are, as text."""
        return {
            "Attributes": {"ApproximateNumberOfMessages": str(len(self.world.lambdas.dead_letters))}
        }

    def receive_message(self, *, QueueUrl: str, MaxNumberOfMessages: int) -> dict[str, Any]:  # noqa: N803, ARG002 - AWS's names
        """Some of them."""
        return {"Messages": self.world.lambdas.dead_letters[:MaxNumberOfMessages]}

    def purge_queue(self, *, QueueUrl: str) -> None:  # noqa: N803, ARG002 - AWS's name
        """Delete the messages."""
        self.world.lambdas.dead_letters.clear()


@dataclass(frozen=True, slots=True)
class Denied(Listed):
    """A service that denies every call."""

    service: str

    @property
    def meta(self) -> Any:
        """The client's metadata, which need no call."""
        return client(self.service).meta

    def __getattr__(self, name: str) -> Any:
        def refuse(*_given: Any, **_asked: Any) -> Any:
            operation = "".join(word.title() for word in name.split("_"))
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, operation)

        return refuse


def open_account(world: World) -> None:
    """Let the world's account answer all calls of `switchover doctor` from now on."""
    world.stand_ins |= {
        "scheduler": ListedSchedules(world.scheduler),
        "stepfunctions": ListedExecutions(world.stepfunctions),
        "sqs": Letters(world),
    }


def examine(world: World, within_seconds: float = 3600) -> tuple[Finding, ...]:
    """The findings of `switchover doctor` with all permissions."""
    open_account(world)
    doctor = Doctor(deployment_of(world), within_seconds)
    found = diagnose(doctor.look())
    assert doctor.unseen == []
    return found


class Shell:
    """A person's terminal on a world's account."""

    def __init__(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        self.world = world
        open_account(world)
        sit_down(world, monkeypatch)

    @property
    def deployment(self) -> Deployment:
        """The stack."""
        return deployment_of(self.world)

    def type_in(self, command: str) -> Any:
        """Run a command of ours, or of AWS's CLI by the service's model."""
        program, *words = shlex.split(command)
        if program == "switchover":
            return main(words)
        assert program == "aws", command
        service, operation, *options = words
        return self._ask(service, operation, options)

    def type_all(self, findings: Iterable[Finding]) -> None:
        """Run every command of every finding, in order."""
        for finding in findings:
            for command in finding.commands:
                self.type_in(command)

    def _ask(self, service: str, operation: str, options: list[str]) -> Any:
        service = _SERVICES.get(service, service)
        model = botocore.session.get_session().get_service_model(service)
        name = next(n for n in model.operation_names if xform_name(n, "-") == operation)
        shape = model.operation_model(name).input_shape
        assert shape is not None
        asked: dict[str, Any] = {}
        for option, given in _pairs(options):
            member = next(m for m in shape.members if f"--{xform_name(m, '-')}" == option)
            asked[member] = _parsed(shape.members[member], given)
        validate_parameters(asked, shape)
        return getattr(self.world.client(service), xform_name(name))(**asked)


def _pairs(options: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Each option with its values."""
    at = 0
    while at < len(options):
        end = at + 1
        while end < len(options) and not options[end].startswith("--"):
            end += 1
        yield options[at], options[at + 1 : end]
        at = end


def _parsed(shape: Any, given: list[str]) -> Any:
    match shape.type_name:
        case "list":
            return given
        case "string":
            (value,) = given
            return value
        case "structure" if not given[0].startswith("{"):
            (value,) = given
            short = ShorthandParser().parse(value)
            return {name: _parsed(shape.members[name], [each]) for name, each in short.items()}
        case _:
            (value,) = given
            return json.loads(value)
