"""What every table shares: one metadata, and columns that cannot be declared without a comment."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import BigInteger, Identity, MetaData, Text
from sqlalchemy.orm import DeclarativeBase, mapped_column
from sqlalchemy.orm.properties import MappedColumn

SCHEMAS = {
    "landing": "Deliveries exactly as received",
    "staging": "Rows that kept the agreement, every version; neutral feeds",
    "sealed": "Rows that kept the agreement, every version; feeds that benefit readers must never reach",
    "quarantine": "Rows that did not keep the agreement, and warnings",
    "identity": "Who is who: persons, links and the reasons",
    "registry": "Dated parameters, working days, code texts",
    "handoffs": "Release handoffs and their flags, as worked out",
    "benefits": "Household facts and findings, as worked out",
    "published": "What desks read; switched in one transaction",
    "outbox": "Messages to people and systems, and what became of them",
    "audit": "Who saw and did what",
    "ops": "Runs, watermarks, leases, receipts, quality figures",
}

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pk",
        "uq": "%(table_name)s_%(column_0_N_name)s_uq",
        "ix": "%(table_name)s_%(column_0_N_name)s_ix",
        "fk": "%(table_name)s_%(column_0_name)s_fk",
        "ck": "%(table_name)s_%(constraint_name)s_ck",
    }
)


class Table(DeclarativeBase):
    """Base of every table class."""

    metadata = metadata
    type_annotation_map: ClassVar[dict[type, Any]] = {str: Text}


def column(comment: str, *arguments: Any, **options: Any) -> MappedColumn[Any]:
    """A column with the comment that reaches the database catalogue."""
    return mapped_column(*arguments, comment=comment, **options)


def serial(comment: str) -> MappedColumn[Any]:
    """A primary key numbered by the database in order of arrival."""
    return mapped_column(BigInteger, Identity(always=True), primary_key=True, comment=comment)
