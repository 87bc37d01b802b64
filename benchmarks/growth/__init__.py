"""How the cost grows with shards and files, with the ledger, and with endpoints that update at once."""
