"""Characters of names: which are written or read one for the other, how they sound, which say that nobody is named."""

from __future__ import annotations

import re
from functools import lru_cache

UNREADABLE = frozenset("?□*■\ufffd○〓")
PLACEHOLDER = re.compile(r"\S{0,2}某{1,2}|未取名|未命名|无名氏")
# Characters of names written one for the other in registers: old or second-scheme forms, and pairs that different traditional
# forms fall together in. Each group is one name.
VARIANTS = (
    *("阎闫", "肖萧", "付傅", "戴代", "后後", "余馀", "钟锺", "叶葉", "范範", "沈沉", "丘邱", "宁甯", "佘畲", "逯禄", "晁鼂", "欧区"),
    *("芦卢", "桔橘", "峰峯", "群羣", "昆崑", "炳昺", "晖辉", "岩巖", "栖棲", "咏詠", "升昇", "秋龝", "喆哲", "堃坤", "珮佩", "于於"),
)
# Characters taken for each other by eye.
LOOK_ALIKES = (
    *("己已巳", "未末", "士土", "日曰", "天夭", "王玉", "大太", "人入", "千干于", "刀力", "午牛", "田由甲申", "戊戌戍", "今令", "贝见"),
    *("住佳", "免兔", "侯候", "侍待", "折拆", "拔拨", "晴睛", "清请情", "博搏", "栋拣", "冶治", "冷泠", "准淮", "凉谅", "梁粱"),
    *("鸟乌", "史吏", "束柬", "风凤", "崇祟", "茶荼", "荣萦", "莹萤", "彤彬", "彦颜", "晓哓", "炯烔", "帅师", "宇字", "官宫"),
    *("延廷", "建健", "材村林", "杨扬", "汪江", "洋样", "海侮", "涛祷", "玲铃", "玫玖", "娟捐", "婷停", "钢纲", "铭名", "锋峰"),
    *("鹏朋", "明朋", "伟纬", "俊峻", "倩情", "芳芬", "苗笛", "菁青", "萍苹", "蓉容", "薇微徽", "辉挥", "静净", "瑞端", "永水"),
)

PLAIN = {ord(character): group[0] for group in VARIANTS for character in group[1:]}
LOOK_ALIKE_PAIRS = frozenset((a, b) for group in LOOK_ALIKES for a in group for b in group if a != b)


def is_han(character: str) -> bool:
    """True for an ideograph, the rare ones beyond the Basic Multilingual Plane among them."""
    return "\u3400" <= character <= "\u9fff" or "\U00020000" <= character <= "\U0003ffff"


def is_latin_letter(character: str) -> bool:
    """True for a Latin capital, with or without an accent."""
    return "A" <= character <= "Z" or ("À" <= character <= "Þ" and character != "×")


@lru_cache(maxsize=1 << 16)
def sounds(character: str) -> tuple[str, ...]:
    """The readings of an ideograph without tones, the most common first, each once; none for another character."""
    from pypinyin import Style, pinyin

    return tuple(dict.fromkeys(pinyin(character, style=Style.NORMAL, heteronym=True)[0])) if is_han(character) else ()
