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
