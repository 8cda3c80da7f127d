"""What happens to a number, a name or a date on its way, one value at a time: a function per error class.

Each takes the value and a number from 0 to 1 that decides everything, and returns the changed value, or the same where the
class cannot happen to it. Only the few rows that are damaged come here.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from lunardate import LunarDate

from benchmarks.identity.rates import AS_OF
from benchmarks.identity.stocks import homophones, looks

PLACEHOLDERS = (
    "111111111111111111", "000000000000000000", "123456789012345678", "999999999999999999", "不详", "000000000000000001",
    "111111190001010000", "888888888888888888", "000000190001010000", "222222222222222222", "123456200001010000", "无",
)  # fmt: skip
# A well-formed number that stands in guides to filling forms, and so in forms.
SAMPLE_NUMBER, SAMPLE_SHARE = "11010519491231002X", 0.01
FULL_WIDTH = {i: chr(i + 0xFEE0) for i in range(0x21, 0x7F)}
DOTS = "••‧・.．。-∙ "


def _split(at: float, parts: int) -> tuple[int, float]:
    """One of `parts`, and what is left of the chance for the next choice."""
    scaled = min(at, 0.999999999) * parts
    return int(scaled), scaled - int(scaled)


def placeholder(number: str, at: float) -> str:
    """A filling value many rows share; a few of them in most cases."""
    if at > 1 - SAMPLE_SHARE:
        return SAMPLE_NUMBER
    return PLACEHOLDERS[min(int(at * at * len(PLACEHOLDERS)), len(PLACEHOLDERS) - 1)]


def typo(number: str, at: float) -> str:
    """One digit is another."""
    position, at = _split(at, 17)
    return number[:position] + str((int(number[position]) + 1 + _split(at, 9)[0]) % 10) + number[position + 1 :]


def swap(number: str, at: float) -> str:
    """Two neighbouring digits changed places."""
    places = [i for i in range(16) if number[i] != number[i + 1]]
    i = places[_split(at, len(places))[0]] if places else 0
    return number[:i] + number[i + 1] + number[i] + number[i + 2 :]


def excel(number: str, at: float) -> str:
    """A spreadsheet kept fifteen digits and wrote zeros behind them; it leaves a number with X alone."""
    return number if number.endswith("X") else number[:15] + "000"


def scientific(number: str, at: float) -> str:
    """A spreadsheet's display form of a large number."""
    return number if number.endswith("X") else f"{int(number):.5E}"


def fifteen(number: str, at: float) -> str:
    """The form of cards before 1999; only who was born before 2000 can have had one."""
    return number[:6] + number[8:17] if number[6:8] == "19" else number


def dirty(number: str, at: float) -> str:
    """Full width, blanks, a leading quote, a small x, a dash."""
    kind, at = _split(at, 6)
    if kind == 0:
        return number.translate(FULL_WIDTH)
    if kind == 1:
        return " " + number if at < 0.5 else number + "　"
    if kind == 2:
        return "'" + number
    if kind == 3 and len(number) == 18:
        return f"{number[:6]} {number[6:14]} {number[14:]}" if at < 0.7 else f"{number[:6]}-{number[6:14]}-{number[14:]}"
    if kind == 4:
        return number + "\t"
    return number[:-1] + "x" if number.endswith("X") else number + " "


def date_in(number: str) -> date | None:
    """The date digits 7 to 14 of a number tell; None where there is no such day up to the day of the crowd."""
    told = _date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    return told if told and date(1900, 1, 1) <= told <= AS_OF else None


def homophone(name: str, at: float) -> str:
    """A sign of the given name is another of the same sound."""
    i, at = _given_position(name, at)
    alike = homophones().get(name[i], [])
    return name[:i] + alike[_split(at, len(alike))[0]] + name[i + 1 :] if alike else name


def lookalike(name: str, at: float) -> str:
    """A sign is another of like form."""
    places = [i for i in range(1, len(name)) if name[i] in looks()] or [i for i in range(len(name)) if name[i] in looks()]
    if not places:
        return name
    which, at = _split(at, len(places))
    alike = looks()[name[places[which]]]
    return name[: places[which]] + alike[_split(at, len(alike))[0]] + name[places[which] + 1 :]


def _given_position(name: str, at: float) -> tuple[int, float]:
    which, at = _split(at, max(1, len(name) - 1))
    return min(1 + which, len(name) - 1), at


def space(name: str, at: float) -> str:
    """Blanks in front of, in or behind a name."""
    kind, _ = _split(at, 4)
    if kind < 2 and len(name) >= 2:
        return f"{name[0]}{'　' if kind else ' '}{name[1:]}"
    return f" {name}" if kind == 2 else f"{name} "


def reverse(name: str, at: float) -> str:
    """The given name in front of the surname."""
    return name[1:] + name[0] if len(name) in {2, 3} else name


def lose(name: str, at: float) -> str:
    """A sign is lost, or a question mark stands for it; a long name is cut."""
    if "·" in name:
        return name.split("·")[0] if at < 0.4 else name[: max(3, len(name) - 1 - int(at * 3))]
    if len(name) < 3:
        return name
    i, at = _given_position(name, at)
    return name[:i] + ("?" if at < 0.3 else "") + name[i + 1 :]


def other_dot(name: str, at: float) -> str:
    """Another sign for the dot, or none."""
    return name.replace("·", (*DOTS, "")[_split(at, len(DOTS) + 1)[0]])


def lunar(day: date, at: float) -> date | None:
    """The day of the old calendar, written as if it were of the new; None where there is no such day."""
    told = LunarDate.from_solar_date(day.year, day.month, day.day)
    return _date(told.year, told.month, told.day)


def first_of_year(day: date, at: float) -> date | None:
    """Only the year is known."""
    return date(day.year, 1, 1)


def day_and_month(day: date, at: float) -> date | None:
    """Day and month changed places; None where that is no day."""
    return _date(day.year, day.day, day.month)


def one_digit(day: date, at: float) -> date | None:
    """One digit of the month or the day, or the last of the year, is another."""
    text = f"{day:%Y%m%d}"
    position, at = _split(at, 5)
    i = position + 3
    typed = text[:i] + str((int(text[i]) + 1 + _split(at, 9)[0]) % 10) + text[i + 1 :]
    return _date(int(typed[:4]), int(typed[4:6]), int(typed[6:]))


def year_off(day: date, at: float) -> date | None:
    """A year too early or too late, as ages are reckoned."""
    return _date(day.year + (1 if at < 0.4 else -1), day.month, day.day)


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


NUMBERS: dict[str, Callable[[str, float], str]] = {
    "id_placeholder": placeholder, "id_excel": excel, "id_sci": scientific, "id_typo": typo,
    "id_swap": swap, "id_15": fifteen, "id_dirty": dirty,
}  # fmt: skip
NAMES: dict[str, Callable[[str, float], str]] = {
    "name_homophone": homophone, "name_lookalike": lookalike, "name_space": space,
    "name_reversed": reverse, "name_lost": lose, "name_dot": other_dot,
}  # fmt: skip
DATES: dict[str, Callable[[date, float], date | None]] = {
    "birth_lunar": lunar, "birth_0101": first_of_year, "birth_swap": day_and_month, "birth_digit": one_digit, "birth_year": year_off,
}  # fmt: skip
