"""The control API: what a rehearsal may see and change, under `/_switchover/` on the twin's port.

GET  state        CloudState
POST speed        SpeedChange
POST scenario     Scenario
POST behaviours   ModelBehaviour
POST faults       Fault
POST traffic      TrafficChange; 0 requests per second stop it
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from switchover_local.twin.scenario import Fault, ModelBehaviour, Scenario
from switchover_local.twin.traffic import ConstantRate, Load

if TYPE_CHECKING:
    from switchover_local.twin.clock import PacedClock
    from switchover_local.twin.endpoint import Endpoint
    from switchover_local.twin.server import AsgiApp, Message, Receive, Send
    from switchover_local.twin.twin import Twin

PREFIX = "/_switchover/"

_FAULT: TypeAdapter[Fault] = TypeAdapter(Fault)


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", from_attributes=True)


class HeadcountState(_Message):
    """How many instances an endpoint had from a moment on, until the next count."""

    at: AwareDatetime
    old_total: int
    new_total: int
    old_serving: int
    new_serving: int


class TransitionState(_Message):
    """The endpoint came to be in a status, serving a config."""

    at: AwareDatetime
    status: str
    config_name: str
    reason: str | None


class StageState(_Message):
    """What VariantStatus says of a variant, and since when."""

    started: AwareDatetime
    message: str


class TrafficState(_Message):
    """What the load that this API started has met so far."""

    requests: int = 0
    failures: int = 0
    first_failures: tuple[str, ...] = ()
    is_running: bool = False


class EndpointState(_Message):
    """One endpoint as it is, whatever DescribeEndpoint would say."""

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


class Control:
    """Does what the control API is asked to, on the twin in the same process."""

    def __init__(self, twin: Twin, clock: PacedClock) -> None:
        self._twin = twin
        self._clock = clock
        self._loads: dict[str, Load] = {}

    def answer(self, method: str, path: str, body: bytes) -> bytes | None:
        """Carry out one request; None if there is no such thing to ask for.

        Raises:
            ValidationError: the body isn't what the path takes.
        """
        self._clock.run_due()
        match method, path:
            case "GET", "state":
                return self.read_state().model_dump_json().encode()
            case "POST", "speed":
                self._clock.set_speed(SpeedChange.model_validate_json(body).speed)
            case "POST", "scenario":
                self._load(Scenario.model_validate_json(body))
            case "POST", "behaviours":
                change = ModelBehaviour.model_validate_json(body)
                self._twin.set_behaviour(change.model, change.behaviour)
            case "POST", "faults":
                self._twin.inject(_FAULT.validate_json(body))
            case "POST", "traffic":
                self._send_traffic(TrafficChange.model_validate_json(body))
            case _:
                return None
        return b"{}"

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

    def _load(self, scenario: Scenario) -> None:
        # Seed, region and account made the twin what it is: they stay.
        kept = {"seed", "region", "account", "faults"}
        changes = {name: value for name, value in scenario if name not in kept}
        self._twin.change_scenario(**changes)
        for fault in scenario.faults:
            self._twin.inject(fault)

    def _send_traffic(self, change: TrafficChange) -> None:
        running = self._loads.get(change.endpoint)
        if running is not None:
            running.stop()
        if change.requests_per_second > 0:
            rate = ConstantRate(change.requests_per_second)
            load = Load(self._clock, self._twin.invoke, change.endpoint, rate)
            self._loads[change.endpoint] = load
            load.start()


def control_app(control: Control, twin_app: AsgiApp) -> AsgiApp:
    """Answer what is under PREFIX; leave everything else to the twin."""

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
        try:
            answer = control.answer(scope["method"], scope["path"][len(PREFIX) :], body)
        except ValidationError as error:
            status, answer = 400, error.json(include_url=False).encode()
        if answer is None:
            status, answer = 404, b"{}"
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    return app
