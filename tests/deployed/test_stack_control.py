"""What a rehearsal may read and change by the control API; in process, with a manual clock."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from switchover_local.control import CloudState, Control, control_app
from switchover_local.twin.paced_clock import PacedClock
from switchover_local.twin.scenario import Behaviour
from switchover_local.twin.twin import Twin
from switchover_local.twin.wire.server import Message, Receive, Send

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
SPEED = 100.0


@dataclass
class Wall:
    """Real seconds, as many as the test lets pass."""

    seconds: float = 0

    def __call__(self) -> float:
        return self.seconds


class Room:
    """A twin with one endpoint being created, and its control."""

    def __init__(self) -> None:
        self.wall = Wall()
        self.clock = PacedClock(START, SPEED, monotonic=self.wall)
        self.twin = Twin(self.clock)
        self.control = Control(self.twin, self.clock)
        sagemaker = self.twin.client("sagemaker")
        role = "arn:aws:iam::000000000000:role/SageMakerDemoRole"
        image = {"Image": "demo/vllm:1"}
        sagemaker.create_model(ModelName="v1", PrimaryContainer=image, ExecutionRoleArn=role)
        variant = {
            "VariantName": "AllTraffic",
            "ModelName": "v1",
            "InstanceType": "ml.g6e.2xlarge",
            "InitialInstanceCount": 2,
        }
        sagemaker.create_endpoint_config(EndpointConfigName="v1", ProductionVariants=[variant])
        sagemaker.create_endpoint(EndpointName="qwen", EndpointConfigName="v1")

    def wait(self, virtual_seconds: float) -> None:
        self.wall.seconds += virtual_seconds / SPEED

    def post(self, path: str, **body: object) -> bytes | None:
        return self.control.answer("POST", path, json.dumps(body).encode())

    def read(self) -> CloudState:
        answer = self.control.answer("GET", "state", b"")
        assert answer is not None
        return CloudState.model_validate_json(answer)


@pytest.fixture(name="room")
def furnish() -> Room:
    return Room()


def test_the_state_is_brought_up_to_the_moment_it_is_asked_for(room: Room) -> None:
    room.wait(virtual_seconds=3600)

    state = room.read()

    assert (state.now - START).total_seconds() == pytest.approx(3600)
    assert state.endpoints["qwen"].status == "InService"


def test_the_state_shows_instances_as_they_came(room: Room) -> None:
    room.wait(virtual_seconds=3600)

    headcounts = room.read().endpoints["qwen"].headcounts

    assert (headcounts[0].new_total + headcounts[0].old_total, headcounts[0].old_serving) == (2, 0)
    assert headcounts[-1].old_serving == 2


def test_an_endpoint_without_load_has_met_no_requests(room: Room) -> None:
    assert room.read().endpoints["qwen"].traffic.requests == 0


def test_traffic_is_counted_per_virtual_second(room: Room) -> None:
    room.wait(virtual_seconds=3600)

    room.post("traffic", endpoint="qwen", requests_per_second=2)
    room.wait(virtual_seconds=600)

    traffic = room.read().endpoints["qwen"].traffic
    assert traffic.requests == pytest.approx(1200, rel=0.05)
    assert (traffic.failures, traffic.is_running) == (0, True)


def test_no_requests_per_second_stop_the_traffic_and_keep_its_count(room: Room) -> None:
    room.wait(virtual_seconds=3600)
    room.post("traffic", endpoint="qwen", requests_per_second=2)
    room.wait(virtual_seconds=60)
    before = room.read().endpoints["qwen"].traffic

    room.post("traffic", endpoint="qwen", requests_per_second=0)
    room.wait(virtual_seconds=600)

    after = room.read().endpoints["qwen"].traffic
    assert after.requests == before.requests > 0
    assert not after.is_running


def test_new_traffic_replaces_the_old(room: Room) -> None:
    room.wait(virtual_seconds=3600)
    room.post("traffic", endpoint="qwen", requests_per_second=50)

    room.post("traffic", endpoint="qwen", requests_per_second=1)
    room.wait(virtual_seconds=100)

    assert room.read().endpoints["qwen"].traffic.requests == pytest.approx(101, rel=0.1)


def test_a_model_that_turns_bad_shows_in_the_failures(room: Room) -> None:
    room.wait(virtual_seconds=3600)
    room.post("traffic", endpoint="qwen", requests_per_second=1)

    behaviour = Behaviour(server_error_rate=1).model_dump()
    room.post("behaviours", model="*", behaviour=behaviour)
    room.wait(virtual_seconds=60)

    traffic = room.read().endpoints["qwen"].traffic
    assert traffic.failures >= 59
    assert "ModelError" in traffic.first_failures[0]


def test_a_fault_is_met_by_the_next_call(room: Room) -> None:
    room.post("faults", kind="throttling", operation="DescribeEndpoint", times=1)

    client = room.twin.client("sagemaker")

    with pytest.raises(client.exceptions.ClientError, match="Rate exceeded"):
        client.describe_endpoint(EndpointName="qwen")


def test_speed_changes_from_now_on(room: Room) -> None:
    room.post("speed", speed=10)

    room.wall.seconds += 1

    state = room.read()
    assert state.speed == 10
    assert (state.now - START).total_seconds() == pytest.approx(10)


@pytest.mark.parametrize("path", ["speed", "traffic", "behaviours", "faults"])
def test_a_body_that_says_something_else_is_refused(room: Room, path: str) -> None:
    with pytest.raises(ValidationError):
        room.post(path, whatever=1)


def test_time_cannot_stand_still(room: Room) -> None:
    with pytest.raises(ValidationError):
        room.post("speed", speed=0)


def test_what_cannot_be_asked_for_has_no_answer(room: Room) -> None:
    assert room.control.answer("GET", "nothing", b"") is None
    assert room.control.answer("DELETE", "state", b"") is None


async def call(room: Room, method: str, path: str, body: bytes) -> tuple[int, bytes]:
    """One request through the ASGI app, its body in two pieces."""
    pieces = [
        {"body": body[:3], "more_body": True},
        {"body": body[3:], "more_body": False},
    ]
    sent: list[Message] = []

    async def receive() -> Message:
        return pieces.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    async def twin_app(scope: Message, receive: Receive, send: Send) -> None:
        await send({"status": 299})
        await send({"body": b"the twin"})

    app = control_app(room.control, twin_app)
    await app({"type": "http", "method": method, "path": path}, receive, send)
    return sent[0]["status"], sent[1]["body"]


def run(room: Room, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
    """Drive `call`, which waits for nothing, without an event loop."""
    coroutine = call(room, method, path, body)
    with pytest.raises(StopIteration) as ended:
        coroutine.send(None)
    answer: tuple[int, bytes] = ended.value.value
    return answer


def test_over_http_a_long_body_is_read_to_its_end(room: Room) -> None:
    assert run(room, "POST", "/_switchover/speed", b'{"speed": 7}') == (200, b"{}")
    assert room.clock.speed == 7


def test_over_http_a_wrong_body_is_the_callers_fault(room: Room) -> None:
    status, answer = run(room, "POST", "/_switchover/speed", b'{"speed": -1}')

    assert status == 400
    assert b"greater than 0" in answer


def test_over_http_an_unknown_path_is_not_found(room: Room) -> None:
    assert run(room, "GET", "/_switchover/nothing")[0] == 404


def test_over_http_everything_else_is_the_twins(room: Room) -> None:
    assert run(room, "POST", "/endpoints/qwen/invocations") == (299, b"the twin")
