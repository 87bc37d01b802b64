"""Asks IAM whether a role has certain permissions. Changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from switchover.domain.readings import Permission, Unmeasured

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mypy_boto3_iam import IAMClient
    from mypy_boto3_iam.type_defs import EvaluationResultTypeDef

_ALLOWED: Final = "allowed"


class Roles:
    """One account's roles."""

    def __init__(self, iam: IAMClient) -> None:
        self._iam = iam

    def may_describe_alarms(
        self, role_arn: str, alarm_arns: Sequence[str]
    ) -> Permission | Unmeasured:
        """Whether a role may describe these alarms, according to IAM's simulation of the role's policies.

        The simulation has no real request, so a policy with conditions on the request can't be judged.
        """
        role = role_arn.rpartition("/")[2]
        try:
            self._iam.get_role(RoleName=role)
        except self._iam.exceptions.NoSuchEntityException:
            return Unmeasured(f"IAM knows no role {role} here")
        pages = self._iam.get_paginator("simulate_principal_policy").paginate(
            PolicySourceArn=role_arn,
            ActionNames=["cloudwatch:DescribeAlarms"],
            ResourceArns=list(alarm_arns),
        )
        results = [result for page in pages for result in page["EvaluationResults"]]
        denied = [arn for result in results for arn in _denied(result)]
        asked = {name for result in results for name in result.get("MissingContextValues", ())}
        if denied and asked:
            return Unmeasured(f"the policies of {role} depend on {', '.join(sorted(asked))}")
        names = tuple(arn.rpartition(":alarm:")[2] for arn in denied)
        return Permission(role=role, denied=names)


def _denied(result: EvaluationResultTypeDef) -> Iterator[str]:
    each = result.get("ResourceSpecificResults")
    if not each:
        if result["EvalDecision"] != _ALLOWED:
            yield result.get("EvalResourceName", "*")
        return
    for single in each:
        if single["EvalResourceDecision"] != _ALLOWED:
            yield single["EvalResourceName"]
