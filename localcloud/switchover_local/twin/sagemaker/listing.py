"""Lists as SageMaker gives them: filtered, sorted, in pages."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from switchover_local.twin.wire.paging import cut_page
from switchover_local.twin.wire.refusals import validation_exception

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from mypy_boto3_sagemaker.type_defs import (
        ListEndpointConfigsInputTypeDef,
        ListEndpointsInputTypeDef,
        ListModelsInputTypeDef,
    )

    ListParams = (
        ListEndpointConfigsInputTypeDef | ListEndpointsInputTypeDef | ListModelsInputTypeDef
    )

SummaryT = TypeVar("SummaryT", bound="Mapping[str, object]")

INVALID_TOKEN = validation_exception("Invalid pagination token.")
_DEFAULT_PAGE = 10  # ListEndpoints and ListModels: "The default value is 10" in the service model


def list_summaries(
    summaries: Iterable[SummaryT], params: ListParams, *, kind: str
) -> tuple[list[SummaryT], dict[str, str]]:
    """Apply a List operation's filters and order, and cut out the page that is asked for.

    Args:
        kind: the prefix of the summaries' fields, as in `EndpointConfigName`.
    """
    name = f"{kind}Name"
    chosen = [summary for summary in summaries if _is_wanted(summary, params, name)]
    by = {"Name": name, "Status": f"{kind}Status"}.get(str(params.get("SortBy")), "CreationTime")
    return cut_page(
        chosen,
        params.get("NextToken"),
        params.get("MaxResults", _DEFAULT_PAGE),
        key=_sort_key(by, name),
        refusal=INVALID_TOKEN,
        is_descending=params.get("SortOrder") != "Ascending",
    )


def _is_wanted(summary: Mapping[str, object], params: Mapping[str, object], name: str) -> bool:
    if str(params.get("NameContains", "")) not in str(summary[name]):
        return False
    if params.get("StatusEquals", summary.get("EndpointStatus")) != summary.get("EndpointStatus"):
        return False
    return all(
        _is_within(summary.get(field), params.get(f"{field}After"), params.get(f"{field}Before"))
        for field in ("CreationTime", "LastModifiedTime")
    )


def _is_within(moment: object, after: object, before: object) -> bool:
    if not isinstance(moment, datetime):
        return True
    if isinstance(after, datetime) and moment <= after:
        return False
    return not (isinstance(before, datetime) and moment >= before)


def _sort_key(by: str, name: str) -> Callable[[Mapping[str, object]], tuple[str, str]]:
    def key(summary: Mapping[str, object]) -> tuple[str, str]:
        value = summary[by]
        text = value.isoformat() if isinstance(value, datetime) else str(value)
        return text, str(summary[name])

    return key
