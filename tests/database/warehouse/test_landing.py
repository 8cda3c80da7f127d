"""Deliveries are durable before they are acknowledged, land once, and come back to the byte."""

import threading
from pathlib import Path

import pytest
from sqlalchemy import text

from core.errors import FixConfiguration
from expectations.delivery import Delivery
from warehouse.database import Role, transaction
from warehouse.landing.batches import land, load
from warehouse.landing.raw import LARGEST_IN_A_PACK_BYTES, RawStore, is_same_content

CONTENT = "source_key\nGA-1\n张示例\n".encode("gb18030")


def a_delivery(content: bytes = CONTENT, name: str = "centre_roster_140100Q001_20261120.csv") -> Delivery:
    return Delivery("detention_centers", "centre_roster", name, "csv", content, sender_code="140100Q001")


def test_the_bytes_come_back_exactly_and_do_not_lie_open(warehouse_url: str, tmp_path: Path) -> None:
    store = RawStore()
    batch_id, is_new = land(a_delivery(), store)
    assert is_new
    with transaction(Role.ETL) as connection:
        assert load(connection, batch_id, store).delivery == a_delivery()
    for path in (tmp_path / "raw").rglob("*"):
        if path.is_file():
            assert "张示例".encode("gb18030") not in path.read_bytes()
            assert path.stat().st_mode & 0o077 == 0


def test_the_same_delivery_twice_is_one_batch_and_other_bytes_are_another(warehouse_url: str) -> None:
    store = RawStore()
    first, _ = land(a_delivery(), store)
    again, is_new = land(a_delivery(), store)
    other, other_is_new = land(a_delivery(CONTENT + b"GA-2\n"), store)
    assert (again, is_new) == (first, False)
    assert other != first
    assert other_is_new
    with transaction(Role.ETL) as connection:
        assert connection.execute(text("select delivered_count from landing.batch where batch_id = :b"), {"b": first}).scalar_one() == 2


def test_sixteen_senders_of_one_delivery_at_once_make_one_batch(warehouse_url: str) -> None:
    landed: list[tuple[int, bool]] = []
    threads = [threading.Thread(target=lambda: landed.append(land(a_delivery(), RawStore()))) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({batch for batch, _ in landed}) == 1
    assert sum(is_new for _, is_new in landed) == 1


def test_changed_raw_bytes_are_refused(warehouse_url: str, tmp_path: Path) -> None:
    store = RawStore()
    address = store.put(CONTENT)
    path = tmp_path / "raw" / address[:2] / address[2:4] / address
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:-1] + b"\x00")
    with pytest.raises(FixConfiguration):
        store.get(address)


def test_small_contents_stored_together_share_a_file_and_come_back_one_by_one(warehouse_url: str, tmp_path: Path) -> None:
    store = RawStore()
    contents = [CONTENT, b"", CONTENT + b"GA-2\n", b"x" * LARGEST_IN_A_PACK_BYTES, b"y" * (LARGEST_IN_A_PACK_BYTES + 1), CONTENT]
    addresses = store.put_together(contents)
    assert [RawStore().get(address) for address in addresses] == contents
    assert len([path for path in (tmp_path / "raw").rglob("*") if path.is_file()]) == 2
    assert store.put_together(contents) == addresses
    assert is_same_content(store.put(CONTENT), addresses[0])
    assert not is_same_content(addresses[0], addresses[2])


def test_a_changed_pack_and_a_content_it_does_not_hold_are_refused(warehouse_url: str, tmp_path: Path) -> None:
    store = RawStore()
    first, _ = store.put_together([CONTENT, b"other"])
    pack = first.partition("@")[2]
    with pytest.raises(FixConfiguration, match="are not what was stored"):
        store.get(f"{store.put(b'elsewhere')}@{pack}")
    path = tmp_path / "raw" / "packs" / pack[:2] / pack
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:-1] + b"\x00")
    with pytest.raises(FixConfiguration):
        store.get(first)
    path.unlink()
    with pytest.raises(FixConfiguration, match="not in the raw store"):
        store.get(first)
