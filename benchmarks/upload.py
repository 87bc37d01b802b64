"""`switchover upload` and its peers, as whole processes with one local S3: wall time, CPU, memory.

    python -m benchmarks.upload [--runs 3] [--large-mib 512]

Peers: `aws s3 sync` with both of its engines, and `s5cmd sync`. `benchmarks.sink` answers all of them by
TLS, one after the other, in the same run: only the ratios of two runs are comparable. s5cmd's process
is the Go program itself, not pip's Python script that starts it.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from importlib.metadata import distribution
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.table import Table

from benchmarks.sink_server import run_sink

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

BUCKET = "models"
RELEASE = "releases/chat/7/release.json"
MEBIBYTE = 1024**2
SMALL_FILES, SMALL_BYTES = 500, 16 * 1024
LARGE_FILES = 4


@dataclass(frozen=True, slots=True)
class Run:
    """The cost of one process."""

    wall_seconds: float
    cpu_seconds: float
    peak_memory_bytes: int


@dataclass(frozen=True, slots=True)
class Sender:
    """A program that sends a folder to a version."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_ours(self) -> bool:
        """Whether the sender is ours."""
        return self.name.startswith("switchover")


def main() -> None:
    """Measure every sender on both folders and print one table each."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--large-mib", type=int, default=512)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as root, run_sink(Path(root)) as environment:
        os.environ |= {"AWS_CA_BUNDLE": environment["AWS_CA_BUNDLE"]}
        s3 = boto3.client(
            "s3",
            endpoint_url=environment["AWS_ENDPOINT_URL"],
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",  # noqa: S106 - the sink takes any
            config=Config(s3={"addressing_style": "path"}),
        )
        await_bucket(s3)
        senders = list_senders(Path(root), environment)
        large_bytes = wanted.large_mib * MEBIBYTE
        folders = [
            (f"{SMALL_FILES} files of 16 KiB", write_small(Path(root)), "assets/7.txt"),
            (
                f"{LARGE_FILES} files of {wanted.large_mib} MiB",
                write_large(Path(root), large_bytes),
                "model-2.safetensors",
            ),
        ]
        for title, folder, changing in folders:
            rows = measure(s3, senders, folder, changing, environment, wanted.runs)
            Console(width=140).print(draw(title, senders, rows))


def list_senders(root: Path, environment: dict[str, str]) -> list[Sender]:
    """Ours, and its peers."""
    engine = root / "crt.ini"
    engine.write_text("[default]\ns3 =\n  preferred_transfer_client = crt\n")
    target = f"s3://{BUCKET}/models/chat/{{version}}/"
    programs = Path(sys.executable).parent
    # The console script of an installation does the same.
    start = "import sys; from switchover_cli.app import main; sys.exit(main())"
    ours = (sys.executable, "-c", start, "upload", "{folder}", "--endpoint", "chat")
    ours += ("--version", "{version}", "--stack", "s", "--json")
    aws = find_program("awscli", programs / "aws")
    sync = (sys.executable, aws, "s3", "sync", "{folder}", target, "--quiet")
    s5cmd = (
        find_s5cmd(),
        *("--endpoint-url", environment["AWS_ENDPOINT_URL"]),
        *("--log", "error", "--no-verify-ssl"),
    )
    return [
        Sender("switchover upload", ours),
        Sender("aws s3 sync", sync),
        Sender("aws s3 sync (CRT)", sync, environment={"AWS_CONFIG_FILE": str(engine)}),
        Sender("s5cmd sync", (*s5cmd, "sync", "{folder}/", target)),
    ]


def find_program(package: str, likely: Path) -> str:
    """A Python program that a package installed; the interpreter's folder may be another one."""
    if likely.exists():
        return str(likely)
    files = distribution(package).files or ()
    return next(str(file.locate()) for file in files if file.name == likely.name)


def find_s5cmd() -> str:
    """The Go program in the wheel."""
    files = distribution("s5cmd").files or ()
    return next(str(file.locate()) for file in files if file.parts[:2] == ("s5cmd", "bin"))


def await_bucket(s3: object) -> None:
    """Make the bucket as soon as the server answers."""
    for _ in range(100):
        try:
            s3.create_bucket(Bucket=BUCKET)  # type: ignore[attr-defined]
        except (BotoCoreError, ClientError):
            time.sleep(0.1)
        else:
            return
    raise SystemExit("The sink did not start.")


def write_small(root: Path) -> Path:
    """A checkpoint with very many additional small files."""
    folder = root / "small"
    write_model(folder, 1, 64 * 1024)
    (folder / "assets").mkdir()
    for number in range(SMALL_FILES):
        text = f"# {os.urandom(SMALL_BYTES // 2).hex()}"
        (folder / "assets" / f"{number}.txt").write_text(text[:SMALL_BYTES])
    return folder


