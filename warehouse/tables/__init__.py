"""Every table of the warehouse, one module per schema. Importing this package fills `metadata`."""

from warehouse.tables import benefits, handoffs, identity, intake, landing, measures, ops, outbox, prepared, published, quarantine, registry
from warehouse.tables.base import SCHEMAS, Table, metadata
from warehouse.tables.feeds import staging_table, staging_tables

__all__ = [
    "SCHEMAS",
    "Table",
    "benefits",
    "handoffs",
    "identity",
    "intake",
    "landing",
    "measures",
    "metadata",
    "ops",
    "outbox",
    "prepared",
    "published",
    "quarantine",
    "registry",
    "staging_table",
    "staging_tables",
]
