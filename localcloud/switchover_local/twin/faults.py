"""The scenario's faults that haven't happened yet."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from .scenario import (
    EventFault,
    Fault,
    LostResponse,
    RollbackFailure,
    ServerError,
    SystemUpdate,
    Throttling,
)

if TYPE_CHECKING:
    from collections.abc import Iterable


class FaultBox:
    """Holds faults until a matching call or event; each fault is used up then."""

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self._left: list[list[Fault]] = [[fault] * _times(fault) for fault in faults]

    def put(self, fault: Fault) -> None:
        """Add a fault."""
        self._left.append([fault] * _times(fault))

    def take_before(self, operation: str) -> Throttling | ServerError | None:
        """The fault that happens to a call instead of its work.

        An operation's faults happen in their order. A call whose answer gets lost does its work first.
        """
        for held in self._left:
            fault = held[-1] if held else None
            if isinstance(fault, LostResponse) and fnmatchcase(operation, fault.operation):
                return None
            if isinstance(fault, Throttling | ServerError) and fnmatchcase(
                operation, fault.operation
            ):
                held.pop()
                return fault
        return None

    def take_lost_response(self, operation: str) -> bool:
        """Whether this call's answer gets lost after the work was done."""
        return self._take(LostResponse, operation, "operation") is not None

    def take_rollback_failure(self, endpoint: str) -> bool:
        """Whether this endpoint's rollback gets no instances."""
        return self._take(RollbackFailure, endpoint, "endpoint") is not None

    def take_event_fault(self, detail_type: str) -> EventFault | None:
        """The fault that happens to an event, if there is one."""
        fault = self._take(EventFault, detail_type, "detail_type")
        return fault if isinstance(fault, EventFault) else None

    def system_updates(self) -> list[SystemUpdate]:
        """Remove and return all planned maintenance."""
        found = [held.pop() for held in self._left if held and isinstance(held[-1], SystemUpdate)]
        return [fault for fault in found if isinstance(fault, SystemUpdate)]

    def _take(self, kind: type[Fault], name: str, pattern_field: str) -> Fault | None:
        for held in self._left:
            fault = held[-1] if held else None
            if isinstance(fault, kind) and fnmatchcase(name, getattr(fault, pattern_field)):
                held.pop()
                return fault
        return None


def _times(fault: Fault) -> int:
    return 1 if isinstance(fault, SystemUpdate) else fault.times
