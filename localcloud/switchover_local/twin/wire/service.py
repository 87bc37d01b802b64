"""A service: AWS's operations by name, each called in the same way."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

from botocore import xform_name

from .protocol import service_models
from .refusals import not_modelled

if TYPE_CHECKING:
    from collections.abc import Callable

    from .messages import Answer, Call

Operation: TypeAlias = "Callable[[Any], Answer]"


class Service:
    """One of AWS's services.

    Args:
        groups: objects whose public methods are operations of the service, named as in boto3.

    Raises:
        LookupError: a group has a public method that the service has no operation for.
    """

    def __init__(self, name: str, *groups: object) -> None:
        self.name = name
        self.operations: dict[str, Operation] = {
            _operations_by_method(name)[method]: getattr(group, method)
            for group in groups
            for method in dir(group)
            if not method.startswith("_")
        }

    def perform(self, call: Call) -> Answer:
        """Carry out a call whose parameters were checked.

        Raises:
            Refusal: as AWS would refuse it; NotImplemented, if the twin has no such operation.
        """
        operation = self.operations.get(call.operation)
        if operation is None:
            raise not_modelled(self.name, call.operation)
        return operation(call.params)


@cache
def _operations_by_method(service: str) -> dict[str, str]:
    """AWS's names of a service's operations by boto3's names of them."""
    return {str(xform_name(name)): name for name in service_models()[service].operation_names}
