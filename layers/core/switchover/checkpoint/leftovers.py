"""Finds files that no loader reads: partial downloads, second copies, system files.

SageMaker downloads them too, each time an instance starts.
"""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from switchover.checkpoint.findings import Warned
from switchover.domain.many_reasons import name_many
from switchover.domain.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# The names of huggingface_hub, wget and browsers. aria2 writes a control file beside the download.
_UNFINISHED = re.compile(r".*\.(incomplete|part|partial|crdownload|download|tmp|aria2|!ut)")
_SYSTEM = re.compile(r"(thumbs\.db|desktop\.ini|\.ds_store|.*:zone\.identifier)", re.IGNORECASE)
# The names of second copies from browsers, macOS and Windows.
_COPY = re.compile(r".*( \(\d+\)| copy( \d+)?| - Copy)\.\w+", re.IGNORECASE)
# Weights in another library's format, published beside the weights that servers load.
_OTHER_FORMAT = frozenset({"original", "metal"})


def why_leftover(path: str) -> str:
    """The reason why no loader reads a file, as the end of the sentence "it is …"; else empty."""
    name = PurePosixPath(path).name
    if _UNFINISHED.fullmatch(name):
        return "an unfinished download"
    if _SYSTEM.fullmatch(name):
        return "a leftover of the operating system"
    return ""


def find_leftovers(files: Iterable[str]) -> Iterator[Reason]:
    """List the files that no loader reads; a partial download of a needed file is refused.

    Source: aria2 manual, "Control File": `X.aria2` lies beside `X` until the download is complete.
    """
    paths = sorted(files)
    for path in paths:
        whole = path.removesuffix(".aria2")
        if whole != path and whole in files:
            yield Reason(
                code="model.file-unfinished",
                subject=whole,
                message=f"is incomplete: the file {path} shows that the download never ended.",
                remedy="Run aria2c again until it is complete, then upload again.",
            )
        elif why := why_leftover(path):
            yield _leftover(path, why)
        elif _COPY.fullmatch(path):
            yield _leftover(path, "a second copy, by its name")
    for folder in sorted(_OTHER_FORMAT):
        inside = [path for path in paths if path.startswith(f"{folder}/")]
        if inside:
            yield _leftover(f"{folder}/", "the same weights in a format that no server loads")
    yield from _find_collisions(paths)


def _leftover(subject: str, why: str) -> Reason:
    return Warned(
        code="model.leftover",
        subject=subject,
        message=f"is {why}: nothing reads it, and each instance downloads it.",
        remedy="Leave it out (`--exclude` of the upload, or a line in .switchoverignore).",
    )


def _find_collisions(paths: list[str]) -> Iterator[Reason]:
    """Find names that differ only by case: S3 and Linux distinguish them, macOS and Windows don't."""
    alike: dict[str, list[str]] = defaultdict(list)
    for path in paths:
        alike[path.casefold()].append(path)
    for several in alike.values():
        if len(several) > 1:
            yield Warned(
                code="model.names-collide",
                subject=name_many(several),
                message="differ only by case: one is likely a copy from another computer.",
                remedy="Keep the file with which the model was saved.",
            )
