"""What is written down about a running local cloud, and how one knows that it is true.

The host holds a lock on `lock` as long as it lives; the kernel lets go of it however the host
ends. So a record is only believed while the lock is held, and whoever holds it wrote the record.
"""

from __future__ import annotations

import fcntl
import os
import time
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from pathlib import Path

_LOOKS = 5
_LOOK_SECONDS = 0.02


class CloudRecord(BaseModel):
    """Where a local cloud answers, and the process to end when it should stop.

    `started` is what `identify` says of the process: another one of the same number differs in it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    pid: int
    started: str | None = None
    engine_port: int
    twin_port: int


def record_path(folder: Path) -> Path:
    """The file that names ports and process."""
    return folder / "cloud.json"


def temporary_path(folder: Path) -> Path:
    """Where Lambda workers keep what is their own; empty at every start."""
    return folder / "tmp"


def code_path(folder: Path) -> Path:
    """Where the code of Lambda workers is unpacked, by content: the next cloud finds it there."""
    return folder / "code"


def log_path(folder: Path) -> Path:
    """What the host and its Lambda workers had to say."""
    return folder / "cloud.log"


def open_lock(folder: Path) -> int:
    """Open the lock file, without taking the lock."""
    folder.mkdir(parents=True, exist_ok=True)
    return os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def take_lock(descriptor: int) -> bool:
    """Take the lock if no host holds it. A host holds it for life, one who only looks for a moment."""
    for _ in range(_LOOKS):
        if _lock(descriptor, fcntl.LOCK_EX):
            return True
        time.sleep(_LOOK_SECONDS)
    return False


def is_running(folder: Path) -> bool:
    """Whether a host lives in this folder (or is just being started)."""
    if not (folder / "lock").exists():
        return False
    descriptor = open_lock(folder)
    try:
        return not _lock(descriptor, fcntl.LOCK_SH)  # shared: those who look don't see each other
    finally:
        os.close(descriptor)


def _lock(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def write_record(folder: Path, record: CloudRecord) -> None:
    """Publish the record in one step, so that no reader sees half of it."""
    draft = record_path(folder).with_suffix(".draft")
    draft.write_text(record.model_dump_json(indent=2) + "\n")
    draft.replace(record_path(folder))


def read_record(folder: Path) -> CloudRecord | None:
    """The record of the cloud that runs here; None if none runs, whatever an old file says."""
    if not is_running(folder) or not record_path(folder).exists():
        return None
    return CloudRecord.model_validate_json(record_path(folder).read_text())
