"""Records, as AWS authenticated them, who decided and who offered. Only functions may write here.

| pk                  | sk        | holds                                                          |
|---------------------|-----------|----------------------------------------------------------------|
| decision#<update>   | <digest>  | one answer to a question, recorded before its token is answered |
| offered#<subject>   | callers   | the ARNs of who vouched for a release.json, or for an update   |

In the ledger's table, under keys of their own: a grant that people are given to the rows of endpoints and
updates (`dynamodb:LeadingKeys`) doesn't reach them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from switchover.domain.approvals.decision import Decision

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mypy_boto3_dynamodb import DynamoDBClient

# Of one subject. More than ever offer one release, and far less than an item may hold.
MOST_OFFERERS = 50


class Witness:
    """What functions vouch for. Every write is safe to repeat, and nothing is ever taken back."""

    def __init__(self, dynamodb: DynamoDBClient, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def record(self, decision: Decision) -> None:
        """Keep one answer."""
        self._dynamodb.put_item(
            TableName=self._table,
            Item={
                "pk": {"S": f"decision#{decision.update_id}"},
                "sk": {"S": decision.key},
                "body": {"S": decision.model_dump_json()},
            },
        )

    def find(self, update_id: str, key: str) -> Decision | None:
        """The answer of that key to a question of that update, if one was recorded."""
        if not key:
            return None
        found = self._dynamodb.get_item(
            TableName=self._table,
            Key={"pk": {"S": f"decision#{update_id}"}, "sk": {"S": key[:64]}},
            ConsistentRead=True,
        ).get("Item")
        return Decision.model_validate_json(found["body"]["S"]) if found else None

    def vouch(self, subject: str, arn: str) -> bool:
        """Keep that a caller offers something; False if too many did already."""
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
        """All recorded callers for any of these subjects; none if one of them has no caller."""
        found = [self._offerers(subject) for subject in subjects]
        return tuple(sorted(set().union(*found))) if all(found) else ()

    def _offerers(self, subject: str) -> frozenset[str]:
        item = self._dynamodb.get_item(
            TableName=self._table, Key=_offered(subject), ConsistentRead=True
        ).get("Item", {})
        return frozenset(item.get("arns", {}).get("SS", ()))


def _offered(subject: str) -> dict[str, dict[str, str]]:
    return {"pk": {"S": f"offered#{subject}"}, "sk": {"S": "callers"}}
