"""What of a folder isn't sent: by the user's patterns, and what no loader reads in any case."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from switchover.checkpoint.leftovers import why_leftover
from switchover.domain.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

IGNORE_FILE = ".switchoverignore"
_LIMIT_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Ignored:
    """Patterns as .gitignore writes its simplest: `*.bin`, `original/`, `onnx/*.onnx`.

    A pattern without a slash means a name in any folder; one that ends with a slash a whole folder;
    any other a path from the top, where `*` also crosses folders. `origins` says where each stands.
    """

    origins: dict[str, str]

    def why(self, path: str, *, is_folder: bool) -> str:
        """Why a path isn't sent, as the end of the sentence "it is …"; else nothing."""
        name = path.rpartition("/")[2]
        for pattern, origin in self.origins.items():
            whole = pattern.removeprefix("/").removesuffix("/")
            means = path if "/" in pattern.removesuffix("/") else name
            if fnmatchcase(means, whole) and (is_folder or not pattern.endswith("/")):
                return f"excluded by {pattern!r} ({origin})"
        # aria2's control file tells the check that the file beside it is only half there.
        if not is_folder and not path.endswith(".aria2"):
            return why_leftover(path)
        return ""


def read_ignored(root: Path, exclude: Iterable[str] = ()) -> Ignored | Reason:
    """The patterns of `--exclude`, and those of the folder's .switchoverignore, a line each."""
    origins = dict.fromkeys(exclude, "--exclude")
    path = root / IGNORE_FILE
    try:
        if not path.is_file():
            return Ignored(origins)
        with path.open("rb") as file:
            lines = file.read(_LIMIT_BYTES + 1).decode().splitlines()
    except OSError as error:
        return _invalid(f"can't be read: {error.strerror}.", "Correct its permissions.")
    except UnicodeDecodeError as error:
        return _invalid(f"is not UTF-8 at byte {error.start}.", "Save it as UTF-8.")
    if path.stat().st_size > _LIMIT_BYTES:
        return _invalid(f"is longer than {_LIMIT_BYTES} bytes.", "Write fewer patterns.")
    for number, line in enumerate(lines, start=1):
        pattern = line.strip()
        if pattern.startswith("!"):
            return _invalid(
                f"line {number}, {pattern!r}, would take something back in, which isn't known here.",
                "Name only what is to be left out.",
            )
        if pattern and not pattern.startswith("#"):
            origins.setdefault(pattern, IGNORE_FILE)
    return Ignored(origins)


def _invalid(message: str, remedy: str) -> Reason:
    return Reason(code="upload.ignore-invalid", subject=IGNORE_FILE, message=message, remedy=remedy)
