"""The API of Service Quotas: one method per operation."""

from __future__ import annotations

import hashlib
from functools import cache
from typing import TYPE_CHECKING, cast

from switchover_local.twin.wire.messages import Answer
from switchover_local.twin.wire.paging import cut_page
from switchover_local.twin.wire.protocol import service_models
from switchover_local.twin.wire.refusals import Refusal

if TYPE_CHECKING:
    from botocore.model import StringShape
    from mypy_boto3_service_quotas.type_defs import (
        GetAWSDefaultServiceQuotaRequestTypeDef,
        GetServiceQuotaRequestTypeDef,
        ListAWSDefaultServiceQuotasRequestTypeDef,
        ListServiceQuotasRequestTypeDef,
        ServiceQuotaTypeDef,
    )

    from .limits import Limits

_SERVICE_CODE = "sagemaker"
_PAGE = 100
# The list is longer than an update needs, like the real one. So a client that reads only the
# first page, or takes any quota that begins with the instance type, fails here too.
_ENDPOINT_USE = "endpoint usage"
_USES = (_ENDPOINT_USE, "processing job usage", "training job usage")


class QuotaOperations:
    """Reading quotas."""

    def __init__(self, limits: Limits, *, account_id: str, region: str) -> None:
        self._limits = limits
        self._arn_prefix = f"arn:aws:servicequotas:{region}:{account_id}:{_SERVICE_CODE}/"

    def list_service_quotas(self, params: ListServiceQuotasRequestTypeDef) -> Answer:
        names = self._names(params["ServiceCode"])
        if "QuotaCode" in params:
            names = tuple(name for name in names if _code(name) == params["QuotaCode"])
        page, more = _page(names, params)
        return Answer(
            {"Quotas": [self._describe(name, self._value(name)) for name in page], **more}
        )

    def list_aws_default_service_quotas(
        self, params: ListAWSDefaultServiceQuotasRequestTypeDef
    ) -> Answer:
        page, more = _page(self._names(params["ServiceCode"]), params)
        quotas = [self._describe(name, self._limits.default) for name in page]
        return Answer({"Quotas": quotas, **more})

    def get_service_quota(self, params: GetServiceQuotaRequestTypeDef) -> Answer:
        name = self._named(params)
        return Answer({"Quota": self._describe(name, self._value(name))})

    def get_aws_default_service_quota(
        self, params: GetAWSDefaultServiceQuotaRequestTypeDef
    ) -> Answer:
        return Answer({"Quota": self._describe(self._named(params), self._limits.default)})

    def _names(self, service_code: str) -> tuple[str, ...]:
        if service_code != _SERVICE_CODE:
            raise _no_such_resource()
        listed = self._limits.listed_types
        types = instance_types() if listed is None else listed
        return _names_of(types | self._limits.own_types())

    def _named(
        self, params: GetServiceQuotaRequestTypeDef | GetAWSDefaultServiceQuotaRequestTypeDef
    ) -> str:
        for name in self._names(params["ServiceCode"]):
            if _code(name) == params["QuotaCode"]:
                return name
        raise _no_such_resource()

    def _value(self, name: str) -> int:
        instance_type, _, use = name.partition(" for ")
        return self._limits.limit(instance_type) if use == _ENDPOINT_USE else self._limits.default

    def _describe(self, name: str, value: int) -> ServiceQuotaTypeDef:
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
def instance_types() -> frozenset[str]:
    """Every instance type that endpoints may have, by SageMaker's model."""
    shape = service_models()["sagemaker"].shape_for("ProductionVariantInstanceType")
    return frozenset(cast("StringShape", shape).enum)


@cache
def _names_of(instance_types: frozenset[str]) -> tuple[str, ...]:
    return tuple(sorted(f"{type_} for {use}" for type_ in instance_types for use in _USES))


@cache
def _code(name: str) -> str:
    # AWS's codes look like this and have no meaning: clients match names (rules §6).
    return f"L-{hashlib.sha256(name.encode()).hexdigest()[:8].upper()}"


def _page(
    names: tuple[str, ...],
    params: ListServiceQuotasRequestTypeDef | ListAWSDefaultServiceQuotasRequestTypeDef,
) -> tuple[list[str], dict[str, str]]:
    refusal = Refusal("InvalidPaginationTokenException", "The pagination token is invalid.")
    size = params.get("MaxResults", _PAGE)
    return cut_page(names, params.get("NextToken"), size, key=lambda name: (name,), refusal=refusal)


def _no_such_resource() -> Refusal:
    return Refusal("NoSuchResourceException", "The request failed because the specified service "
                   "does not exist.")  # fmt: skip
