"""Numbers of the real form: citizen numbers, credit codes, passports, telephones. Formed, never looked up."""

from __future__ import annotations

from datetime import date

from sandbox.generator.chance import Chance

_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CREDIT_SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CREDIT_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)


def check_digit(first_17: str) -> str:
    """The 18th character of a citizen number. Source: GB 11643."""
    total = sum(weight * int(digit) for weight, digit in zip(_ID_WEIGHTS, first_17, strict=True))
    return "10X98765432"[total % 11]


def is_valid_id(text: str) -> bool:
    """18 characters, a real birth date, the right check digit."""
    if len(text) != 18 or not text[:17].isdigit():
        return False
    try:
        date(int(text[6:10]), int(text[10:12]), int(text[12:14]))
    except ValueError:
        return False
    return check_digit(text[:17]) == text[17]


class NumberOffice:
    """Gives out citizen numbers and never the same one twice."""

    def __init__(self, chance: Chance) -> None:
        self._chance = chance
        self._given: set[str] = set()

    def citizen_number(self, region: str, birth: date, sex_code: str) -> str:
        """A free valid number of that county, day and sex (odd sequence for men)."""
        for _ in range(2000):
            sequence = self._chance.randrange(0, 500) * 2 + (1 if sex_code == "1" else 0)
            number = self._numbered(region, birth, sequence)
            if number not in self._given:
                self._given.add(number)
                return number
        raise ValueError(f"no number left for {region} on {birth}")

    def neighbours(self, region: str, birth: date, sex_code: str) -> tuple[str, str]:
        """Two numbers next to each other in sequence, as twins get them."""
        for _ in range(2000):
            sequence = self._chance.randrange(0, 499) * 2 + (1 if sex_code == "1" else 0)
            pair = self._numbered(region, birth, sequence), self._numbered(region, birth, sequence + 2)
            if not self._given.intersection(pair) and sequence + 2 < 1000:
                self._given.update(pair)
                return pair
        raise ValueError(f"no neighbouring numbers left for {region} on {birth}")

    @staticmethod
    def _numbered(region: str, birth: date, sequence: int) -> str:
        first = f"{region}{birth:%Y%m%d}{sequence:03d}"
        return first + check_digit(first)


def fifteen_digits(number: str) -> str:
    """The form cards had before 1999; only for births in 19yy."""
    return number[:6] + number[8:17]


def credit_code(chance: Chance, region: str) -> str:
    """A unified social credit code of a company. Source: GB 32100 (check character included)."""
    body = "91" + region + "MA" + "".join(chance.choice("0123456789") for _ in range(7))
    total = sum(_CREDIT_SIGNS.index(sign) * weight for sign, weight in zip(body, _CREDIT_WEIGHTS, strict=True))
    return body + _CREDIT_SIGNS[(31 - total % 31) % 31]


def phone(chance: Chance) -> str:
    """A mobile number of the real form."""
    return "1" + chance.choice("3456789") + "".join(chance.choices("0123456789", k=9))


def passport(chance: Chance) -> str:
    """A passport number of the real form."""
    return chance.choice(("E", "G", "EA", "EB")) + "".join(chance.choices("0123456789", k=8))


def permit(chance: Chance) -> str:
    """A residence permit number of a person from Hong Kong, Macao or Taiwan: eighteen digits by the same rule."""
    first = chance.choice(("810000", "820000", "830000")) + chance.choice(_permit_days()) + f"{chance.randrange(1000):03d}"
    return first + check_digit(first)


def _permit_days() -> list[str]:
    return [f"{year}0{month}1{day}" for year in range(1968, 1999, 3) for month in (2, 5, 9) for day in (1, 4, 7)]
