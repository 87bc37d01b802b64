"""Request bodies that a client compressed, as SDKs do with PutMetricData beyond 10 KB."""

from __future__ import annotations

import zlib

from .refusals import Refusal, too_long

# Source: PutMetricData, "limited to 1 MB in size for HTTP POST requests. You can send a payload
# compressed by gzip." Which of the two sizes is limited isn't documented; here, the compressed size is.
_SENT_BYTES = 1_048_576
_UNPACKED_BYTES = 32 * 1_048_576  # so that a small body can't fill the twin's memory
_GZIP = 16 + zlib.MAX_WBITS


def unpack(body: bytes) -> bytes:
    """Unpack a gzip body.

    Raises:
        Refusal: SerializationException for what isn't gzip, or ends too early; 413 for too much.
    """
    if len(body) > _SENT_BYTES:
        raise too_long(_SENT_BYTES)
    unpacker = zlib.decompressobj(_GZIP)
    try:
        unpacked = unpacker.decompress(body, _UNPACKED_BYTES)
    except zlib.error as error:
        raise Refusal("SerializationException", f"The body is not gzip: {error}") from None
    if unpacker.unconsumed_tail:
        raise too_long(_UNPACKED_BYTES)
    if not unpacker.eof:
        raise Refusal("SerializationException", "The gzip body ends too early.")
    return unpacked
