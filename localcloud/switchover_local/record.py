"""The record of a running local cloud, and the lock that proves it.

The host holds a lock on the file `lock` while it lives; the kernel releases the lock however the host
ends. So a record is valid only while the lock is held, and its writer holds the lock.
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
    """The addresses of a local cloud, and the process to end to stop it.

    `started` is the answer of `identify`; it differs for another process with the same number.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    pid: int
    started: str | None = None
    engine_port: int
    twin_port: int


def record_path(folder: Path) -> Path:
    """The file with the ports and the process."""
    return folder / "cloud.json"


def temporary_path(folder: Path) -> Path:
    """The folder for files of Lambda workers; emptied at every start."""
    return folder / "tmp"


def code_path(folder: Path) -> Path:
    """The folder for unpacked code of Lambda workers, named by content; the next cloud uses it too."""
    return folder / "code"


def log_path(folder: Path) -> Path:
    """The log of the host and its Lambda workers."""
    return folder / "cloud.log"


def open_lock(folder: Path) -> int:
    """Open the lock file, without taking the lock."""
    folder.mkdir(parents=True, exist_ok=True)
    return os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def take_lock(descriptor: int) -> bool:
    """Take the lock if no host holds it. A host keeps it until its end, a check only for a moment."""
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
        return not _lock(
            descriptor, fcntl.LOCK_SH
        )  # a shared lock, so that two checks don't disturb each other
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
    """The record of the cloud that runs here; None if none runs, even if an old file exists."""
    if not is_running(folder) or not record_path(folder).exists():
        return None
    return CloudRecord.model_validate_json(record_path(folder).read_text())
