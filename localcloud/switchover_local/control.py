"""The control API for rehearsals, under `/_switchover/` on the twin's port.

GET  state        CloudState
POST speed        SpeedChange
POST scenario     Scenario
POST behaviours   ModelBehaviour
POST faults       Fault
POST traffic      TrafficChange; 0 requests per second stop it
POST step         Passing: lets time pass, stops time, then answers with the CloudState
POST run          time runs by itself again after a step
POST sleep        Sleep: a function's worker sleeps; answered at the end of the sleep

After a step, time runs by itself again after one real minute, in case the client is gone.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from switchover_local.twin.runtime.traffic import ConstantRate, Load
from switchover_local.twin.scenario import Fault, ModelBehaviour, Scenario

if TYPE_CHECKING:
    from collections.abc import Callable

    from switchover_local.twin.paced_clock import Hold, PacedClock
    from switchover_local.twin.sagemaker.endpoint import Endpoint
    from switchover_local.twin.twin import Twin
    from switchover_local.twin.wire.server import AsgiApp, Message, Receive, Send

PREFIX = "/_switchover/"

_PAUSES = {"step", "sleep"}
_LOOK_SECONDS = 0.005
_FAULT: TypeAdapter[Fault] = TypeAdapter(Fault)


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", from_attributes=True)


class HeadcountState(_Message):
    """The number of instances that an endpoint had from a moment until the next count."""

    at: AwareDatetime
    old_total: int
    new_total: int
    old_serving: int
    new_serving: int


class TransitionState(_Message):
    """An endpoint entered a status, serving a config."""

    at: AwareDatetime
    status: str
    config_name: str
    reason: str | None


class StageState(_Message):
    """A variant's VariantStatus, and since when it holds."""

    started: AwareDatetime
    message: str


class TrafficState(_Message):
    """The results so far of the load that this API started."""

    requests: int = 0
    failures: int = 0
    first_failures: tuple[str, ...] = ()
    is_running: bool = False


class EndpointState(_Message):
    """The true state of one endpoint, which DescribeEndpoint may hide."""

    status: str
    serving_config: str
    target_config: str | None
    stages: tuple[StageState, ...]
    headcounts: tuple[HeadcountState, ...]
    transitions: tuple[TransitionState, ...]
    traffic: TrafficState


class CloudState(_Message):
    """Everything a screen shows of the twin."""

    now: AwareDatetime
    speed: float
    endpoints: dict[str, EndpointState]


class SpeedChange(_Message):
    """Virtual seconds per real second, from now on."""

    speed: Annotated[float, Field(gt=0)]


class TrafficChange(_Message):
    """Requests per virtual second to an endpoint, from now on."""

    endpoint: str
    requests_per_second: Annotated[float, Field(ge=0)]


class Passing(_Message):
    """A number of virtual seconds."""

    seconds: Annotated[float, Field(ge=0)]


class Sleep(Passing):
    """A function's sleep, and the function's process."""

    process: int


