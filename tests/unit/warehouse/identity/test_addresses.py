import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warehouse.identity.addresses import _BLANKS, SAME_AS_HUKOU, _cleaned, _keys, _keys_by_shape, address_keys
from warehouse.identity.characters import normal

ROAD = "解放路12-3-2-501"
LABELLED = [
    ("山西省太原市杏花岭区迎晖街道安和社区解放路12号3号楼2单元501室", ROAD, "解放路"),
    ("太原市杏花岭区解放路１２号锦绣小区３栋２单元５０１", ROAD, "解放路"),
    ("迎晖街道解放路12号锦绣小区3幢2-501", ROAD, "解放路"),
    ("解放路12号3-2-501", ROAD, "解放路"),
    ("解放路十二号三号楼二单元五〇一室", ROAD, "解放路"),
    ("解放路 12 号 3 座 2 单元 501 户", ROAD, "解放路"),
    ("解放路12号院3号楼2单元501室", ROAD, "解放路"),
    ("解放路12号3楼2单元5层501室", ROAD, "解放路"),
    ("解放路12号3栋2单元502", "解放路12-3-2-502", "解放路"),
    ("龙泉镇柳林村三组12号", "柳林村3组12", "柳林村"),
    ("柳林村第3组12号", "柳林村3组12", "柳林村"),
    ("龙泉镇柳林村二队12号", "柳林村2队12", "柳林村"),
    ("龙泉镇柳林村", None, "柳林村"),
    ("五一路一百二十号", "五一路120", "五一路"),
    ("千峰北路二十一号", "千峰北路21", "千峰北路"),
    ("锦绣小区十号楼1单元101", "锦绣小区10-1-101", "锦绣小区"),
    ("安和社区3号楼1单元101", "安和社区3-1-101", "安和社区"),
    ("幸福小区A座1203室", "幸福小区A-1203", "幸福小区"),
    ("3号楼2单元501", None, None),
    ("同户籍", SAME_AS_HUKOU, SAME_AS_HUKOU),
    ("同户籍地址", SAME_AS_HUKOU, SAME_AS_HUKOU),
    ("外省户籍地址", None, "外省户籍地址"),
    ("", None, None),
    (None, None, None),
]


@pytest.mark.parametrize(("text", "house", "street"), LABELLED)
def test_an_address_has_its_dwelling_and_street(text: str | None, house: str | None, street: str | None) -> None:
    houses, streets = address_keys([text], None)
    assert (houses[0], streets[0]) == (house, street)


def test_the_same_dwelling_in_another_county_is_another_one() -> None:
    houses, streets = address_keys(["解放路12号", "解放路12号", "解放路12号", "同户籍"], ["140107", "140108005001", None, "140107"])
    assert houses.tolist() == ["140107 解放路12", "140108 解放路12", "解放路12", SAME_AS_HUKOU]
    assert streets.tolist() == ["140107 解放路", "140108 解放路", "解放路", SAME_AS_HUKOU]


@settings(deadline=None)
@given(st.lists(st.text(st.sampled_from("解放路村组小区号楼栋单元室层3十百一-１ A第"), max_size=12), max_size=10))
def test_a_key_does_not_depend_on_the_other_texts_of_the_column(texts: list[str]) -> None:
    assert address_keys(texts, None)[0].tolist() == [address_keys([text], None)[0][0] for text in texts]


CHARACTERS = "0123456789一二十百五零〇号栋楼层室院门组村街路社区镇乡第同户籍-#Ab １、\u3000"
PARTS = ["山西省", "太原市", "杏花岭区", "迎晖街道", "解放路", "三里街道", "单元", "小区", "社区", "同户籍", "12层", "-3层-401", "--"]
PIECES = st.sampled_from([*CHARACTERS, *PARTS])
ADDRESSES = st.one_of(st.lists(PIECES, max_size=28).map("".join), st.text(max_size=8))


@settings(deadline=None, max_examples=150)
@given(st.lists(ADDRESSES, max_size=8))
def test_taken_apart_by_shape_an_address_has_the_keys_it_has_by_itself(texts: list[str]) -> None:
    column = _cleaned(texts)
    for by_shape, by_itself in zip(_keys_by_shape(column), _keys(column), strict=True):
        assert by_shape.to_pylist() == by_itself.to_pylist()


@settings(deadline=None)
@given(st.lists(ADDRESSES, max_size=8))
def test_what_looks_clean_is_left_alone_by_cleaning(texts: list[str]) -> None:
    normals = pa.array([normal(text).upper() for text in texts], pa.large_string())
    assert _cleaned(texts).to_pylist() == pc.replace_substring_regex(normals, _BLANKS, "").to_pylist()
