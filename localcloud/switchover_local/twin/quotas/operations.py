"""Service Quotas for SageMaker: how many instances of each type the account may use."""

from __future__ import annotations

import hashlib
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from switchover_local.twin.wire.paging import cut_page
from switchover_local.twin.wire.protocol import service_models
from switchover_local.twin.wire.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from botocore.model import StringShape

_SERVICE_CODE = "sagemaker"
_PAGE = 100
# The list is longer than what an update asks for, as the real one is: a client that takes the
# first page, or any quota that begins with the instance type, finds that out here.
_ENDPOINT_USE = "endpoint usage"
_USES = (_ENDPOINT_USE, "processing job usage", "training job usage")


class ServiceQuotas:
    """The service object: one method per operation.

    Args:
        limits: the account's own limits by instance type, read anew at each question.
        default_limit: the limit of every other type.
    """

    def __init__(
        self,
        limits: Callable[[], Mapping[str, int]],
        *,
        default_limit: int = 20,
        account_id: str = "000000000000",
        region: str = "us-east-1",
    ) -> None:
        self._limits = limits
        self._default_limit = default_limit
        self._arn_prefix = f"arn:aws:servicequotas:{region}:{account_id}:{_SERVICE_CODE}/"

    def limit(self, instance_type: str) -> int:
        """How many instances of this type endpoints may use, all together."""
        return self._limits().get(instance_type, self._default_limit)

    def list_service_quotas(self, params: dict[str, Any]) -> dict[str, Any]:
        quotas = [
            self._describe(name, self._value(name))
            for name in self._names(params)
            if params.get("QuotaCode", _code(name)) == _code(name)
        ]
        return _page(quotas, params)

    def list_aws_default_service_quotas(self, params: dict[str, Any]) -> dict[str, Any]:
        defaults = [self._describe(name, self._default_limit) for name in self._names(params)]
        return _page(defaults, params)

    def get_service_quota(self, params: dict[str, Any]) -> dict[str, Any]:
        name = self._named(params)
        return {"Quota": self._describe(name, self._value(name))}

    def get_aws_default_service_quota(self, params: dict[str, Any]) -> dict[str, Any]:
        return {"Quota": self._describe(self._named(params), self._default_limit)}

    def _names(self, params: dict[str, Any]) -> list[str]:
        if params["ServiceCode"] != _SERVICE_CODE:
            raise _no_such_resource()
        types = {*_instance_types(), *self._limits()}
        return sorted(f"{type_} for {use}" for type_ in types for use in _USES)

    def _named(self, params: dict[str, Any]) -> str:
        for name in self._names(params):
            if _code(name) == params["QuotaCode"]:
                return name
        raise _no_such_resource()

    def _value(self, name: str) -> int:
        instance_type, _, use = name.partition(" for ")
        return self.limit(instance_type) if use == _ENDPOINT_USE else self._default_limit

    def _describe(self, name: str, value: int) -> dict[str, Any]:
        return {
            "ServiceCode": _SERVICE_CODE,
            "ServiceName": "Amazon SageMaker",
            "QuotaArn": self._arn_prefix + _code(name),
            "QuotaCode": _code(name),
            "QuotaName": name,
            "Value": float(value),
            "Unit": "None",
            "Adjustable": True,
            "GlobalQuota": False,
            "QuotaAppliedAtLevel": "ACCOUNT",
        }


@cache
def _instance_types() -> tuple[str, ...]:
    shape = service_models()["sagemaker"].shape_for("ProductionVariantInstanceType")
    return tuple(cast("StringShape", shape).enum)


@cache
def _code(name: str) -> str:
    # AWS's codes look like this and mean nothing: names are what one matches on (rules §6).
    return f"L-{hashlib.sha256(name.encode()).hexdigest()[:8].upper()}"


def _page(quotas: list[dict[str, Any]], params: dict[str, Any]) -> dict[str, Any]:
    refusal = Refusal("InvalidPaginationTokenException", "The pagination token is invalid.")
    size = params.get("MaxResults", _PAGE)
    page, more = cut_page(
        quotas,
        params.get("NextToken"),
        size,
        key=lambda quota: (quota["QuotaName"],),
        refusal=refusal,
    )
    return {"Quotas": page, **more}


def _no_such_resource() -> Refusal:
    return Refusal("NoSuchResourceException", "The request failed because the specified service "
                   "does not exist.")  # fmt: skip
