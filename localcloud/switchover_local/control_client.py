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
        """What the twin sees right now."""
        return CloudState.model_validate_json(ask(self.record.twin_port, "GET", f"{PREFIX}state"))

    def step(self, seconds: float) -> CloudState:
        """Let so many virtual seconds pass, and time stand from then on; what the twin sees then.

        Whatever happens in them, work of functions included, is done before. 0 lets time stand at once.
        """
        body: dict[str, object] = {"seconds": seconds}
        answer = ask(self.record.twin_port, "POST", f"{PREFIX}step", body, timeout=None)
        return CloudState.model_validate_json(answer)

    @contextmanager
    def stepping(self) -> Iterator[Callable[[float], CloudState]]:
        """Let time stand inside the block, but for the steps that it takes."""
        self.step(0)
        try:
            yield self.step
        finally:
            self._post("run", {})

    def set_speed(self, speed: float) -> None:
        """Let at most `speed` virtual seconds pass per real second from now on."""
        self._post("speed", {"speed": speed})

    def load_scenario(self, scenario: Scenario) -> None:
        """Let the world be as the scenario says from now on, and inject its faults.

        Seed, region and account stay those of the start; faults that an earlier scenario left
        unused stay too.
        """
        self._post("scenario", scenario.model_dump(mode="json"))

    def set_behaviour(self, model: str, behaviour: Behaviour) -> None:
        """Change how every model whose S3 URI matches the glob `model` behaves from now on."""
        self._post("behaviours", {"model": model, "behaviour": behaviour.model_dump()})

    def inject(self, fault: Fault) -> None:
        """Let something go wrong, now or when its moment comes."""
        self._post("faults", fault.model_dump())

    def start_traffic(self, endpoint: str, requests_per_second: float) -> None:
        """Send requests to the endpoint, per virtual second, instead of what was sent before."""
        self._post("traffic", {"endpoint": endpoint, "requests_per_second": requests_per_second})

    def stop_traffic(self, endpoint: str) -> None:
        """Send the endpoint nothing more."""
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
        CloudRefused: it didn't accept the request.
        OSError, http.client.HTTPException: it didn't answer.
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
