"""Files of a folder that aren't sent: those of the user's patterns, and those that no loader reads."""

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
    """Patterns like the simplest of .gitignore: `*.bin`, `original/`, `onnx/*.onnx`.

    A pattern without a slash matches a name in any folder. A pattern that ends with a slash matches a
    whole folder. Any other matches a path from the top; its `*` also matches slashes. `origins` is where
    each pattern was given.
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
        # aria2's control file shows the check that the download of the file beside it isn't complete.
        if not is_folder and not path.endswith(".aria2"):
            return why_leftover(path)
        return ""


def read_ignored(root: Path, exclude: Iterable[str] = ()) -> Ignored | Reason:
    """The patterns of `--exclude`, and those of the folder's .switchoverignore (one a line)."""
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
                f"line {number}, {pattern!r}, would include files again, which isn't supported.",
                "Name only files to leave out.",
            )
        if pattern and not pattern.startswith("#"):
            origins.setdefault(pattern, IGNORE_FILE)
    return Ignored(origins)


def _invalid(message: str, remedy: str) -> Reason:
    return Reason(code="upload.ignore-invalid", subject=IGNORE_FILE, message=message, remedy=remedy)
