"""Loads boto3 without pyOpenSSL: it adds half to the loading time, and no client uses it."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# botocore uses urllib3's bridge to pyOpenSSL only for the standard library's SSLContext. Without
# pyOpenSSL, botocore takes this class from elsewhere (botocore/httpsession.py).
_BRIDGE = "urllib3.contrib.pyopenssl"


def load_sdk() -> None:
    """Load boto3, so that later imports find it loaded."""
    with _left_out(_BRIDGE):
        import_module("boto3")


@contextmanager
def _left_out(module: str) -> Iterator[None]:
    """Import as if a module weren't installed; an already loaded module stays."""
    if module in sys.modules:
        yield
        return
    sys.modules[module] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[module]
