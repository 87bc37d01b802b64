"""The process behind a local cloud: MiniStack and the twin in one event loop, on loopback ports.

    python -m switchover_local.host --folder .local --speed 60

Started by `LocalCloud.up`, or by hand in a terminal, where Ctrl-C ends it.
"""

from __future__ import annotations

import argparse
import asyncio
import fcntl
import logging
import os
import shutil
import signal
import socket
import sys
import threading
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from hypercorn.asyncio import serve
from hypercorn.config import Config

from switchover_local.control import Control, control_app
from switchover_local.engine import clear_of_aws, describe_environment, load_engine
from switchover_local.processes import identify
from switchover_local.record import (
    CloudRecord,
    code_path,
    open_lock,
    record_path,
    take_lock,
    temporary_path,
    write_record,
)
from switchover_local.twin.paced_clock import PacedClock
from switchover_local.twin.scenario import Scenario
from switchover_local.twin.twin import Twin
from switchover_local.twin.wire.server import asgi_app

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from switchover_local.twin.wire.server import AsgiApp

logger = logging.getLogger("switchover.local")

PUMP_SECONDS = 0.05  # the longest time until the hold of a dead worker is noticed


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGTERM or Ctrl-C, then leave no process behind."""
    parser = argparse.ArgumentParser(prog="switchover_local.host")
    parser.add_argument("--folder", type=Path, default=Path(".local"))
    parser.add_argument("--speed", type=float, default=60.0)
    parser.add_argument("--scenario", type=Path)
    parser.add_argument("--lock", type=int, help="a lock descriptor that is already held")
    parser.add_argument("--code", type=Path, help="where unpacked code is shared with other clouds")
    options = parser.parse_args(arguments)
    folder: Path = options.folder.resolve()

    lock = open_lock(folder) if options.lock is None else options.lock
    if options.lock is None and not take_lock(lock):
        sys.stderr.write(f"A local cloud already runs in {folder}.\n")
        return 1
    fcntl.fcntl(
        lock, fcntl.F_SETFD, fcntl.FD_CLOEXEC
    )  # a worker that outlives this process would keep it

    scenario = Scenario()
    if options.scenario is not None:
        scenario = Scenario.from_yaml(options.scenario)
    asyncio.run(_host(folder, options.code or code_path(folder), scenario, options.speed))
    return 0


async def _host(folder: Path, unpacked: Path, scenario: Scenario, speed: float) -> None:
    engine_socket, twin_socket = _listen(), _listen()
    engine_port, twin_port = _port(engine_socket), _port(twin_socket)
    # Written before any slow step, so that `down` finds a host that hangs in one.
    own = CloudRecord(
        pid=os.getpid(),
        started=identify(os.getpid()),
        engine_port=engine_port,
        twin_port=twin_port,
    )
    write_record(folder, own)
    temporary = _empty(temporary_path(folder))
    kept = clear_of_aws(os.environ)
    os.environ.clear()
    os.environ.update(kept, **describe_environment(engine_port, twin_port, temporary))
    clock = PacedClock(datetime.now(UTC), speed)
    engine = load_engine(clock, unpacked)
    twin = Twin(clock=clock, scenario=scenario, emit=_forgive(engine.deliver))
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signal_number, stop.set)

    pump = asyncio.create_task(_pump(clock))
    code = 1
    try:
        control = control_app(Control(twin, clock, engine.workers.hold_of), asgi_app(twin.handle))
        serving = [
            asyncio.create_task(_serve(app, listener))
            for app, listener in ((engine.app, engine_socket), (control, twin_socket))
        ]
        stopped = asyncio.create_task(stop.wait())
        done, _ = await asyncio.wait({*serving, stopped}, return_when=asyncio.FIRST_COMPLETED)
        for server in done - {stopped}:
            server.result()  # a server ends only by a failure
        code = 0
    except Exception:
        logger.exception("the local cloud failed")
    finally:
        pump.cancel()
        record_path(folder).unlink(missing_ok=True)
        _end_workers()
        # Exit at once: MiniStack's threads would start workers again. They may also be in a Wait of an
        # hour, for which a normal exit would wait.
        logging.shutdown()
        os._exit(code)


def _empty(folder: Path) -> Path:
    """Make the folder anew. A crash may leave many files; they are deleted in the background."""
    if folder.exists():
        folder.rename(folder.with_name(f"{folder.name}-of-before-{os.getpid()}"))
    folder.mkdir()
    for old in folder.parent.glob(f"{folder.name}-of-before-*"):
        threading.Thread(target=shutil.rmtree, args=(old, True), daemon=True).start()
    return folder


def _listen() -> socket.socket:
    # Bound here and handed over by descriptor, so that no other process can take the port meanwhile.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.bind(("127.0.0.1", 0))
    listener.listen(100)
    return listener


def _port(listener: socket.socket) -> int:
    port: int = listener.getsockname()[1]
    return port


async def _serve(app: AsgiApp, listener: socket.socket) -> None:
    config = Config()
    config.bind = [f"fd://{listener.detach()}"]
    config.accesslog = None
    config.errorlog = None
    config.keep_alive_timeout = 75
    await serve(app, config, shutdown_trigger=_wait_for_ever)  # type: ignore[arg-type]  # its own ASGI types are TypedDicts


async def _wait_for_ever() -> None:
    await asyncio.Event().wait()


async def _pump(clock: PacedClock) -> None:
    loop, changed = asyncio.get_running_loop(), asyncio.Event()
    clock.on_change = lambda: loop.call_soon_threadsafe(changed.set)
    while True:
        try:
            clock.run_due()
        except Exception:
            logger.exception("a timer of the twin failed")
        until_next = clock.seconds_to_next()
        nap = PUMP_SECONDS if until_next is None else min(until_next, PUMP_SECONDS)
        changed.clear()
        with suppress(TimeoutError):
            await asyncio.wait_for(changed.wait(), nap)
        await asyncio.sleep(0)  # others get their turn, however much there is to do


def _forgive(
    deliver: Callable[[Mapping[str, Any]], None],
) -> Callable[[Mapping[str, Any]], None]:
    """Deliver an event. Events are best effort: a failure is logged, and the rollout continues."""

    def deliver_or_log(event: Mapping[str, Any]) -> None:
        try:
            deliver(event)
        except Exception:
            logger.exception("event not delivered: %s", event.get("detail-type"))

    return deliver_or_log


def _end_workers() -> None:
    # Lambda workers are our children in our process group. If the group isn't ours (a foreground run
    # under make, for example), they end by themselves when their input closes.
    if os.getpgrp() != os.getpid():
        return
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.killpg(0, signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main())
