"""boto3, loaded without a library that takes half as long again and that no client of it uses."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# botocore asks urllib3's bridge to pyOpenSSL only for the standard library's own SSLContext, and takes
# that from elsewhere if there is no pyOpenSSL (botocore/httpsession.py).
_BRIDGE = "urllib3.contrib.pyopenssl"


def load_sdk() -> None:
    """Load boto3: from then on an import of it finds it loaded."""
    with _left_out(_BRIDGE):
        import_module("boto3")


@contextmanager
def _left_out(module: str) -> Iterator[None]:
    """Import as if a module weren't installed; one that is loaded already stays."""
    if module in sys.modules:
        yield
        return
    sys.modules[module] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[module]
