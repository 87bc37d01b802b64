"""Amounts as people write them."""

from __future__ import annotations


def say_bytes(count: float) -> str:
    """`812 B`, `4.2 MB`, `16.6 GB`: powers of 1000, as S3's prices count."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


def say_count(count: int, noun: str) -> str:
    """`1 instance`, `4 instances`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def say_duration(seconds: float) -> str:
    """`45 s`, `12 min 30 s`, `1 h 05 min`."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        minutes, rest = divmod(whole, 60)
        return f"{minutes} min {rest:02d} s" if rest else f"{minutes} min"
    hours, rest = divmod(round(whole / 60), 60)
    return f"{hours} h {rest:02d} min" if rest else f"{hours} h"


def say_roughly(seconds: float) -> str:
    """A duration that is an estimate, without its seconds: `13 min`, `1 h 05 min`."""
    return say_duration(seconds if seconds < 60 else 60 * round(seconds / 60))
