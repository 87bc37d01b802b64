"""The cost of each handler's cold start compared with bare boto3 with one client, and the layer's size.

    python -m benchmarks.coldstart [ROUNDS]

`sam build` builds for this machine's Python and processor; layer and functions are laid out as in Lambda
(/opt, /var/task), and every start is a new process. Bare boto3 is the pinned one with bytecode, as pip
installs it. Starts take turns, round by round. The figures are processor time, including Python's
start: other work on the machine hardly changes them, and Lambda gives a function of 512 MB less than a
third of a processor.
"""

from __future__ import annotations

import base64
import compileall
import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from tests.support.called_operations import called_operations

from benchmarks.coldstart.stub import Stub
from switchover.settings import Settings
from switchover_local.deploy import build_for_this_machine

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

ROOT = Path(__file__).parents[2]
START = Path(__file__).parent / "start.py"
ROUNDS = 7
# boto3 and its dependencies.
BARE = ("boto3", "botocore", "s3transfer", "jmespath", "python-dateutil", "six", "urllib3")
PEERS = ("dynamodb", "sagemaker")
SETTING = "1"  # all variables of a function in the template, numbers too
_SIGNED = {
    "version": "2.0",
    "rawPath": "/",
    "headers": {"content-type": "application/json"},
    "requestContext": {
        "http": {"method": "POST", "path": "/"},
        "timeEpoch": 1_700_000_000_000,
        "authorizer": {"iam": {"userArn": "arn:aws:sts::111122223333:assumed-role/team/ana"}},
    },
    "isBase64Encoded": True,
}
# All keys of EventBridge's events and of the state machine's payloads.
EVENT = {
    "update_id": "rolling", "execution_name": "rolling", "task_token": "token", "purpose": "outcome",
    "execution_arn": "arn:aws:states:eu-west-1:111122223333:execution:switchover-update:rolling",
    "started_at": "2026-01-01T00:00:00Z", "asked_at": "2026-01-01T00:00:00Z",
    "bake_since": "2026-01-01T00:00:00Z", "gate": "approval", "capacity": "restored",
    "time": "2026-01-01T00:00:00Z", "ending": {"verdict": "updated"},
    "conclusion": {"outcome": "Updated", "summary": "It serves."},
    "reply": {"verdict": "approved", "by": "ana", "at": "2026-01-01T00:00:00Z"},
    "detail": {
        "bucket": {"name": SETTING},
        "object": {"key": "releases/chat/v2/release.json", "etag": "0", "version-id": "1"},
        "endpoint": "chat", "EndpointName": "chat", "name": "rolling", "status": "ABORTED",
        "executionArn": "arn:aws:states:eu-west-1:111122223333:execution:switchover-update:rolling",
        "stopDate": 0, "startDate": 0,
    },
}  # fmt: skip
BODIES = {
    "vouch": {"subject": "0"},
    "decide": {"update_id": "rolling", "gate": "approval", "verdict": "approved"},
    "answer_approval": {},
}


@dataclass
class Starts:
    """The processor time (ms) of one row's starts: at import, with clients, after the first call."""

    imported: list[float] = field(default_factory=list)
    with_clients: list[float] = field(default_factory=list)
    called: list[float] = field(default_factory=list)
    requests: int = 0


