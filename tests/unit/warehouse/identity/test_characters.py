import pytest
from hypothesis import given
from hypothesis import strategies as st

from expectations.forms.clean import TRIMMED, clean
from expectations.forms.private_use import TO_UNICODE
from warehouse.identity.characters import flat_characters, normal, simplified
from warehouse.identity.names import bare_keys


@pytest.mark.parametrize("point", sorted(TO_UNICODE))
def test_a_private_use_character_becomes_the_one_the_standard_now_has(point: int) -> None:
    assert normal(chr(point)) == normal(chr(TO_UNICODE[point]))


@pytest.mark.parametrize("point", range(0x2F00, 0x2FD6))
def test_a_radical_becomes_the_ordinary_character(point: int) -> None:
    assert 0x4E00 <= ord(normal(chr(point))) <= 0x9FFF


# Twelve of the block are characters of their own by the Unicode standard, for all their place among the compatible ones.
OWN = {0xFA0E, 0xFA0F, 0xFA11, 0xFA13, 0xFA14, 0xFA1F, 0xFA21, 0xFA23, 0xFA24, 0xFA27, 0xFA28, 0xFA29}


@pytest.mark.parametrize("point", [p for p in range(0xF900, 0xFADA) if p not in OWN and p not in (0xFA6E, 0xFA6F)])
def test_a_compatible_ideograph_becomes_the_ordinary_one(point: int) -> None:
    assert normal(chr(point)) != chr(point)


@given(st.text())
def test_normal_and_the_value_form_say_the_same(text: str) -> None:
    assert normal(text.replace("\0", "")).strip(TRIMMED) == clean(text)


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\u2028")), max_size=6))
def test_texts_simplified_together_are_as_simplified_alone(texts: list[str]) -> None:
    assert simplified(texts) == [simplified([text])[0] for text in texts]


@given(st.lists(st.text(max_size=5), max_size=6))
def test_characters_lie_one_text_behind_the_other(texts: list[str]) -> None:
    characters, lengths = flat_characters(texts)
    assert "".join(map(chr, characters.tolist())) == "".join(texts)
    assert lengths.tolist() == [len(text) for text in texts]


@pytest.mark.parametrize("dot", "·\u2022\u2027\u30fb\uff65\u2219\u22c5\u0387\u2e31\u2024\uff0e.。-")
def test_a_name_with_any_dot_is_the_name_without(dot: str) -> None:
    assert bare_keys([f"阿依古丽{dot}买买提"]) == ["阿依古丽买买提"]


@pytest.mark.parametrize("blank", " \u00a0\u3000\u200b\u200c\u200d\ufeff")
def test_a_name_with_any_blank_is_the_name_without(blank: str) -> None:
    assert bare_keys([f"{blank}王{blank}丽{blank}"]) == ["王丽"]
