"""The stocks the crowd is drawn from, as arrays: surnames and given names with their weights, counties, and what names turn into."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from expectations.forms.regions import names_by_code

SEXES = ("1", "2")
SINGLE_SIGN = {1969: 0.12, 1989: 0.30, 2030: 0.10}  # share of given names of one sign, by generation
IN_FASHION = 0.11
SIGN_SKEW, FASHION_SKEW = 1.1, 0.7
COUNTIES = 400


@dataclass(frozen=True)
class Generation:
    """Given names of one sex born up to a year: signs (codes into Stocks.signs) and whole names (pairs of codes, -1 = none)."""

    sex: int
    until: int
    signs: np.ndarray
    sign_weights: np.ndarray
    fashion: np.ndarray
    fashion_weights: np.ndarray
    single_share: float


@dataclass(frozen=True)
class Stocks:
    """Everything that is drawn from. Weights sum to 1; `own` and `alone` are lists by sex code 1, 2."""

    surnames: np.ndarray
    surname_weights: np.ndarray
    signs: np.ndarray
    generations: list[Generation]
    own: dict[int, np.ndarray]
    alone: dict[int, np.ndarray]
    counties: np.ndarray
    county_weights: np.ndarray
    places: dict[str, np.ndarray]


def zipf(count: int, skew: float) -> np.ndarray:
    """Weights of ranks 1 to count, falling as rank ** -skew, flattened at the top; their sum is 1."""
    weights = 1 / (np.arange(count) + 3.0) ** skew
    return weights / weights.sum()


@lru_cache(maxsize=1)
def stocks() -> Stocks:
    """The stocks of stocks.yaml."""
    given: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("stocks.yaml").read_text("utf-8"))
    tail = [name for name in given["surname_tail"].split() if name not in given["surnames"]]
    weights = np.concatenate([np.fromiter(given["surnames"].values(), float), zipf(len(tail), 0.8) * 15])
    signs = _signs(given)
    code = {sign: i for i, sign in enumerate(signs)}
    return Stocks(
        np.array([*given["surnames"], *tail], dtype=object),
        weights / weights.sum(),
        np.array(signs, dtype=object),
        [_generation(given, code, sex, i) for sex in SEXES for i in range(len(SINGLE_SIGN))],
        {int(sex): np.array(given["own"][sex].split(), dtype=object) for sex in SEXES},
        {int(sex): np.array(given["single"][sex].split(), dtype=object) for sex in SEXES},
        *_counties(),
        {kind: np.array(given[kind].split(), dtype=object) for kind in ("streets", "roads", "estates", "villages")},
    )


def _signs(given: dict[str, Any]) -> list[str]:
    texts = [era["signs"] for sex in SEXES for era in given["given"][sex]] + [
        era["names"] for sex in SEXES for era in given["fashion"][sex]
    ]
    return sorted(set("".join(texts)) - {" "})


def _generation(given: dict[str, Any], code: dict[str, int], sex: str, i: int) -> Generation:
    era, fashion = given["given"][sex][i], given["fashion"][sex][i]["names"].split()
    signs = list(dict.fromkeys(era["signs"].split()))
    # Behind the generation's own signs come those of the others: seldom, but never impossible.
    signs += [sign for other in given["given"][sex] for sign in other["signs"].split() if sign not in signs]
    signs = list(dict.fromkeys(signs))
    pairs = [(code[name[0]], code[name[1]] if len(name) > 1 else -1) for name in fashion]
    return Generation(
        int(sex),
        era["until"],
        np.array([code[sign] for sign in signs]),
        zipf(len(signs), SIGN_SKEW),
        np.array(pairs),
        zipf(len(pairs), FASHION_SKEW),
        SINGLE_SIGN[era["until"]],
    )


def _counties() -> tuple[np.ndarray, np.ndarray]:
    codes = [int(code) for code in names_by_code() if not code.endswith("00")]
    every = max(1, len(codes) // COUNTIES)
    chosen = np.array(codes[::every])
    # Larger and smaller ones are mixed over the country; the step only has to be prime to the count.
    return chosen, zipf(len(chosen), 0.5)[np.argsort((np.arange(len(chosen)) * 37) % len(chosen))]


@lru_cache(maxsize=1)
def looks() -> dict[str, list[str]]:
    """Signs that are taken for one another by their form."""
    found: dict[str, list[str]] = defaultdict(list)
    for one, other in yaml.safe_load(Path(__file__).with_name("stocks.yaml").read_text("utf-8"))["looks"].split():
        found[one].append(other)
        found[other].append(one)
    return found


@lru_cache(maxsize=1)
def homophones() -> dict[str, list[str]]:
    """To every sign of a name the other ordinary signs (first level of GB 2312, or of the stocks) of the same sound, tones apart."""
    from pypinyin import lazy_pinyin

    first_level = bytes(b for high in range(0xB0, 0xD8) for low in range(0xA1, 0xFF) for b in (high, low)).decode("gb2312", "ignore")
    signs = sorted(set(first_level) | set(stocks().signs.tolist()))
    by_sound: dict[str, list[str]] = defaultdict(list)
    for sign, sound in zip(signs, lazy_pinyin(signs), strict=True):
        by_sound[sound].append(sign)
    return {sign: [other for other in alike if other != sign] for alike in by_sound.values() for sign in alike}


def traditional(names: list[str]) -> list[str]:
    """The names in traditional characters."""
    from opencc import OpenCC

    return str(OpenCC("s2t").convert("\n".join(names))).split("\n") if names else []