def main() -> None:
    """Build, measure in turns, and print both tables."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        build_for_this_machine(ROOT, root / "build")
        opt, bare = lay_out(root / "build", root)
        handlers = sorted(path.stem for path in (ROOT / "functions").glob("*.py"))
        stub = Stub()
        measured = measure(handlers, root, bare, stub, rounds)
        stub.close()
        Console(width=120).print(draw(handlers, measured), draw_sizes(opt))


def lay_out(built: Path, root: Path) -> tuple[Path, Path]:
    """The layer's folder and bare boto3's, with the handlers in `task`."""
    opt, task, bare = root / "opt", root / "task", root / "bare"
    shutil.copytree(built / "CoreLayer", opt)
    shutil.copytree(built / "WakeUpdateFunction", task)  # every function has every handler
    for name in BARE:
        for path in importlib.metadata.files(name) or ():
            if ".." not in path.parts and "__pycache__" not in path.parts:
                (bare / path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(str(path.locate()), bare / path)
    compileall.compile_dir(bare, quiet=2)
    return opt, bare


def measure(
    handlers: Sequence[str], root: Path, bare: Path, stub: Stub, rounds: int
) -> dict[str, Starts]:
    """Start everything once in each round."""
    measured = {name: Starts() for name in (*PEERS, *handlers)}
    shipped = (root / "task", root / "opt" / "python")
    for _ in range(rounds):
        for peer in PEERS:
            imported, with_client = start((bare,), stub, "boto3", peer)
            measured[peer].imported.append(imported)
            measured[peer].with_clients.append(with_client)
        for name in handlers:
            of = measured[name]
            services = sorted({service for service, _ in called_operations(name)})
            imported, with_clients = start(shipped, stub, "handler", name, *services)
            of.imported.append(imported)
            of.with_clients.append(with_clients)
            stub.requests = 0
            of.called.append(start(shipped, stub, "call", name, json.dumps(event_for(name)))[-1])
            of.requests = stub.requests
    return measured


def event_for(handler: str) -> dict[str, object]:
    """An event that the handler accepts."""
    if handler not in BODIES:
        return EVENT
    return {**_SIGNED, "body": base64.b64encode(json.dumps(BODIES[handler]).encode()).decode()}


def start(path: Iterable[Path], stub: Stub, *given: str) -> list[float]:
    """The processor time at each step of one fresh process."""
    told = {str(each.alias): SETTING for each in Settings.model_fields.values()}
    environment = {
        **told,
        "PYTHONPATH": os.pathsep.join(map(str, path)),
        "PYTHONDONTWRITEBYTECODE": "1",  # Lambda's folders can't be written
        "HOME": "/nowhere",
        "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_ENDPOINT_URL": stub.url,
        "POWERTOOLS_SERVICE_NAME": "switchover",
    }
    # Without -S, Python would search this machine's own packages too.
    python = [getattr(sys, "_base_executable", sys.executable), "-S", str(START)]
    run = subprocess.run(  # noqa: S603 - our own script
        [*python, *given], env=environment, capture_output=True, text=True, check=False
    )
    if run.returncode != 0:
        raise SystemExit(f"{given[:2]} didn't start:\n{run.stderr}")
    steps: list[float] = json.loads(run.stdout.splitlines()[-1])
    return steps


def draw(handlers: Sequence[str], measured: dict[str, Starts]) -> Table:
    """Each handler's medians, and their ratios to bare boto3 with either client."""
    peers = [median(measured[peer].with_clients) for peer in PEERS]
    table = Table(title="processor time of a cold start, ms (÷ bare boto3 with a client)")
    for column in ("", "import", *(f"÷ {peer}" for peer in PEERS), "with its clients"):
        table.add_column(column, justify="right" if column else "left")
    for column in (*(f"÷ {peer}" for peer in PEERS), "first call", "requests"):
        table.add_column(column, justify="right")
    for peer in PEERS:
        of = measured[peer]
        own = [f"{median(of.imported):.0f}", "", "", f"{median(of.with_clients):.0f}"]
        table.add_row(f"bare boto3, {peer}", *own)
    for name in handlers:
        of = measured[name]
        imported, clients = median(of.imported), median(of.with_clients)
        table.add_row(
            name,
            f"{imported:.0f}",
            *(f"{imported / peer:.2f}" for peer in peers),
            f"{clients:.0f}",
            *(f"{clients / peer:.2f}" for peer in peers),
            f"{median(of.called):.0f}",
            str(of.requests),
        )
    return table


def draw_sizes(opt: Path) -> Table:
    """The layer's size, packed as by SAM and unpacked."""
    packed, files = Path(f"{opt}.zip"), [path for path in opt.rglob("*") if path.is_file()]
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files:
            archive.write(path, path.relative_to(opt))
    table = Table("the layer", "MB")
    table.add_row("packed", f"{packed.stat().st_size / 1e6:.1f}")
    table.add_row("unpacked", f"{sum(path.stat().st_size for path in files) / 1e6:.1f}")
    bytecode = sum(path.stat().st_size for path in files if path.suffix == ".pyc")
    table.add_row("bytecode, of that", f"{bytecode / 1e6:.1f}")
    return table


if __name__ == "__main__":
    main()
