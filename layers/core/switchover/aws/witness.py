"""Records the callers, as AWS authenticated them, who decided or offered. Only functions write here.

| pk                  | sk        | holds                                                          |
|---------------------|-----------|----------------------------------------------------------------|
| decision#<update>   | <digest>  | one answer to a question, recorded before its token is answered |
| offered#<subject>   | callers   | the ARNs of the callers who vouched for the subject            |

These items are in the ledger's table, under keys of their own. People's permissions for the items of
endpoints and updates (`dynamodb:LeadingKeys`) don't include these items.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from switchover.domain.approvals.decision import Decision

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mypy_boto3_dynamodb import DynamoDBClient

# Callers per subject: more than a release ever has, and far fewer than an item can hold.
MOST_OFFERERS = 50


class Witness:
    """The records that only functions write. Every write is safe to repeat, and no record is removed."""

    def __init__(self, dynamodb: DynamoDBClient, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def record(self, decision: Decision) -> None:
        """Record one answer."""
        self._dynamodb.put_item(
            TableName=self._table,
            Item={
                "pk": {"S": f"decision#{decision.update_id}"},
                "sk": {"S": decision.key},
                "body": {"S": decision.model_dump_json()},
            },
        )

    def find(self, update_id: str, key: str) -> Decision | None:
        """The recorded answer with that key to a question of that update, if there is one."""
        if not key:
            return None
        found = self._dynamodb.get_item(
            TableName=self._table,
            Key={"pk": {"S": f"decision#{update_id}"}, "sk": {"S": key[:64]}},
            ConsistentRead=True,
        ).get("Item")
        return Decision.model_validate_json(found["body"]["S"]) if found else None

    def vouch(self, subject: str, arn: str) -> bool:
        """Record a caller who offers a subject; False if the subject has too many callers already."""
        try:
            self._dynamodb.update_item(
                TableName=self._table,
                Key=_offered(subject),
                UpdateExpression="ADD arns :own",
                ConditionExpression=(
                    "attribute_not_exists(arns) OR contains(arns, :arn) OR size(arns) < :most"
                ),
                ExpressionAttributeValues={
                    ":own": {"SS": [arn]},
                    ":arn": {"S": arn},
                    ":most": {"N": str(MOST_OFFERERS)},
                },
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            return False
        return True

    def offerers(self, subjects: Iterable[str]) -> tuple[str, ...]:
        """All recorded callers of these subjects; none if one subject has no caller."""
        found = [self._offerers(subject) for subject in subjects]
        return tuple(sorted(set().union(*found))) if all(found) else ()

    def _offerers(self, subject: str) -> frozenset[str]:
        item = self._dynamodb.get_item(
            TableName=self._table, Key=_offered(subject), ConsistentRead=True
        ).get("Item", {})
        return frozenset(item.get("arns", {}).get("SS", ()))


def _offered(subject: str) -> dict[str, dict[str, str]]:
    return {"pk": {"S": f"offered#{subject}"}, "sk": {"S": "callers"}}
