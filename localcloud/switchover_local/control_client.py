"""The client of a running local cloud's control API: its time, scenario, faults and traffic."""

from __future__ import annotations

import http.client
import json
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from switchover_local.control import PREFIX, CloudState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from switchover_local.record import CloudRecord
    from switchover_local.twin.scenario import Behaviour, Fault, Scenario

_ANSWER_SECONDS = 120


class CloudRefused(Exception):
    """The control API didn't accept a request."""


@dataclass(frozen=True, slots=True)
class ControlClient:
    """Steers the cloud that runs in `folder`."""

    folder: Path
    record: CloudRecord

    def state(self) -> CloudState:
        """The twin's present state."""
        return CloudState.model_validate_json(ask(self.record.twin_port, "GET", f"{PREFIX}state"))

    def step(self, seconds: float) -> CloudState:
        """Let a number of virtual seconds pass, then stop time; returns the twin's state then.

        All work that starts in these seconds, also that of functions, is finished before the return. 0
        stops time at once.
        """
        body: dict[str, object] = {"seconds": seconds}
        answer = ask(self.record.twin_port, "POST", f"{PREFIX}step", body, timeout=None)
        return CloudState.model_validate_json(answer)

    @contextmanager
    def stepping(self) -> Iterator[Callable[[float], CloudState]]:
        """Stop time inside the block; only its steps let time pass."""
        self.step(0)
        try:
            yield self.step
        finally:
            self._post("run", {})

    def set_speed(self, speed: float) -> None:
        """Let at most `speed` virtual seconds pass per real second from now on."""
        self._post("speed", {"speed": speed})

    def load_scenario(self, scenario: Scenario) -> None:
        """Apply a scenario from now on, and inject its faults.

        Seed, region and account stay as they were at the start. Unused faults of an earlier scenario stay
        too.
        """
        self._post("scenario", scenario.model_dump(mode="json"))

    def set_behaviour(self, model: str, behaviour: Behaviour) -> None:
        """Change how every model whose S3 URI matches the glob `model` behaves from now on."""
        self._post("behaviours", {"model": model, "behaviour": behaviour.model_dump()})

    def inject(self, fault: Fault) -> None:
        """Inject a fault, for now or for its time."""
        self._post("faults", fault.model_dump())

    def start_traffic(self, endpoint: str, requests_per_second: float) -> None:
        """Set the number of requests to the endpoint per virtual second."""
        self._post("traffic", {"endpoint": endpoint, "requests_per_second": requests_per_second})

    def stop_traffic(self, endpoint: str) -> None:
        """Stop the requests to the endpoint."""
        self._post("traffic", {"endpoint": endpoint, "requests_per_second": 0})

    @contextmanager
    def at_speed(self, speed: float) -> Iterator[None]:
        """Let time run at `speed` inside the block, then as before."""
        before = self.state().speed
        self.set_speed(speed)
        try:
            yield
        finally:
            self.set_speed(before)

    def _post(self, path: str, body: dict[str, object]) -> None:
        ask(self.record.twin_port, "POST", f"{PREFIX}{path}", body)


def ask(
    port: int,
    method: str,
    path: str,
    body: dict[str, object] | None = None,
    timeout: float | None = _ANSWER_SECONDS,
) -> bytes:
    """Ask one of the cloud's two servers, by its port.

    Raises:
        CloudRefused: the server didn't accept the request.
        OSError, http.client.HTTPException: the server didn't answer.
    """
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        payload = None if body is None else json.dumps(body)
        connection.request(method, path, payload, {"Content-Type": "application/json"})
        response = connection.getresponse()
        answer = response.read()
    finally:
        connection.close()
    if response.status != 200:
        raise CloudRefused(f"{method} {path}: {response.status} {answer.decode(errors='replace')}")
    return answer
