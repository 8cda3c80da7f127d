"""A workbook's child process is held to its limits, and reaching one is a refusal like any other."""

import pytest

from core.errors import AgreementBroken
from expectations.agreement import feed
from expectations.decoding import decode, xlsx
from expectations.delivery import Delivery
from tests.unit.expectations.hostile_case import LEDGER, sample_rows
from tests.unit.expectations.hostile_workbooks import plain_workbook


@pytest.fixture(scope="module")
def delivery() -> Delivery:
    return Delivery("community", LEDGER, "t", "xlsx", plain_workbook(LEDGER, sample_rows(LEDGER, 4000)))


@pytest.mark.parametrize(
    ("limit", "value"), [("MEMORY_BYTES", 16 << 20), ("OUTPUT_BYTES", 100_000), ("CPU_SECONDS", 0), ("WALL_SECONDS", 0.01)]
)
def test_a_workbook_that_needs_more_than_allowed_is_refused(delivery, monkeypatch, limit, value):
    monkeypatch.setattr(xlsx, limit, value)
    with pytest.raises(AgreementBroken) as refusal:
        decode(feed(LEDGER), delivery)
    assert refusal.value.code == "E_FORMAT"
    assert "send it as .csv or in parts" in refusal.value.detail


def test_the_same_workbook_is_read_within_the_limits(delivery):
    assert decode(feed(LEDGER), delivery).row_count == 4000
