"""Every odd or hostile delivery ends exactly where its label says, and no message repeats a received value."""

import pytest

from core.errors import AgreementBroken, SourceChanged
from expectations.agreement import feed
from expectations.decoding import decode
from tests.unit.expectations.hostile_files import HOSTILE_FILES, SOURCE_CHANGED, HostileFile

RECEIVED_VALUES = ("张示例", "14999919850312001X", "13000000001")


@pytest.mark.parametrize("case", HOSTILE_FILES, ids=lambda case: case.label)
def test_a_hostile_delivery_ends_where_its_label_says(case: HostileFile):
    asked, delivery = feed(case.feed), case.delivery()
    if case.refused:
        family = SourceChanged if case.refused == SOURCE_CHANGED else AgreementBroken
        with pytest.raises(family) as refusal:
            decode(asked, delivery)
        assert getattr(refusal.value, "code", SOURCE_CHANGED) == case.refused
        assert not any(value in str(refusal.value) for value in RECEIVED_VALUES)
        return
    decoded = decode(asked, delivery)
    codes = {(n, None if f is None else f, c) for n, f, c in decoded.problems.itertuples(index=False)}
    assert decoded.row_count == len(decoded.rows) == case.row_count
    assert codes == set(case.row_codes)
    for row_number, name, text in case.cells:
        found = decoded.rows.at[row_number, name]
        assert (None if found != found else found) == text
    assert {name: decoded.notes.get(name) for name in case.notes} == case.notes


def test_the_corpus_is_large_and_its_labels_differ():
    assert len({case.label for case in HOSTILE_FILES}) == len(HOSTILE_FILES) >= 120
