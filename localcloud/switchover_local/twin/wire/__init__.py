"""Everything between an HTTP request and an operation: protocols, checks, pages, refusals."""
