"""Encodes AWS event-stream frames, which InvokeEndpointWithResponseStream answers in.

Source: the frame layout that botocore's `eventstream.py` decodes (prelude with total length,
header length and CRC-32; typed headers; payload; CRC-32 of all before it).
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_STRING_HEADER = 7


def encode_event(event_type: str, payload: bytes) -> bytes:
    """One event frame, its payload taken as it is."""
    return _encode_frame(
        {
            ":message-type": "event",
            ":event-type": event_type,
            ":content-type": "application/octet-stream",
        },
        payload,
    )


def _encode_frame(headers: Mapping[str, str], payload: bytes) -> bytes:
    encoded = b"".join(_encode_header(name, value) for name, value in headers.items())
    total = 12 + len(encoded) + len(payload) + 4
    prelude = struct.pack("!II", total, len(encoded))
    frame = prelude + struct.pack("!I", zlib.crc32(prelude)) + encoded + payload
    return frame + struct.pack("!I", zlib.crc32(frame))


def _encode_header(name: str, value: str) -> bytes:
    raw = value.encode()
    return (
        struct.pack("!B", len(name)) + name.encode() + struct.pack("!BH", _STRING_HEADER, len(raw))
    ) + raw
