"""Which free texts of the neutral feeds wait for a steward."""

import pandas as pd
import pytest

from expectations.neutral import WORDS, holds_banned_word


@pytest.mark.parametrize("text", [*WORDS, "社区戒毒人员技能班", "戒 毒 所", "戒·毒", "刑满释放人员就业指导"])
def test_a_word_on_drugs_custody_or_orders_is_found(text: str) -> None:
    assert holds_banned_word(pd.Series([text])).tolist() == [True]


@pytest.mark.parametrize("text", ["消毒员", "康复护理", "病毒防护", "社区护理", "毛毯两条", "解除劳动合同指导", None])
def test_an_everyday_word_is_not(text: str | None) -> None:
    assert holds_banned_word(pd.Series([text], dtype=object)).tolist() == [False]
