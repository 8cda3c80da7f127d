"""Identity errors: what clerks, spreadsheets and forgotten cards do to numbers, names and birth dates.

Damaged numbers stay at least `APART` rows apart, so that no delivery of 20 rows or more has over 5 % of them.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from opencc import OpenCC

from sandbox.generator import numbers
from sandbox.generator.chance import Chance
from sandbox.generator.names import nickname, stocks
from sandbox.generator.people import Person
from sandbox.generator.rows import Row

APART = 40
SHARE = 0.075
WEIGHTS = {
    "id_dirty": 15, "id_15": 13, "id_excel": 6, "id_masked": 2, "id_typo": 8, "id_swap": 4, "id_missing": 16, "id_old": 3, "id_borrowed": 3,
    "name_homophone": 10, "name_variant": 4, "name_traditional": 9, "name_space": 12, "name_dot": 30, "name_alias": 3, "name_lost": 3,
    "name_truncated": 1, "birth_wrong": 17,
}  # fmt: skip
DAMAGING = {"id_excel", "id_masked", "id_typo", "id_swap"}
BORROWING_FEEDS = {"job_placements", "insurance_contributions", "trainings"}
_TRADITIONAL = OpenCC("s2t")


class IdentityErrors:
    """Puts identity errors into rows, in the order in which they are delivered."""

    def __init__(self, chance: Chance, persons: list[Person]) -> None:
        self._chance, self._persons = chance, persons
        self._since_damage: dict[str, int] = {}

    def spoil(self, rows: list[Row]) -> None:
        """Spoils about one row in thirteen; `raw` and `error_classes` of those rows say how."""
        for row in rows:
            if row.person is None or row.raw:
                continue
            since = self._since_damage[row.feed] = self._since_damage.get(row.feed, self._chance.randint(0, APART)) + 1
            person = self._persons[row.person]
            if person.second_id and self._chance.happens(0.5):
                row.raw["id_number"] = person.second_id
                row.error_classes.append("person_double_number")
            elif self._chance.happens(SHARE):
                kind = self._chance.weighted(WEIGHTS)
                if kind in DAMAGING and since < APART:
                    continue
                if self._apply(kind, row, person):
                    row.error_classes.append(kind)
                    if kind in DAMAGING:
                        self._since_damage[row.feed] = 0

    def _apply(self, kind: str, row: Row, person: Person) -> bool:
        if kind.startswith("id_"):
            return self._spoil_number(kind, row, person)
        if kind == "birth_wrong":
            return self._spoil_birth(row, person)
        name = self._spoiled_name(kind, person)
        if name is None or name == row.values["name"]:
            return False
        row.raw["name"] = name
        return True

    def _spoil_number(self, kind: str, row: Row, person: Person) -> bool:
        number = row.values["id_number"]
        if person.id_type_code != "111" or not number:
            return False
        if kind == "id_missing":
            row.values = row.values | {"id_type_code": "999", "id_number": None}
            return True
        if kind == "id_15" and person.birth_date.year >= 1990:
            return False
        if kind == "id_borrowed" and row.feed not in BORROWING_FEEDS:
            return False
        changed = {
            "id_dirty": self._dirty, "id_15": numbers.fifteen_digits, "id_excel": self._excel, "id_typo": self._typo, "id_swap": self._swap,
            "id_masked": lambda n: n[:4] + "**********" + n[14:], "id_old": lambda n: person.earlier_id or n, "id_borrowed": self._borrowed,
        }[kind](number)  # fmt: skip
        row.raw["id_number"] = changed
        return bool(changed != number)

    def _dirty(self, number: str) -> str:
        forms: list[Callable[[str], str]] = [
            lambda n: f"{n[:6]} {n[6:14]} {n[14:]}", lambda n: f"{n[:6]}-{n[6:14]}-{n[14:]}", lambda n: "'" + n, lambda n: n + " ",
            lambda n: "".join(chr(ord(c) + 0xFEE0) for c in n),
        ]  # fmt: skip
        if number.endswith("X"):
            return number[:-1] + self._chance.choice("xＸХΧⅩ×*#")
        return self._chance.choice(forms)(number)

    def _excel(self, number: str) -> str:
        if self._chance.happens(0.5):
            return f"{number[0]}.{number[1:6]}E+17"
        tail = "000"
        return (
            number[:15] + tail
            if number[:15] + tail != number and not numbers.is_valid_id(number[:15] + tail)
            else f"{number[0]}.{number[1:6]}E+17"
        )

    def _typo(self, number: str) -> str:
        place = self._chance.randint(14, 16)
        return number[:place] + str((int(number[place]) + self._chance.randint(1, 9)) % 10) + number[place + 1 :]

    def _swap(self, number: str) -> str:
        places = [n for n in range(6, 16) if number[n] != number[n + 1]]
        place = self._chance.choice(places)
        changed = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
        return number if numbers.is_valid_id(changed) else changed

    def _borrowed(self, number: str) -> str:
        other = self._chance.choice(self._persons)
        return other.id_number if other.id_type_code == "111" and other.id_number and not other.earlier_id else number

    def _spoil_birth(self, row: Row, person: Person) -> bool:
        if "birth_date" not in row.values or not numbers.is_valid_id(row.values["id_number"] or ""):
            return False
        row.values = row.values | {"birth_date": self._near(person.birth_date)}
        return True

    def _near(self, birth: date) -> date:
        """A day as people give or write it wrongly: swapped, the first of January, off by a year or some days."""
        kind = self._chance.randrange(4)
        if kind == 0 and birth.day <= 12 and birth.day != birth.month:
            return birth.replace(month=birth.day, day=birth.month)
        if kind == 1:
            return birth.replace(month=1, day=1)
        if kind == 2:
            return birth.replace(year=birth.year - 1, day=min(birth.day, 28))
        return birth - timedelta(days=self._chance.randint(20, 45))

    def _spoiled_name(self, kind: str, person: Person) -> str | None:
        name, signs = person.name, stocks()
        if kind == "name_space":
            return name[0] + self._chance.choice((" ", "　", "  ")) + name[1:]
        if kind == "name_traditional":
            return str(_TRADITIONAL.convert(name))
        if kind == "name_variant":
            return signs["variants"].get(name[0], name[0]) + name[1:]
        if kind == "name_alias":
            return person.former_names[0] if person.former_names else nickname(self._chance, name)
        if kind == "name_lost":
            return name[:-1] + self._chance.choice("?□")
        if kind == "name_homophone":
            return name[:1] + "".join(signs["homophones"].get(sign, sign) for sign in name[1:])
        if "·" not in name:
            return None
        return name.replace("·", self._chance.choice("•．・‧.")) if kind == "name_dot" else name.split("·")[0]
