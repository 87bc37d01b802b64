"""The part of CBOR that AWS's rpc-v2-cbor uses: JSON's values, bytes, and moments as epoch seconds."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import cbor2

if TYPE_CHECKING:
    from collections.abc import Callable

_EPOCH_TAG = 1
_SCALARS = (str, bytes, bool, int, float, datetime)


def encode(value: object) -> bytes:
    """Encode a value of dicts, lists, strings, numbers, bytes and moments; None members are left out."""
    return cbor2.dumps(_without_nothing(value), encoders={datetime: _write_epoch})


def decode(message: bytes) -> object:
    """Decode one message.

    Raises:
        ValueError: what isn't CBOR, nests too deeply, or has a form that rpc-v2-cbor doesn't use.
    """
    try:
        return _plain(cbor2.loads(message, semantic_decoders=_TAGS))
    except cbor2.CBORDecodeError as error:
        raise ValueError(f"no CBOR that is understood here: {error}") from error


def _without_nothing(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without_nothing(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [_without_nothing(item) for item in value]
    return value


def _write_epoch(encoder: cbor2.CBOREncoder, moment: datetime) -> None:
    encoder.encode_semantic(_EPOCH_TAG, round(moment.timestamp(), 3))


def _plain(value: object) -> object:
    """The value, if the services have a type for it; undefined is None."""
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise ValueError("a CBOR map here has text as keys")
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if value is None or value is cbor2.undefined:
        return None
    if isinstance(value, _SCALARS):
        return value
    raise ValueError(f"unexpected CBOR item: {value!r:.100}")


def _read_epoch(seconds: object, _is_immutable: bool) -> datetime:  # noqa: FBT001 - cbor2's callback
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise ValueError("a CBOR epoch time must be a number")  # noqa: TRY004 - bad input
    return datetime.fromtimestamp(seconds, UTC)


def _refuse_tag(_value: object, _is_immutable: bool) -> Any:  # noqa: FBT001 - cbor2's callback
    raise ValueError("a CBOR tag other than the epoch time")


class _Tags(dict[int, "Callable[[Any, bool], Any]"]):
    """Decoders by tag. Without an entry of its own, a tag that cbor2 knows would get cbor2's decoder."""

    def __missing__(self, _tag: int) -> Callable[[Any, bool], Any]:
        return _refuse_tag


_TAGS = _Tags({_EPOCH_TAG: _read_epoch})
