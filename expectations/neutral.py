"""Words that free text of the assistance and employment offices may not hold: on drugs, custody and community orders.

A row with such a word waits for a steward (H_NOT_NEUTRAL), so a word that also has an innocent use may stand here; one that is
mostly innocent may not (康复 alone is any rehabilitation, 消毒 is disinfection).
Source: the agreement's section 1, neutrality; which words is our choice.
"""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

NEUTRALITY_CODE = "H_NOT_NEUTRAL"
WORDS = (
    *("戒毒", "吸毒", "毒品", "涉毒", "禁毒", "贩毒", "毒瘾", "毒驾", "强戒", "社戒", "戒断", "戒治", "药瘾", "涉麻", "复吸"),
    *("海洛因", "冰毒", "大麻", "吗啡", "美沙酮", "摇头丸", "氯胺酮", "麻古", "可卡因", "鸦片", "药物维持治疗"),
    *("强制隔离", "拘留", "羁押", "看守所", "监狱", "监所", "服刑", "刑满", "刑释", "出狱", "入狱", "劳教", "劳改", "拘役", "缓刑", "假释"),
    *("社区康复", "社区矫正", "安置帮教", "解除强制", "尿检", "出所人员", "释放人员"),
)
_WORD = re.compile("|".join(WORDS))
_BETWEEN = re.compile(r"[\s·.\-_*]+")


def holds_banned_word(texts: pd.Series) -> np.ndarray:
    """True for the texts that hold a word of the list, also with blanks, dots or dashes between its characters; null holds none."""
    distinct = texts.dropna().unique()
    banned = {text for text in distinct if _WORD.search(_BETWEEN.sub("", text))}
    return texts.isin(banned).to_numpy(dtype=bool)
