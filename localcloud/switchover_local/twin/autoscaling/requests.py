"""The common parts of requests: the named variant, and pages of a list."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NotRequired, TypedDict, TypeVar

from switchover_local.twin.wire.messages import Answer
from switchover_local.twin.wire.paging import cut_page
from switchover_local.twin.wire.refusals import Refusal, validation_exception

from .targets import DIMENSION, NAMESPACE, Variant

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mypy_boto3_application_autoscaling.literals import (
        ScalableDimensionType,
        ServiceNamespaceType,
    )

    from .targets import ScalableTarget, ScalableTargets

_RESOURCE = re.compile(r"endpoint/(?P<endpoint>[^/]+)/variant/(?P<variant>[^/]+)")
_PAGE = 50

ItemT = TypeVar("ItemT")


class OfVariant(TypedDict):
    """The parameters that name one variant."""

    ServiceNamespace: ServiceNamespaceType
    ResourceId: str
    ScalableDimension: ScalableDimensionType


class OfList(TypedDict):
    """The parameters of every list."""

    ServiceNamespace: ServiceNamespaceType
    ScalableDimension: NotRequired[ScalableDimensionType]
    MaxResults: NotRequired[int]
    NextToken: NotRequired[str]


def variant_of(params: OfVariant) -> Variant:
    """The variant that a request names.

    Raises:
    Refusal: ValidationException, if the resource isn't a variant of an endpoint.
    """
    check_service(params)
    match = _RESOURCE.fullmatch(params["ResourceId"])
    if match is None:
        raise _unsupported()
    return Variant(match["endpoint"], match["variant"])


def check_service(params: OfVariant | OfList) -> None:
    """Refuse a request about anything but SageMaker variants.

    Raises:
        Refusal: ValidationException.
    """
    if params["ServiceNamespace"] != NAMESPACE:
        raise validation_exception(f"The twin scales {NAMESPACE} only.")
    if params.get("ScalableDimension", DIMENSION) != DIMENSION:
        raise _unsupported()


def target_of(targets: ScalableTargets, params: OfVariant, verb: str) -> ScalableTarget:
    """The target of the variant that a request names.

    Args:
        verb: the word of the refusal: "found" or "registered".

    Raises:
        Refusal: ObjectNotFoundException.
    """
    target = targets.find(variant_of(params))
    if target is None:
        raise not_found(f"No scalable target {verb}", params)
    return target


def not_found(what: str, params: OfVariant, *more: str) -> Refusal:
    """The refusal for something missing, which names the variant."""
    named = (
        f"service namespace: {params['ServiceNamespace']}",
        f"resource ID: {params['ResourceId']}",
        f"scalable dimension: {params['ScalableDimension']}",
        *more,
    )
    return Refusal("ObjectNotFoundException", f"{what} for {', '.join(named)}")


def answer_page(
    member: str, items: Sequence[ItemT], params: OfList, *, key: Callable[[ItemT], tuple[str, str]]
) -> Answer:
    """Answer one page of a list.

    Raises:
        Refusal: a page size or a token is invalid.
    """
    size = min(params.get("MaxResults", _PAGE), _PAGE)
    if size < 1:  # "This value can be between 1 and 50", which the service model doesn't have
        raise validation_exception("MaxResults must be between 1 and 50.")
    refusal = Refusal("InvalidNextTokenException", "Invalid pagination token")
    page, more = cut_page(items, params.get("NextToken"), size, key=key, refusal=refusal)
    return Answer({member: page, **more})


def _unsupported() -> Refusal:
    return validation_exception(
        "Unsupported service namespace, resource type or scalable dimension"
    )
