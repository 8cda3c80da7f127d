"""The many ways one value is written (agreement, section 8): only forms that are read back to the same value.

A `Pen` writes the rows of one batch: it has the sender's habits (how dates look, what stands between list items) and
slips now and then. Cells are text; in XLSX also numbers and dates, in JSON also lists.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, time, timedelta, timezone
from decimal import Decimal
from functools import lru_cache
from typing import Any

from expectations.agreement import Field, feed
from sandbox.generator.chance import Chance
from sandbox.generator.numbers import is_valid_id
from sandbox.generator.places import earlier_codes
from sandbox.generator.rows import Row

LOCAL = timezone(timedelta(hours=8))
NULLS = ("无", "不详", "未知", "/", "-", "--", "—", "NULL", "null", "N/A", "NaN", "空", " ", "　")
UNITS = {"persons": "人", "months": "个月", "days": "天", "hours": "", "minutes": "", "times": "", "points": ""}
NUMERALS = dict(zip("0123456789", "〇一二三四五六七八九", strict=True))

DATE_HABITS: dict[str, Callable[[date], str]] = {
    "iso": lambda d: d.isoformat(),
    "slash": lambda d: f"{d:%Y/%m/%d}",
    "short": lambda d: f"{d.year}-{d.month}-{d.day}",
    "dots": lambda d: f"{d.year}.{d.month}.{d.day}",
    "compact": lambda d: f"{d:%Y%m%d}",
    "words": lambda d: f"{d.year}年{d.month}月{d.day}日",
    "numerals": lambda d: "".join(NUMERALS[c] for c in str(d.year)) + f"年{_numeral(d.month)}月{_numeral(d.day)}日",
    "midnight": lambda d: f"{d.isoformat()} 00:00:00.0",
    "iso_midnight": lambda d: f"{d.isoformat()}T00:00:00",
}
# Forms that are refused, in fields a row can do without: the field becomes null with a warning, the row stays.
FORGIVEN = {
    "last_review_date": ("45296", "2026年", "农历"), "next_review_date": ("5/1/2027", "2027-02-30"), "address_verified_date": ("2026-03",),
    "last_contact_date": ("260105", "2026"), "next_assessment_date": ("01-05-27",), "contract_end_date": ("2028-00-10",),
    "desired_wage_yuan": ("约4500", "4000-5000"), "standard_yuan": ("8760.00",), "phone": ("1.3E+10",), "valid_until_date": ("2026-12",),
}  # fmt: skip
HABIT_WEIGHTS = {"iso": 66, "slash": 9, "short": 5, "dots": 5, "compact": 6, "words": 6, "numerals": 1, "midnight": 1, "iso_midnight": 1}


def _numeral(number: int) -> str:
    tens, ones = divmod(number, 10)
    return ("" if tens == 0 else "十" if tens == 1 else NUMERALS[str(tens)] + "十") + (NUMERALS[str(ones)] if ones else "")


def full_width(text: str) -> str:
    """The same text in full-width digits and letters."""
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


class Pen:
    """Writes the cells of one batch. `medium`: push, api, share, csv or xlsx."""

    def __init__(self, chance: Chance, feed_name: str, medium: str, separator: str = ",") -> None:
        self._chance, self._medium = chance, medium
        self._fields = feed(feed_name).fields
        self._is_json = medium in {"push", "api"}
        self._habit = chance.weighted(HABIT_WEIGHTS) if medium in {"csv", "xlsx"} else "iso"
        self._has_date_cells = medium == "xlsx" and chance.happens(0.5)
        self._between = chance.choices([c for c in ";；、|" if c != separator], (85, 5, 5, 5)[: 3 if separator == "|" else 4])[0]
        self._earlier = earlier_codes()
        self._slip = 0.03 if self._is_json else 0.045
        writers: dict[str, Callable[[Field, Any], Any]] = {
            "code": self._code, "date": self._date, "datetime": self._moment, "money": self._money, "decimal": self._plain,
            "integer": self._integer, "boolean": self._boolean, "list": self._list, "month": self._month, "phone": self._phone,
            "name": self._plain, "id": self._plain, "text": self._text, "region": self._region, "organization": self._plain,
        }  # fmt: skip
        self._plan = [(f.field, f, writers[f.form]) for f in self._fields]

    def write(self, row: Row) -> dict[str, Any]:
        """The row's cells by field, in agreement order; raw cells as they are."""
        if row.values["operation_code"] == "D":
            return self._deletion(row)
        self._date_habit = self._habit if self._chance.random() > 0.12 else self._chance.weighted(HABIT_WEIGHTS)
        values, raw = row.values, row.raw
        may_lack_birth = not raw and is_valid_id(values.get("id_number") or "") and values.get("id_type_code") == "111"
        cells: dict[str, Any] = {}
        for name, field, write in self._plan:
            value = values[name]
            if name in raw:
                cells[name] = raw[name]
            elif value is None or value == () or (name == "birth_date" and may_lack_birth and self._chance.random() < 0.05):
                cells[name] = self._nothing(field)
            elif name in FORGIVEN and self._chance.random() < 0.006:
                cells[name] = self._chance.choice(FORGIVEN[name])
            elif name == "sex_code" and self._chance.random() < 0.04:
                cells[name] = None
            else:
                cells[name] = write(field, value)
        return cells | {name: cell for name, cell in raw.items() if name not in values}

    def _deletion(self, row: Row) -> dict[str, Any]:
        kept = {"source_key": row.key, "operation_code": "D", "source_updated_at": row.updated_at.isoformat(" ")}
        return {f.field: kept.get(f.field) for f in self._fields}

    def _slips(self) -> bool:
        return self._chance.random() < self._slip

    def _nothing(self, field: Field) -> str | None:
        draw = self._chance.random()
        if draw < 0.03 and field.form not in {"boolean", "list"}:
            if field.open_ended and field.form == "date" and draw < 0.015:
                return self._chance.choice(("9999-12-31", "2099-12-31", "长期"))
            if field.form in {"date", "datetime", "id", "phone"} and draw < 0.01:
                return self._chance.choice(("0", "0000-00-00", "1900-01-01") if field.form == "date" else ("0",))
            return self._chance.choice(_null_words(field))
        if self._is_json:
            return "" if draw > 0.9 else None
        return ""

    def _plain(self, field: Field, value: Any) -> str:
        return str(value)

    def _region(self, field: Field, value: Any) -> str:
        """The code; for the hukou now and then only the county, or the county's code of former times."""
        code = str(value)
        if field.field != "hukou_region_code" or self._chance.random() > 0.06:
            return code
        return self._earlier.get(code[:6]) or code[:6]

    def _text(self, field: Field, value: Any) -> str:
        text = str(value)
        if field.key or not self._slips():
            return text
        if field.field in {"decision_number", "order_number"}:
            return self._document_number(text)
        return text + self._chance.choice((" ", "　", " ")) if field.field != "old_value" else text

    def _document_number(self, text: str) -> str:
        opening, closing = self._chance.choice(("[]", "【】", "()", "（）"))
        changed = text.replace("〔", opening).replace("〕", closing)
        return changed.replace("第", " 第") if self._chance.happens(0.3) else changed

    def _code(self, field: Field, value: Any) -> Any:
        code = str(value)
        if not self._slips() or field.codes is None or code not in field.codes.codes:
            return int(code) if self._medium == "xlsx" and code.isdigit() and code[0] != "0" and self._chance.random() < 0.02 else code
        label, draw = field.codes.codes[code], self._chance.random()
        if draw < 0.55:
            return code + self._chance.choice("-－_:：. ") + label
        if draw < 0.72:
            return label
        if draw < 0.82:
            return f"{label}({code})"
        if draw < 0.9:
            return full_width(code)
        return self._loose_code(field, code)

    def _loose_code(self, field: Field, code: str) -> str:
        """Lower case, a decimal point from a spreadsheet, a lost zero, or a word that means the same."""
        codes = field.codes
        if codes is None:
            return code
        words = [word for word, meant in codes.synonyms.items() if meant == code]
        if words:
            return self._chance.choice(words)
        if code.isalpha():
            return code.lower()
        if codes.by_first_digit or not code.isdigit():
            return code
        bare = code.lstrip("0")
        if code[0] == "0" and bare and bare not in codes.codes:
            return bare
        return f"{code}.0" if code[0] != "0" else code

    def _boolean(self, field: Field, value: Any) -> Any:
        if not self._slips():
            return "1" if value else "0"
        if self._is_json and self._chance.happens(0.3):
            return bool(value)
        return self._chance.choice(("是", "Y", "true", "有", "√") if value else ("否", "N", "false", "无", "×"))

    def _date(self, field: Field, value: Any) -> Any:
        if self._has_date_cells and value.year > 1900:
            return value
        if self._is_json and not self._slips():
            return value.isoformat()
        habit = self._date_habit if not self._is_json else self._chance.weighted(HABIT_WEIGHTS)
        return DATE_HABITS[habit](value)

    def _moment(self, field: Field, value: Any) -> str:
        plain = str(value.isoformat(" "))
        if field.field == "source_updated_at" and self._medium not in {"csv", "xlsx"}:
            return plain
        if not self._slips():
            return plain
        draw = self._chance.randrange(6)
        if draw == 0:
            return f"{value.replace(tzinfo=LOCAL).astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        if draw == 1:
            return f"{value:%Y-%m-%dT%H:%M:%S}+08:00"
        if draw == 2:
            return f"{value:%Y/%m/%d %H:%M:%S}"
        if draw == 3 and value.second == 0:
            return f"{value.year}年{value.month}月{value.day}日 {value.hour}:{value.minute:02d}"
        if draw == 4 and value.time() == time():
            return f"{value - timedelta(days=1):%Y-%m-%d} 24:00:00"
        return plain.replace(" ", "T") if draw == 5 else plain + ".0"

    def _money(self, field: Field, value: Any) -> Any:
        amount = Decimal(value)
        text = f"{amount:.2f}"
        if self._medium == "xlsx" and amount == amount.to_integral_value() and self._chance.random() < 0.5:
            return int(amount)
        if not self._slips():
            return text
        draw = self._chance.randrange(6)
        if draw == 0:
            return self._chance.choice("￥¥") + text
        if draw == 1 and abs(amount) >= 1000:
            return f"{amount:,.2f}".replace(",", self._chance.choice(",，"))
        if draw == 2:
            return text + "元"
        if draw == 3 and field.unit == "yuan/month":
            return text + "元/月"
        if draw == 4 and amount >= 10000 and amount % 100 == 0:
            return f"{amount / 10000}万元"
        return full_width(text) if draw == 5 and amount >= 0 else text

    def _integer(self, field: Field, value: Any) -> Any:
        if self._medium == "xlsx" and self._chance.random() < 0.6:
            return int(value)
        if not self._slips():
            return str(value)
        unit = UNITS.get(field.unit or "", "")
        return f"{value}{unit}" if unit and self._chance.happens(0.5) else f"{value}.0"

    def _list(self, field: Field, value: Any) -> Any:
        if self._is_json:
            return list(value)
        return self._between.join(value)

    def _month(self, field: Field, value: Any) -> str:
        if not self._slips():
            return str(value)
        year, month = value[:4], value[4:]
        return str(self._chance.choice((f"{year}-{month}", f"{year}/{month}", f"{year}年{int(month)}月", f"{year}-{month}-01")))

    def _phone(self, field: Field, value: Any) -> str:
        if not self._slips():
            return str(value)
        forms = (
            f"+86{value}",
            f"0086{value}",
            f"86-{value}",
            f"{value[:3]} {value[3:7]} {value[7:]}",
            f"{value}.0",
            f"{value}/{value[:10]}0",
        )
        return self._chance.choice(forms)


@lru_cache(maxsize=2048)
def _words_for(labels: frozenset[str]) -> tuple[str, ...]:
    return tuple(word for word in NULLS if word not in labels)


def _null_words(field: Field) -> tuple[str, ...]:
    """The words for nothing that are not a label of the field's own list."""
    return _words_for(frozenset(field.codes.codes.values()) | frozenset(field.codes.synonyms) if field.codes else frozenset())
