"""The processes that run functions: each holds time while it works, and all share unpacked code.

MiniStack starts one or more for each function. Without this module, each would unpack the whole layer
again: thousands of files, which must be deleted at the cloud's end.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import shutil
import threading
import time
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from switchover_local.forks import Forks

if TYPE_CHECKING:
    from switchover_local.twin.paced_clock import Hold, PacedClock


_KEPT_SECONDS = 7 * 86_400  # unused for this long


class Workers:
    """The hold of every worker of the cloud that runs a function now."""

    def __init__(self, clock: PacedClock, store: Path) -> None:
        self._clock = clock
        self._store = CodeStore(store)
        self._at_work: dict[Any, Hold] = {}

    def are_used(self) -> bool:
        """Make MiniStack start such workers; False if MiniStack's code differs."""
        runtime = importlib.import_module("ministack.core.lambda_runtime")
        worker_class = getattr(runtime, "Worker", None)
        choose = getattr(runtime, "_worker_class_for", None)
        if worker_class is None or choose is None or runtime.zipfile is not zipfile:
            return False
        at_work, clock = self._at_work, self._clock

        class HoldingWorker(worker_class):  # type: ignore[misc,valid-type]  # known at run time only
            def __init__(self, name: str, config: dict[str, Any], *given: Any) -> None:
                # Lambda sets it too (Developer Guide, "Defined runtime environment variables").
                told = config.get("Environment", {}).get("Variables", {})
                told = {**told, "_HANDLER": config.get("Handler", "")}
                super().__init__(name, {**config, "Environment": {"Variables": told}}, *given)

            def invoke(self, *given: Any, **named: Any) -> Any:
                hold = at_work[self] = clock.hold()
                try:
                    return super().invoke(*given, **named)
                finally:
                    del at_work[self]
                    hold.end()

        def choose_holding(config: dict[str, Any]) -> type:
            chosen: type = choose(config)
            return HoldingWorker if chosen is worker_class else chosen

        setattr(runtime, "_worker_class_for", choose_holding)  # noqa: B010 - a module's attribute
        stand_in = SimpleNamespace(
            ZipFile=self._store.open_zip,
            BadZipFile=zipfile.BadZipFile,
            LargeFileError=zipfile.LargeZipFile,
        )
        setattr(runtime, "zipfile", stand_in)  # noqa: B010 - likewise
        setattr(runtime, "subprocess", Forks())  # noqa: B010 - likewise
        return True

    def hold_of(self, process: int) -> Hold | None:
        """The hold of this process's worker; None if the process runs no function."""
        for worker, hold in tuple(self._at_work.items()):
            if worker._proc is not None and worker._proc.pid == process:  # noqa: SLF001 - MiniStack's
                return hold
        return None


class CodeStore:
    """Unpacked archives, each once, named by content."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()

    def open_zip(self, path: str) -> _LinkedZip:
        """An archive that is unpacked as a link into the store."""
        return _LinkedZip(path, self)

    def keep(self, archive: zipfile.ZipFile) -> Path:
        """The folder with the archive's files; unpacks them if they aren't there yet."""
        # Without dates: otherwise the archives of functions with the same code would differ.
        content = sorted((each.filename, each.file_size, each.CRC) for each in archive.infolist())
        folder = self._folder / hashlib.sha256(repr(content).encode()).hexdigest()
        with self._lock:
            if not folder.exists():
                self._unpack(archive, folder)
            os.utime(folder)
        return folder

    def _unpack(self, archive: zipfile.ZipFile, folder: Path) -> None:
        draft = folder.with_suffix(f".{os.getpid()}")
        zipfile.ZipFile.extractall(archive, draft, archive.infolist())
        try:
            draft.rename(folder)
        except OSError:  # another cloud has unpacked the same archive meanwhile
            shutil.rmtree(draft)
        oldest = time.time() - _KEPT_SECONDS
        for unused in [each for each in self._folder.iterdir() if each.stat().st_mtime < oldest]:
            shutil.rmtree(unused, ignore_errors=True)


class _LinkedZip(zipfile.ZipFile):
    """The archive that MiniStack unpacks into a folder that it has just made."""

    def __init__(self, path: str, store: CodeStore) -> None:
        super().__init__(path)
        self._store = store

    def namelist(self) -> list[str]:
        """Nothing to check: `extractall` writes no name outside its folder by itself."""
        return []

    def extractall(self, path: Any = None, members: Any = None, pwd: Any = None) -> None:  # noqa: ARG002 - as it is called
        """Put a link to the unpacked files in the folder's place."""
        target = Path(path)
        target.rmdir()
        target.symlink_to(self._store.keep(self))
