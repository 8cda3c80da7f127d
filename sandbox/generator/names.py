"""Names of people who do not exist, drawn from stocks by generation, sex and ethnicity, and what they turn into on the way."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from sandbox.generator.chance import Chance

ETHNICITIES = {"01": 940, "03": 18, "11": 14, "02": 6, "05": 6, "10": 3, "15": 3, "06": 2, "17": 2, "04": 3}


@lru_cache(maxsize=1)
def stocks() -> dict[str, Any]:
    """The name stocks, with space-separated signs already split."""
    given: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "data" / "names.yaml").read_text("utf-8"))
    for eras in given["given"].values():
        for era in eras:
            era["signs"] = era["signs"].split()
    given["rare"] = given["rare"].split()
    given["surnames"] = (list(given["surnames"]), list(given["surnames"].values()))
    return given


def surname(chance: Chance) -> str:
    """One surname by weight."""
    return chance.choices(*stocks()["surnames"])[0]


def given_name(chance: Chance, birth: date, sex_code: str) -> str:
    """One or two characters as that generation was called; seldom a rare one."""
    signs = next(era["signs"] for era in stocks()["given"][sex_code] if birth.year <= era["until"])
    first = chance.choice(signs)
    if chance.happens(0.015):
        return first + chance.choice(stocks()["rare"])
    return first if chance.happens(0.2) else first + chance.choice(signs)


def full_name(chance: Chance, ethnicity_code: str, birth: date, sex_code: str, family: str | None = None) -> tuple[str, str]:
    """(surname, full name); the surname is empty where the people of that name have none."""
    whole = stocks()["minority"].get(ethnicity_code)
    if whole:
        return "", chance.choice(whole[sex_code])
    mine = family or surname(chance)
    return mine, mine + given_name(chance, birth, sex_code)


def nickname(chance: Chance, name: str) -> str:
    """A name among friends."""
    return str(chance.choice(stocks()["nicknames"])).format(name[-1])
