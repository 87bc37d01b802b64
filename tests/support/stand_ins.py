"""Clients that do one thing otherwise, and everything else as the real one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass
class PassesOn:
    """Hands every operation that it doesn't define itself on to a client."""

    client: Any

    def __getattr__(self, operation: str) -> Any:
        return getattr(self.client, operation)
