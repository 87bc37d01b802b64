"""How much memory an act takes at its peak, by Python's own count: the same on every machine."""

from __future__ import annotations

import tracemalloc
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

MIB = 1024**2


def measure_peak_bytes(act: Callable[[], object]) -> int:
    """The most that `act` held at once, beyond what was held before; its answer counts too."""
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        kept = act()
        _, peak = tracemalloc.get_traced_memory()
        del kept
    finally:
        tracemalloc.stop()
    return peak - before
