"""From a delivery's bytes to rows of text: one module per form. What a cell means is read in `expectations.forms`, not here."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from core.errors import AgreementBroken
from expectations.agreement import Feed
from expectations.decoding import delimited, messages, xlsx
from expectations.decoding.frames import Columns, in_chunks
from expectations.delivery import Decoded, Delivery

__all__ = ["decode", "decode_chunks"]


def decode(feed: Feed, delivery: Delivery) -> Decoded:
    """All rows of a delivery as text, index = row_number from 1; text columns have pandas' `str` dtype, absent cells are missing.

    Raises:
        AgreementBroken: E_FORMAT, E_ENCODING, E_HEADER, E_HEADER_UNIT, E_ROWS or E_HASH; nothing of the delivery can be taken.
        SourceChanged: a JSON delivery is not JSON or not the agreed envelope.
    """
    columns = _columns(feed, delivery)
    return next(in_chunks(columns, max(columns.table.num_rows, 1)))


def decode_chunks(feed: Feed, delivery: Delivery, rows_per_chunk: int) -> Iterator[Decoded]:
    """The same rows in pieces of at most `rows_per_chunk`, with running row numbers; at least one piece.

    The whole delivery is checked before the first piece comes, so nothing has to be taken back. The text is held once, in
    columns; only one piece at a time is a frame.

    Raises:
        AgreementBroken, SourceChanged: as for `decode`, before the first piece.
    """
    yield from in_chunks(_columns(feed, delivery), rows_per_chunk)


def _columns(feed: Feed, delivery: Delivery) -> Columns:
    if delivery.declared_sha256 is not None and hashlib.sha256(delivery.content).hexdigest() != delivery.declared_sha256:
        raise AgreementBroken("E_HASH", "the bytes are not those the .ok file was written for; send file and .ok again")
    columns = _by_form(feed, delivery)
    if delivery.declared_rows is not None and delivery.declared_rows != columns.table.num_rows:
        raise AgreementBroken("E_ROWS", f"{delivery.declared_rows} rows declared, {columns.table.num_rows} there; send file and .ok again")
    return columns


def _by_form(feed: Feed, delivery: Delivery) -> Columns:
    match delivery.form:
        case "csv":
            return delimited.read_file(feed, delivery.content)
        case "xlsx":
            return xlsx.read_workbook(feed, delivery.content)
        case "table":
            return delimited.read_table(feed, delivery.content)
        case "push":
            return messages.read_push(feed, delivery.content, delivery.sender_code)
        case "page":
            return messages.read_page(feed, delivery.content)
