import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warehouse.identity.names import Likeness, Names, bare_keys, likeness, name_levels, same_given

CHINESE = st.text(st.sampled_from("王李张阿·丽莉军君己巳肖萧□?某曾增小兰儿未无取名乐"), min_size=0, max_size=5)
LATIN = st.text(st.sampled_from("ABé"), min_size=3, max_size=8)
MIXED = st.text(st.sampled_from("王A某𠀀ー?1"), min_size=0, max_size=7)
ANY = st.one_of(CHINESE, LATIN, MIXED, st.text(max_size=4))


def every_pair(texts: list[str]) -> tuple[list[str], np.ndarray, np.ndarray]:
    keys = list(dict.fromkeys(bare_keys(texts)))
    a, b = np.divmod(np.arange(len(keys) ** 2), max(len(keys), 1))
    return keys, a, b


@settings(deadline=None)
@given(st.lists(ANY, min_size=1, max_size=12))
def test_columns_and_one_pair_agree(texts: list[str]) -> None:
    keys, a, b = every_pair(texts)
    levels = name_levels(Names.prepare(keys), a, b)
    assert [Likeness(level) for level in levels] == [likeness(keys[x], keys[y]) for x, y in zip(a, b, strict=True)]


@settings(deadline=None)
@given(st.lists(ANY, min_size=1, max_size=12))
def test_a_given_name_alone_counts_as_for_one_pair_with_an_equal_birth(texts: list[str]) -> None:
    keys, a, b = every_pair(texts)
    names = Names.prepare(keys)
    levels = np.where((name_levels(names, a, b) == Likeness.DIFFERENT) & same_given(names, a, b), Likeness.PART, name_levels(names, a, b))
    assert levels.tolist() == [likeness(keys[x], keys[y], is_birth_same=True) for x, y in zip(a, b, strict=True)]


@settings(deadline=None)
@given(st.lists(st.text(max_size=5), max_size=8))
def test_the_key_of_a_name_does_not_depend_on_the_others_in_the_column(texts: list[str]) -> None:
    assert bare_keys(texts) == [bare_keys([text])[0] for text in texts]


LABELLED = [
    ("Smith John", "John Smith", Likeness.VARIANT),
    ("John Smith", "Jonh Smith", Likeness.SHAPE),
    ("John Smith", "John Smyth", Likeness.SHAPE),
    ("John Smith", "Johnn Smith", Likeness.SHAPE),
    ("Mary Lee", "Mark Lew", Likeness.DIFFERENT),
    ("Lee", "Lea", Likeness.DIFFERENT),
    ("O'Brien-Kelly", "O'BRIENKELLY", Likeness.SAME),
    ("张小兰", "小兰张", Likeness.SHAPE),
    ("欧阳小兰", "小兰欧阳", Likeness.SHAPE),
    ("王明", "明王", Likeness.SHAPE),
    ("张小兰", "兰小张", Likeness.DIFFERENT),
    ("阿卜杜拉买买提", "买买提阿卜杜拉", Likeness.DIFFERENT),
    ("\ue81e明", "\u9fb4明", Likeness.SAME),
    ("⻰⼭", "龙山", Likeness.DIFFERENT),  # U+2EF0: the radicals supplement is not among the forms the agreement names
    ("⿓⼭", "龙山", Likeness.SAME),
    ("\uf90a明", "金明", Likeness.SAME),
    ("乐天", "岳天", Likeness.HOMOPHONE),  # a surname read yue, a given name read le
    ("乐天", "勒天", Likeness.HOMOPHONE),
    ("后羿", "後羿", Likeness.SAME),
    ("范丽", "範丽", Likeness.SAME),
    ("余华", "馀华", Likeness.VARIANT),
    ("叶华", "葉华", Likeness.SAME),
    ("戴琳", "代琳", Likeness.VARIANT),
    ("古丽*", "古丽娜", Likeness.PART),
    ("王明", "王建明", Likeness.PART),  # a sign lost
    ("欧阳兰", "欧阳小兰", Likeness.PART),
    ("欧阳兰", "阳小兰", Likeness.DIFFERENT),
    ("建明", "王建明", Likeness.DIFFERENT),  # without its surname
    ("小宇", "梁浩宇", Likeness.ALIAS),
    ("宇儿", "梁浩宇", Likeness.ALIAS),
    ("阿宇", "梁宇", Likeness.ALIAS),
    ("小梁", "梁浩宇", Likeness.DIFFERENT),  # of a surname: half a village
    ("大宇", "小宇", Likeness.ALIAS),
    ("小宇", "晓宇", Likeness.HOMOPHONE),
    ("大宇", "阿卜杜拉大宇", Likeness.DIFFERENT),
    ("某某", "王丽", Likeness.NONE),
    ("", "王丽", Likeness.NONE),
]


@pytest.mark.parametrize(("one", "other", "level"), LABELLED)
def test_labelled_pairs_have_their_level_as_columns(one: str, other: str, level: Likeness) -> None:
    keys = bare_keys([one, other])
    assert likeness(*keys) is level
    if keys[0] != keys[1]:
        assert name_levels(Names.prepare(keys), np.array([0, 1]), np.array([1, 0])).tolist() == [level, level]


def test_no_name_is_no_evidence() -> None:
    names = Names.prepare(bare_keys(["王丽"]))
    assert name_levels(names, np.array([-1, 0, 0]), np.array([0, -1, 0])).tolist() == [Likeness.NONE, Likeness.NONE, Likeness.SAME]
    assert name_levels(Names.prepare([]), np.array([-1]), np.array([-1])).tolist() == [Likeness.NONE]
    assert not same_given(names, np.array([-1]), np.array([0])).any()


def test_codes_are_equal_where_names_agree() -> None:
    names = Names.prepare(bare_keys(["张丽娟", "张莉娟", "王丽娟", "萧军", "肖军", "Mary Lee"]))
    assert names.sound[0] == names.sound[1] != names.sound[2]
    assert names.plain[3] == names.plain[4]
    assert names.given[0] == names.given[2] != names.given[1]
    assert names.given[3] == -1
    assert names.is_latin.tolist() == [False] * 5 + [True]


def test_a_very_long_name_costs_its_own_length_only() -> None:
    keys = bare_keys(["A" * 5000, "A" * 4999 + "B", "王丽"])
    assert name_levels(Names.prepare(keys), np.array([0, 0]), np.array([1, 2])).tolist() == [Likeness.SHAPE, Likeness.DIFFERENT]
