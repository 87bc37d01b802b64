"""The ledger's table in tests, shaped as the template shapes it."""

from __future__ import annotations

from typing import Any

from tests.support.table import Table
from tests.support.template import read_template

TABLE = "ledger"


def create_table(dynamodb: Any, table: str) -> None:
    """Make the ledger's table as the template asks for it."""
    (of_template,) = read_template().named("AWS::DynamoDB::Table").values()
    wanted = read_template().resolve(of_template)
    dynamodb.create_table(
        TableName=table,
        KeySchema=wanted["KeySchema"],
        AttributeDefinitions=wanted["AttributeDefinitions"],
        GlobalSecondaryIndexes=wanted["GlobalSecondaryIndexes"],
        BillingMode=wanted["BillingMode"],
    )


def table_in_memory() -> Table:
    """The ledger's table in memory, with the template's indexes."""
    (of_template,) = read_template().named("AWS::DynamoDB::Table").values()
    return Table.of(read_template().resolve(of_template)["GlobalSecondaryIndexes"])
