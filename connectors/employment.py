"""The employment bureau: monthly and weekly files on its SFTP server (agreement section 6)."""

from __future__ import annotations

from collections.abc import Iterator

from connectors import sftp_files
from connectors.folder import IsKnown
from expectations.delivery import Delivery

PROVIDER = "employment"


def fetch(connection: dict[str, str], is_known: IsKnown | None = None) -> Iterator[Delivery]:
    """Yield every complete file not known yet, by (date, sequence, name); errors as `sftp_files.fetch`."""
    yield from sftp_files.fetch(PROVIDER, connection, is_known)


def put_receipt(connection: dict[str, str], file_name: str, receipt_json: bytes, rejected_csv: bytes | None) -> None:
    """The bureau finds what became of a file in outbox/employment/; errors as `sftp_files.put_receipt`."""
    sftp_files.put_receipt(connection, PROVIDER, file_name, receipt_json, rejected_csv)
