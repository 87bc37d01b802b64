"""How cost grows: with shards and files, with the ledger, with endpoints that update at once."""