def write_large(root: Path, shard_bytes: int) -> Path:
    """A checkpoint of a few large shards."""
    folder = root / "large"
    write_model(folder, LARGE_FILES, shard_bytes)
    return folder


def write_model(folder: Path, shards: int, shard_bytes: int) -> None:
    """A sound checkpoint of an architecture that gets the generic checks."""
    folder.mkdir()
    weight_map = {}
    for number in range(1, shards + 1):
        path = folder / f"model-{number}.safetensors"
        entry = {"dtype": "U8", "shape": [shard_bytes], "data_offsets": [0, shard_bytes]}
        header = json.dumps({f"t{number}": entry}).encode()
        with path.open("wb") as file:
            file.write(len(header).to_bytes(8, "little") + header)
            for _ in range(0, shard_bytes, MEBIBYTE):
                file.write(os.urandom(min(MEBIBYTE, shard_bytes)))
        weight_map[f"t{number}"] = path.name
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": weight_map}))
    (folder / "config.json").write_text('{"architectures": ["Novel"]}')


Rows = dict[str, dict[str, list[Run]]]


def measure(
    s3: object,
    senders: list[Sender],
    folder: Path,
    changing: str,
    environment: dict[str, str],
    runs: int,
) -> Rows:
    """Each sender, in turn: into an empty bucket, unchanged, one file changed, as another version."""
    rows: Rows = {}
    steps: list[tuple[str, str, Callable[[], None]]] = [
        ("first", "7", lambda: None),
        ("unchanged", "7", lambda: None),
        ("one changed", "7", lambda: change(s3, folder, changing)),
        ("one changed, new version", "8", lambda: change(s3, folder, changing)),
    ]
    for _ in range(runs):
        for sender in senders:
            empty(s3)
            shutil.rmtree(folder.parent / "cache", ignore_errors=True)
            time.sleep(2.1)  # a file that changed less than 2 s ago is not remembered
            for step, version, prepare in steps:
                prepare()
                took = run(sender, folder, version, environment)
                rows.setdefault(step, {}).setdefault(sender.name, []).append(took)
    return rows


def empty(s3: object) -> None:
    """Delete everything in the bucket: the sink does this at any DeleteObjects."""
    s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": "all"}]})  # type: ignore[attr-defined]


def change(s3: object, folder: Path, path: str) -> None:
    """Change a file's last byte, and delete the release and the file in S3: a version is written once."""
    with (folder / path).open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        last = file.read(1)
        file.seek(-1, os.SEEK_END)
        file.write(bytes([last[0] ^ 1]))
    # Peers compare whole seconds: the file must look newer than the sent one.
    later = time.time() + 2
    os.utime(folder / path, (later, later))
    for key in (RELEASE, f"models/chat/7/{path}"):
        s3.delete_object(Bucket=BUCKET, Key=key)  # type: ignore[attr-defined]


def run(sender: Sender, folder: Path, version: str, environment: dict[str, str]) -> Run:
    """Send a folder in a separate process."""
    command = [part.format(folder=folder, version=version) for part in sender.command]
    with tempfile.TemporaryFile() as told:
        began = time.perf_counter()
        child = subprocess.Popen(  # noqa: S603 - our own command lines
            command, env={**environment, **sender.environment}, stdout=told, stderr=told
        )
        _, status, usage = os.wait4(child.pid, 0)
        wall_seconds = time.perf_counter() - began
        child.returncode = os.waitstatus_to_exitcode(status)
        told.seek(0)
        if child.returncode:
            raise SystemExit(f"{sender.name} failed: {command}\n{told.read().decode()}")
    return Run(
        wall_seconds=wall_seconds,
        cpu_seconds=usage.ru_utime + usage.ru_stime,
        peak_memory_bytes=usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024),
    )


def draw(title: str, senders: list[Sender], rows: Rows) -> Table:
    """Medians per step and sender, and the wall time as a ratio to the fastest peer's."""
    table = Table(title=title, box=None, header_style="dim", padding=(0, 2, 0, 0))
    for column in ("", "sender", "wall", "lowest – highest", "÷ best peer", "CPU", "peak memory"):
        table.add_column(column, justify="left" if column in {"", "sender"} else "right")
    ours = {sender.name for sender in senders if sender.is_ours}
    for step, found in rows.items():
        medians = {name: median(run.wall_seconds for run in runs) for name, runs in found.items()}
        best = min((wall for name, wall in medians.items() if name not in ours), default=1.0)
        for name, runs in found.items():
            walls = [run.wall_seconds for run in runs]
            table.add_row(
                step,
                name,
                f"{medians[name]:.2f} s",
                f"{min(walls):.2f} – {max(walls):.2f}",
                f"{medians[name] / best:.2f}",
                f"{median(run.cpu_seconds for run in runs):.2f} s",
                f"{median(run.peak_memory_bytes for run in runs) / MEBIBYTE:.0f} MiB",
            )
    return table


if __name__ == "__main__":
    main()
