"""Receive: one module per provider and the edges it travels over (REST, SFTP, front-end database, folders).

Each module knows its agency's dialect and decides nothing: whatever arrives comes out as `expectations.delivery.Delivery`, bytes
exactly as received, for the pipeline to land. No connector trusts an agency's server: addresses and keys are pinned, sizes and
times are bounded, and every foreign error leaves here as SourceUnavailable (try again) or SourceChanged (tell the steward).
"""
