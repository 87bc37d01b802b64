"""Golden requests side by side: the question, its images, and the answers of both versions."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from switchover.domain.golden.assessing import GoldenVerdict
from switchover.domain.golden.requests import IMAGE_TYPES, suffix_of
from switchover.domain.report.values import MOST_GOLDEN, Answered, Golden, Image, Tone
from switchover.domain.units import say_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from switchover.domain.golden.requests import GoldenRequest
    from switchover.domain.golden.results import GoldenResult
    from switchover.domain.update.update import Update

# Of one image, and of all images of a report.
MOST_IMAGE_BYTES = 64 * 1024
MOST_IMAGES_BYTES = 192 * 1024
_TONES = {
    GoldenVerdict.PASSED: Tone.GOOD,
    GoldenVerdict.FAILED: Tone.BAD,
    GoldenVerdict.INCONCLUSIVE: Tone.WARN,
}
# What a file of each type begins with: a browser is shown nothing that only claims to be an image.
_MAGIC = {
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/gif": (b"GIF87a", b"GIF89a"),
    "image/webp": (b"RIFF",),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the golden file says, as far as it could be read. `why` says why it couldn't be.

    `images` are the contents of image files by name; of a longer file only the beginning is there.
    """

    requests: tuple[GoldenRequest, ...] = ()
    images: Mapping[str, bytes] = field(default_factory=dict)
    why: str = ""


def show_golden(update: Update, asked: Asked, earlier: Update | None) -> Golden:
    """The golden requests of an update. `earlier` is the update that brought the previous version."""
    results, plan = update.found.golden, update.plan
    if not results:
        return Golden(note=_say_unasked(update))
    known = {result.name: result for result in earlier.found.golden} if earlier else {}
    requests = {request.name: request for request in asked.requests}
    room, shown = MOST_IMAGES_BYTES, []
    for result in results[:MOST_GOLDEN]:
        images, room = _show_images(requests.get(result.name), asked.images, room)
        shown.append(_answered(result, requests.get(result.name), known.get(result.name), images))
    left = len(results) - len(shown)
    notes = (asked.why, f"{left} more golden requests are not shown here." if left else "")
    return Golden(
        answered=tuple(shown),
        note=" ".join(filter(None, notes)),
        old_name=plan.previous.version if plan else "",
        new_name=update.version,
        old_source=_say_source(earlier, known),
    )


def _say_unasked(update: Update) -> str:
    plan = update.plan
    if plan is None or not update.progress.is_started:
        return "The model was not asked, because the update ended before it changed anything."
    if plan.tests.golden is None:
        return "The policy names no golden requests, so the model's answers are not known."
    return "The update ended before the golden requests were sent, so the answers are not known."


def _say_source(earlier: Update | None, known: Mapping[str, object]) -> str:
    if earlier is None or not known:
        return (
            "The old answers are not known: no recorded update to the previous version sent golden"
            " requests."
        )
    at = earlier.ended_at or earlier.started_at
    return f"The old answers were recorded when {earlier.version} was tested, {at:%Y-%m-%d}."


def _answered(
    result: GoldenResult,
    request: GoldenRequest | None,
    old: GoldenResult | None,
    images: tuple[Image, ...],
) -> Answered:
    took = (
        f"{result.latency_us / 1_000_000:.2f} s" if result.latency_us is not None else "not known"
    )
    was_answered = result.status is not None and result.status > 0
    return Answered(
        name=result.name,
        verdict=result.verdict.value,
        tone=_TONES[result.verdict],
        took=took,
        prompt=request.chat.prompt if request and request.chat else "",
        images=images,
        old_answer=old.answer_excerpt if old else None,
        new_answer=result.answer_excerpt if was_answered else None,
        faults=result.faults,
    )


def _show_images(
    request: GoldenRequest | None, contents: Mapping[str, bytes], room: int
) -> tuple[tuple[Image, ...], int]:
    """The images of a request, as far as they fit, and the room that is left."""
    names = (name for name in (request.files if request else ()) if suffix_of(name) in IMAGE_TYPES)
    shown: list[Image] = []
    for name in names:
        image = _show_image(name, contents.get(name), room)
        room -= len(contents[name]) if image.data_url else 0
        shown.append(image)
    return tuple(shown), room


def _show_image(name: str, content: bytes | None, room: int) -> Image:
    if content is None:
        return Image(name, note="not shown: the file couldn't be read")
    kind = IMAGE_TYPES[suffix_of(name)]
    if not content.startswith(_MAGIC[kind]):
        return Image(name, note=f"not shown: the content isn't {kind}")
    if len(content) > MOST_IMAGE_BYTES:
        return Image(name, note=f"not shown: larger than {say_bytes(MOST_IMAGE_BYTES)}")
    if len(content) > room:
        return Image(name, note="not shown: the images before it fill the report")
    return Image(name, f"data:{kind};base64,{b64encode(content).decode()}")
