"""Files with .ok on a provider's SFTP server, and the receipts it finds in our outbox: what both SFTP providers share."""

from __future__ import annotations

import time
from collections.abc import Iterator

from connectors import folder as files
from connectors import sftp
from core.errors import SourceChanged
from expectations.delivery import Delivery


def fetch(
    provider: str,
    connection: dict[str, str],
    is_known: files.IsKnown | None = None,
    limits: sftp.Limits = sftp.Limits(),  # noqa: B008 frozen
) -> Iterator[Delivery]:
    """Yield every complete file of the provider's folder, as `folder.deliveries` describes.

    Raises:
        SourceUnavailable: no connection, a deadline passed, the connection broke.
        SourceChanged: another host key, no such folder, links or paths in it, or (at the end) a file too large to read.
        FixConfiguration: the connection or its login is wrong.
    """
    with sftp.session(connection, limits) as server:
        try:
            listing = server.listing(provider)
        except FileNotFoundError as error:
            raise SourceChanged(f"the SFTP server has no folder {provider}") from error
        now_seconds = time.time()
        seen = files.Folder(
            listing,
            lambda name, greatest: server.read(provider, name, greatest),
            lambda listed, file_date: now_seconds - listed.modified_at >= files.WAIT_FOR_OK_SECONDS,
        )
        yield from files.deliveries(provider, seen, is_known)


def put_receipt(connection: dict[str, str], provider: str, file_name: str, receipt_json: bytes, rejected_csv: bytes | None) -> None:
    """`outbox/<provider>/` holds the file's receipt, and its rejected rows where there are any (written first, so that who sees
    the receipt finds them).

    Raises: as `fetch`.
    """
    if "/" in file_name or "\\" in file_name or file_name in {"", ".", ".."}:
        raise SourceChanged("a receipt is only written for a plain file name")
    with sftp.session(connection) as server:
        if rejected_csv is not None:
            server.write(f"outbox/{provider}", f"{file_name}.rejected.csv", rejected_csv)
        server.write(f"outbox/{provider}", f"{file_name}.receipt.json", receipt_json)