class Control:
    """Carries out requests to the control API, on the twin in the same process.

    `hold_of` finds the hold of a worker by its process id.
    """

    def __init__(
        self,
        twin: Twin,
        clock: PacedClock,
        hold_of: Callable[[int], Hold | None] = lambda _process: None,
    ) -> None:
        self._twin = twin
        self._clock = clock
        self._hold_of = hold_of
        self._stepping: Hold | None = None
        self._loads: dict[str, Load] = {}
        self._changes: dict[str, Callable[[bytes], None]] = {
            "speed": self._change_speed,
            "scenario": self._load,
            "behaviours": self._change_behaviour,
            "faults": self._inject_fault,
            "run": self._run_on,
            "traffic": self._send_traffic,
        }

    async def pause(self, path: str, body: bytes) -> bytes:
        """Answer a `step` or a `sleep`, which take time.

        Raises:
            ValidationError: the body isn't what the path takes.
        """
        if path == "step":
            await self._step(Passing.model_validate_json(body).seconds)
        else:
            sleep = Sleep.model_validate_json(body)
            await self._pass(sleep.seconds, self._hold_of(sleep.process))
        return self.read_state().model_dump_json().encode()

    async def _step(self, seconds: float) -> None:
        hold = self._stepping = self._stepping or self._clock.hold()
        await self._pass(seconds, hold)
        while self._clock.waits_for_others(hold):  # wait for the work that the last moment started
            await asyncio.sleep(_LOOK_SECONDS)
            hold.take()

    async def _pass(self, seconds: float, hold: Hold | None) -> None:
        """Release the hold for a number of seconds; time stops again exactly at their end."""
        over = asyncio.Event()

        def wake() -> None:
            if hold is not None:
                hold.take()
            over.set()

        timer = self._clock.call_later(seconds, wake)
        if hold is not None:
            hold.let_go()
        try:
            await over.wait()
        finally:
            if not over.is_set():  # the client is gone
                timer.cancel()
                wake()

    def answer(self, method: str, path: str, body: bytes) -> bytes | None:
        """Carry out one request; None if the path is unknown.

        Raises:
            ValidationError: the body isn't what the path takes.
        """
        self._clock.run_due()
        if (method, path) == ("GET", "state"):
            return self.read_state().model_dump_json().encode()
        if method != "POST" or path not in self._changes:
            return None
        self._changes[path](body)
        return b"{}"

    def _change_speed(self, body: bytes) -> None:
        self._clock.set_speed(SpeedChange.model_validate_json(body).speed)

    def _change_behaviour(self, body: bytes) -> None:
        change = ModelBehaviour.model_validate_json(body)
        self._twin.set_behaviour(change.model, change.behaviour)

    def _inject_fault(self, body: bytes) -> None:
        self._twin.inject(_FAULT.validate_json(body))

    def _run_on(self, _body: bytes) -> None:
        if self._stepping is not None:
            self._stepping.end()
            self._stepping = None

    def read_state(self) -> CloudState:
        """Everything a screen shows, at this moment."""
        return CloudState(
            now=self._clock.now(),
            speed=self._clock.speed,
            endpoints={
                endpoint.name: self._read_endpoint(endpoint)
                for endpoint in self._twin.endpoints.all()
            },
        )

    def _read_endpoint(self, endpoint: Endpoint) -> EndpointState:
        load = self._loads.get(endpoint.name)
        coming = endpoint.pending.variants.values() if endpoint.pending else ()
        stages = [variant.stage for variant in (*coming, *endpoint.variants.values())]
        return EndpointState(
            status=endpoint.status,
            serving_config=endpoint.config.name,
            target_config=endpoint.pending.config.name if endpoint.pending else None,
            stages=tuple(map(StageState.model_validate, filter(None, stages))),
            headcounts=tuple(map(HeadcountState.model_validate, endpoint.headcounts)),
            transitions=tuple(map(TransitionState.model_validate, endpoint.transitions)),
            traffic=TrafficState() if load is None else TrafficState.model_validate(load),
        )

    def _load(self, body: bytes) -> None:
        scenario = Scenario.model_validate_json(body)
        # Seed, region and account are fixed when the twin starts.
        kept = {"seed", "region", "account", "faults"}
        changes = {name: value for name, value in scenario if name not in kept}
        self._twin.change_scenario(**changes)
        for fault in scenario.faults:
            self._twin.inject(fault)

    def _send_traffic(self, body: bytes) -> None:
        change = TrafficChange.model_validate_json(body)
        running = self._loads.get(change.endpoint)
        if running is not None:
            running.stop()
        if change.requests_per_second > 0:
            rate = ConstantRate(change.requests_per_second)
            load = Load(self._clock, self._twin.invoke, change.endpoint, rate)
            self._loads[change.endpoint] = load
            load.start()


def control_app(control: Control, twin_app: AsgiApp) -> AsgiApp:
    """Answer requests under PREFIX; leave all others to the twin."""

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
            await twin_app(scope, receive, send)
            return
        body, has_more = b"", True
        while has_more:
            message = await receive()
            body += message.get("body", b"")
            has_more = message.get("more_body", False)
        status = 200
        method, path = scope["method"], scope["path"][len(PREFIX) :]
        answer: bytes | None
        try:
            if method == "POST" and path in _PAUSES:
                answer = await control.pause(path, body)
            else:
                answer = control.answer(method, path, body)
        except ValidationError as error:
            status, answer = 400, error.json(include_url=False).encode()
        if answer is None:
            status, answer = 404, b"{}"
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    return app
