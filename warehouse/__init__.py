"""Keep, link, decide, publish: everything that lives in PostgreSQL and the raw bytes behind it."""
