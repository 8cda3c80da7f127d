"""Addresses as keys: which dwelling and which street a text means, whoever wrote it. Equal keys speak of a household, not a person.

A dwelling is its road and house number, or its village or estate, with the numbers of building, unit and room: what stands
around them (street office, community, estate behind a house number) is written by some agencies and left out by others.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from expectations.forms.clean import as_booleans
from expectations.forms.regions import names_by_code
from warehouse.identity.characters import normal
from warehouse.identity.shapes import Shaped

SAME_AS_HUKOU = "同户籍"
"""In place of both keys where the text says that it is the hukou address."""

_DIGITS = {"〇": 0, "零": 0, "一": 1, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
_NUMERALS = "〇零一二三四五六七八九十百"
# 万 and 千 are left alone: they begin place names, and no door has such a number.
_COUNTED = "号栋幢座单室楼层组队社门户房院弄"
_NUMERAL = re.compile(rf"[{_NUMERALS}]+(?=[{_COUNTED}\-])|(?<=[0-9\-])[{_NUMERALS}]+|(?<=第)[{_NUMERALS}]+")
_SAME_AS_HUKOU = r"^[同与]户籍(?:所在)?(?:地址|地)?(?:一致|相同)?$"
# Letters, digits and ideographs that are already as `normal` and upper case make them, and none of the blanks.
_UNCLEAN = r"[^0-9A-Z#\-\x{3007}\x{4E00}-\x{9FFF}]"
_BLANKS = r"[\s\p{Z},。.;:()'\"·\x{200B}-\x{200D}\x{FEFF}]+"
# In this order, each on the result of the one before.
_REWRITES = (
    (r"[\-—–―−_/~、]+", "-"),
    (r"第([0-9])", r"\1"),
    (r"^[^0-9]*?(?:街道办事处|街道办|街道|镇|乡)([^0-9])", r"\1"),
    (r"^[^0-9]*社区(?:居民委员会|居委会)?([^0-9])", r"\1"),
    (r"(单元|门|楼|栋|幢|座|-)[0-9]+层-?([0-9]{3,4})", r"\1\2"),
    (r"([0-9A-Z])(?:号楼|号院|号|#楼|#|栋楼|栋|幢楼|幢|座|单元|门|室|户|房|楼|层|院)", r"\1-"),
    (r"-[^0-9A-Z\-组队社村]+([0-9A-Z])", r"-\1"),
    (r"-{2,}", "-"),
    (r"^-|-$", ""),
)
_BEHIND_REGIONS = "[0-9街村].*$"
_LONGEST_NAME = 15
_HOUSE = r"^[^0-9A-Z\-][^0-9]*[0-9]"
_BEHIND_STREET = "-*[0-9A-Z].*$"


def address_keys(
    texts: Sequence[str | None] | np.ndarray | pa.Array, region_codes: Sequence[str | None] | np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """The dwelling and the street of each distinct text.

    Addresses that differ only in their numbers, which most do, are taken apart once.

    Args:
        texts: addresses as received.
        region_codes: the present-day code beside each text, of which the county becomes part of the keys; None leaves it out.

    Returns:
        Two object arrays of texts; None where there is no house number, or no street; SAME_AS_HUKOU where the text says so.
    """
    house, street = _keys_by_shape(_cleaned(texts))
    if region_codes is not None:
        counties = pa.array([f"{code[:6]} " if code else "" for code in region_codes], pa.large_string())
        same = pc.fill_null(pc.equal(house, SAME_AS_HUKOU), False)
        joined = (pc.binary_join_element_wise(counties, key, pa.scalar("", pa.large_string())) for key in (house, street))
        house, street = (pc.if_else(same, SAME_AS_HUKOU, key) for key in joined)
    return house.to_numpy(zero_copy_only=False), street.to_numpy(zero_copy_only=False)


def _cleaned(texts: Sequence[str | None] | np.ndarray | pa.Array) -> pa.LargeStringArray:
    """Each text normal, in capitals and without blanks; most are so as received."""
    received = texts if isinstance(texts, pa.Array) else pa.array(texts, pa.large_string(), from_pandas=True)
    column = pc.fill_null(received.cast(pa.large_string()), "")
    is_unclean = pc.match_substring_regex(column, _UNCLEAN)
    if not pc.any(is_unclean).as_py():
        return column
    normals = pa.array([normal(text).upper() for text in column.filter(is_unclean).to_pylist()], pa.large_string())
    return pc.replace_with_mask(column, is_unclean, pc.replace_substring_regex(normals, _BLANKS, ""))


def _keys_by_shape(column: pa.LargeStringArray) -> tuple[pa.LargeStringArray, pa.LargeStringArray]:
    """What `_keys` says, found once per shape wherever the digits make no difference."""
    shaped = Shaped.of(column)
    are_alike = _are_alike(shaped.shapes)
    house, street = _keys(pc.if_else(pa.array(are_alike), shaped.shapes, ""))
    keys = shaped.filled(house), street.take(pa.array(shaped.codes))
    is_alone = pa.array(~are_alike[shaped.codes] | shaped.has_many_runs)
    alone = _keys(column.filter(is_alone))
    return pc.replace_with_mask(keys[0], is_alone, alone[0]), pc.replace_with_mask(keys[1], is_alone, alone[1])


def _are_alike(shapes: pa.LargeStringArray) -> np.ndarray:
    """True for the shapes whose texts are taken apart alike, whatever the digits: no numeral becomes digits, no floor is dropped."""
    result = ~as_booleans(pc.match_substring(shapes, "层"))
    may_change = np.flatnonzero(as_booleans(pc.match_substring_regex(shapes, f"[{_NUMERALS}]")))
    for place, shape in zip(may_change.tolist(), shapes.take(pa.array(may_change)).to_pylist(), strict=True):
        result[place] &= _NUMERAL.search(shape) is None
    return result


def _keys(column: pa.LargeStringArray) -> tuple[pa.LargeStringArray, pa.LargeStringArray]:
    """The dwelling and the street of clean texts."""
    column = _with_digits(_without_regions(column))
    for pattern, replacement in _REWRITES:
        column = pc.replace_substring_regex(column, pattern, replacement)
    same = pc.match_substring_regex(column, _SAME_AS_HUKOU)
    street = pc.replace_substring_regex(column, _BEHIND_STREET, "")
    house = pc.if_else(pc.match_substring_regex(column, _HOUSE), column, None)
    street = pc.if_else(pc.equal(street, ""), None, street)
    return pc.if_else(same, SAME_AS_HUKOU, house), pc.if_else(same, SAME_AS_HUKOU, street)


def _with_digits(column: pa.LargeStringArray) -> pa.LargeStringArray:
    """Chinese numerals that count doors or what is behind them as digits."""
    at = np.flatnonzero(as_booleans(pc.match_substring_regex(column, f"[{_NUMERALS}]")))
    if not len(at):
        return column
    result = column.to_numpy(zero_copy_only=False).copy()
    result[at] = [_NUMERAL.sub(lambda found: _number(found[0]), text) for text in result[at].tolist()]
    return pa.array(result, pa.large_string())


def _number(numeral: str) -> str:
    """The digits of a Chinese numeral below 1000; written figure by figure it stays so."""
    if "十" not in numeral and "百" not in numeral:
        return "".join(str(_DIGITS[character]) for character in numeral)
    total, figure = 0, 0
    for character in numeral:
        if character in _DIGITS:
            figure = _DIGITS[character]
        else:
            total += (figure or 1) * (10 if character == "十" else 100)
            figure = 0
    return str(total + figure)


def _without_regions(column: pa.LargeStringArray) -> pa.LargeStringArray:
    """Each text without the names of province, city and county it begins with, looked at once per distinct beginning."""
    heads = pc.replace_substring_regex(column, _BEHIND_REGIONS, "").dictionary_encode()
    lengths = np.array([_regions_length(head) for head in heads.dictionary.to_pylist()], dtype=np.int64)[heads.indices.to_numpy()]
    result = column.to_numpy(zero_copy_only=False).copy()
    at = np.flatnonzero(lengths)
    result[at] = [text[length:] for text, length in zip(result[at].tolist(), lengths[at].tolist(), strict=True)]
    return pa.array(result, pa.large_string())


def _regions_length(head: str) -> int:
    done = 0
    for names in _region_names():
        longest = next((end for end in range(done + _LONGEST_NAME, done + 1, -1) if head[done:end] in names and end <= len(head)), done)
        done = longest
    return done


@lru_cache(maxsize=1)
def _region_names() -> tuple[frozenset[str], ...]:
    """The names of provinces, of cities and of counties."""
    levels: tuple[set[str], ...] = (set(), set(), set())
    for code, name in names_by_code().items():
        levels[2 if code[4:] != "00" else 1 if code[2:4] != "00" else 0].add(name)
    return tuple(map(frozenset, levels))
