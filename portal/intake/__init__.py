"""The intake: release notices pushed or uploaded by detention centres, over HTTP, signed, acknowledged once they are durable.

    POST /api/v1/intake/detention_centers/release_notices                   a JSON batch (agreement section 3)
    POST /api/v1/intake/detention_centers/release_notices/files/<name>      the same feed as CSV or XLSX
    GET  /api/v1/intake/keys                                                our public keys (JWKS): receipts are checked with them
    GET  /api/v1/intake/health                                              204 while batches can be taken, else 503

Uploads are signed like pushes, under a tag of their own and with the file name as Idempotency-Key, until the portal has logins.

Whoever must act on an accepted batch listens to PostgreSQL: the transaction that decides a batch does
`pg_notify('guitu_intake', '<landing.batch.batch_id>')`, heard at commit. NOTIFY is a bell, not a queue: a listener that was
away looks at landing.push for batches newer than the last it saw. `create_app(on_taken=...)` is called in this process as well, after
the commit, with the numbers of the batches.

`python -m portal.intake` serves it; what it needs from the environment stands in portal/intake/settings.py.
"""
