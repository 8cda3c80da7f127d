import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse.identity.names import Likeness, bare_keys, likeness, name_keys

LABELLED = [
    ("张示例", "张示例", Likeness.SAME),
    ("吳永榮", "吴永荣", Likeness.SAME),
    ("廖 文轩", "廖文轩", Likeness.SAME),
    ("阿米娜・玉素甫", "阿米娜·玉素甫", Likeness.SAME),
    ("阿依古丽艾合买提", "阿依古丽·艾合买提", Likeness.SAME),
    ("阿卜杜拉．买买提", "阿卜杜拉•买买提", Likeness.SAME),
    ("ｌｉ明", "LI明", Likeness.SAME),
    ("龍⼤", "龙大", Likeness.SAME),
    ("肖军", "萧军", Likeness.VARIANT),
    ("阎平", "闫平", Likeness.VARIANT),
    ("付伟", "傅伟", Likeness.VARIANT),
    ("钟丽", "锺丽", Likeness.VARIANT),
    ("李军飞", "李君飞", Likeness.HOMOPHONE),
    ("许莉娟", "许丽娟", Likeness.HOMOPHONE),
    ("曾国强", "增国强", Likeness.HOMOPHONE),
    ("王己", "王巳", Likeness.SHAPE),
    ("李未", "李末", Likeness.SHAPE),
    ("叶宇□", "叶宇航", Likeness.PART),
    ("程芷?", "程芷若", Likeness.PART),
    ("阿卜杜拉", "阿卜杜拉·买买提", Likeness.PART),
    ("张三", "李四", Likeness.DIFFERENT),
    ("王建国", "王建军", Likeness.DIFFERENT),
    ("刘梓泽", "刘梓文", Likeness.DIFFERENT),
    ("李雪凤", "李芬", Likeness.DIFFERENT),
    ("?□", "张三", Likeness.DIFFERENT),
    ("未取名", "张三", Likeness.NONE),
    ("张某", "张某", Likeness.NONE),
    ("王某某", "王某某", Likeness.NONE),
]


@pytest.mark.parametrize(("one", "other", "level"), LABELLED)
def test_labelled_pairs_have_their_level_both_ways(one: str, other: str, level: Likeness) -> None:
    a, b = bare_keys([one, other])
    assert likeness(a, b) is level
    assert likeness(b, a) is level


def test_another_surname_with_the_same_given_name_is_a_part_only_with_an_equal_birth() -> None:
    assert likeness("张小兰", "王小兰") is Likeness.DIFFERENT
    assert likeness("张小兰", "王小兰", is_birth_same=True) is Likeness.PART
    assert likeness("张兰", "王兰", is_birth_same=True) is Likeness.DIFFERENT


def test_an_alias_is_the_holders_former_name_and_nobody_elses() -> None:
    assert likeness("李芬", "李雪凤", aliases=frozenset({"李芬"})) is Likeness.ALIAS
    assert likeness("傅心昕", "李雪凤", aliases=frozenset({"李芬", "李雪凤"})) is Likeness.DIFFERENT


def test_the_first_key_keeps_one_kind_of_dot_and_the_second_none() -> None:
    assert name_keys(["阿米娜・玉素甫"]) == ["阿米娜·玉素甫"]
    assert bare_keys(["阿米娜・玉素甫"]) == ["阿米娜玉素甫"]
    assert name_keys([]) == []


NAMES = st.text(st.sampled_from("王李张阿·丽莉军君己巳肖萧□?某 "), min_size=0, max_size=5)


@given(NAMES, NAMES)
def test_likeness_looks_the_same_from_both_sides_and_a_key_is_its_own_key(one: str, other: str) -> None:
    a, b = bare_keys([one, other])
    assert likeness(a, b) is likeness(b, a)
    assert bare_keys([a, b]) == [a, b]
