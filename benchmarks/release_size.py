"""The cost of a release of many files in the functions that read each file: CPU, memory, requests.

    python -m benchmarks.release_size [--files 50000]

The product's own gateways call `benchmarks.sink`, which runs in another process and isn't counted. CPU
seconds are those of one whole processor: Lambda gives one at 1,769 MB, and a share of it below (Lambda
Developer Guide, "Configure function memory"). S3's own time is not included.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import os
import resource
import socket
import time
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing import Process
from typing import TYPE_CHECKING

import boto3
from rich.console import Console
from rich.table import Table

from benchmarks.sink import Object, Sink
from benchmarks.sink_server import serve
from switchover.aws.copying import Copying
from switchover.aws.model_files import ModelFiles
from switchover.aws.release_files import ReleaseFiles
from switchover.domain.manifest import Manifest, ModelFile, compare
from switchover.domain.reasons import Reason
from switchover.domain.release import Release, parse_release

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mypy_boto3_s3 import S3Client

BUCKET, PREFIX, SOURCE = "models", "models/chat/8/", "exports/8/"
_STARTS_SECONDS = 5


def main() -> None:
    """Measure each act on a release of a number of files, and print one table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--files", type=int, default=50_000)
    count = parser.parse_args().files
    table = Table(title=f"a release of {count:,} files", box=None, header_style="dim")
    for column in ("act", "CPU", "process's peak so far"):
        table.add_column(column, justify="left" if column == "act" else "right")
    files = describe_files(count)
    with serve_files(files) as s3:
        for act, cpu_seconds in measure(s3, files):
            peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            table.add_row(act, f"{cpu_seconds:.1f} s", f"{peak_mib:.0f} MiB")
    Console(width=120).print(table)


def describe_files(count: int) -> dict[str, bytes]:
    """Small files with paths of usual length."""
    return {f"assets/of/the/processor/page-{n:06}.md": b"Page %d" % n for n in range(count)}


def write_release(files: Mapping[str, bytes], source: str = "") -> bytes:
    """`release.json` of these files."""
    listed = [
        {"path": path, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        for path, content in files.items()
    ]
    release = {"schema": 1, "endpoint": "chat", "model": {"name": "m", "version": "8"}}
    release |= {"prefix": PREFIX, "files": listed} | ({"source": source} if source else {})
    return json.dumps(release, indent=2).encode()


@contextmanager
def serve_files(files: Mapping[str, bytes]) -> Iterator[S3Client]:
    """A bucket that holds the files under the release's prefix and under a source's."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = Process(target=serve_filled, args=(port, files), daemon=True)
    server.start()
    os.environ |= {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    time.sleep(_STARTS_SECONDS)
    try:
        yield boto3.client("s3", endpoint_url=f"http://127.0.0.1:{port}", region_name="us-east-1")
    finally:
        server.terminate()
        server.join()


def serve_filled(port: int, files: Mapping[str, bytes]) -> None:
    """Serve the files, each with the SHA-256 that S3 would have."""
    sink = Sink()
    for number, (path, content) in enumerate(files.items()):
        checksum = base64.b64encode(hashlib.sha256(content).digest()).decode()
        for prefix in (PREFIX, SOURCE):
            sink.objects[f"{prefix}{path}"] = Object(
                len(content), f"{number:032x}", content, {}, checksum, "2030-01-01T00:00:00.000Z"
            )
    serve(port, sink=sink)


def measure(s3: S3Client, files: Mapping[str, bytes]) -> Iterator[tuple[str, float]]:
    """Each act of a function, and its CPU seconds."""
    raw = write_release(files)
    copied_raw = write_release(files, f"s3://{BUCKET}/{SOURCE}")
    began = time.process_time()

    def lap() -> float:
        nonlocal began
        passed, began = time.process_time() - began, time.process_time()
        return passed

    release, copied = parse_release(raw, "release.json"), parse_release(copied_raw, "release.json")
    if not isinstance(release, Release) or not isinstance(copied, Release):
        raise SystemExit(f"{release}")
    yield f"parse release.json ({len(raw) / 1e6:.1f} MB)", lap() / 2
    listed = ModelFiles(s3).list_versions(BUCKET, PREFIX)
    if isinstance(listed, Reason):
        raise SystemExit(f"{listed}")
    yield "list the versions (CreateConfig, StartUpdate, ValidateModel)", lap()
    found = ReleaseFiles(s3).inspect(release, BUCKET, versions=listed)
    yield "ask for each file's SHA-256 (ValidateModel)", lap()
    checksums = found.checksums
    manifest = Manifest(tuple(replace(f, checksum=checksums.get(f.path, "")) for f in listed))
    text = manifest.text
    yield f"write the manifest ({len(text) / 1e6:.1f} MB)", lap()
    read = Manifest(tuple(ModelFile(*row) for row in json.loads(text)))
    compare(read, listed)
    yield "read the manifest and compare", lap()
    Copying(s3).compare(copied, BUCKET)
    yield "compare a copy that is complete (CopyRelease, its longest look)", lap()


if __name__ == "__main__":
    main()
