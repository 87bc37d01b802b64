"""The steps of every request: identify, throttle, read, check, perform, write."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from switchover_local.twin.scenario import Throttling

from .protocol import identify, read_call, write_answer, write_refusal
from .refusals import Refusal, internal_failure, throttled

if TYPE_CHECKING:
    from collections.abc import Mapping

    from switchover_local.twin.faults import FaultBox

    from .messages import Call, Request, Response
    from .service import Service
    from .throttling import Buckets

_LOG = logging.getLogger(__name__)


class FrontEnd:
    """Answers HTTP requests to the services, in AWS's protocols."""

    def __init__(self, services: Mapping[str, Service], buckets: Buckets, faults: FaultBox) -> None:
        self._services = services
        self._buckets = buckets
        self._faults = faults

    def answer(self, request: Request) -> Response | None:
        """Answer a request; None = the answer got lost.

        A failure of the twin itself is answered as InternalFailure, as on AWS.
        """
        try:
            return self._answer(request)
        except Exception:  # noqa: BLE001 - see above
            _LOG.exception("The twin failed at %s %s", request.method, request.path)
            return write_refusal(request, identify(request), internal_failure())

    def _answer(self, request: Request) -> Response | None:
        call: Call | None = None
        try:
            call = identify(request)
            self._check_traffic_and_faults(call)
            call = read_call(request, call)
            answer = self._services[call.service].perform(call)
        except Refusal as refusal:
            return write_refusal(request, call, refusal)
        if self._faults.take_lost_response(call.operation):
            return None
        return write_answer(call, answer)

    def _check_traffic_and_faults(self, call: Call) -> None:
        """Refuse a call for a reason unrelated to its content: too many calls, or a failure of AWS."""
        self._buckets.take(call.operation)
        fault = self._faults.take_before(call.operation)
        if fault is not None:
            raise throttled() if isinstance(fault, Throttling) else internal_failure()
