"""The name of the ledger's table in tests."""

TABLE = "ledger"
