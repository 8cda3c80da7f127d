"""The 22 feeds as the agreement of 2026-11 describes them, read from `feeds/*.yaml`. Nothing else says what a feed holds.

Adding a field is one line in its feed's file: the reader, the staging table, the suite, the templates and the page in
docs/providers follow from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import yaml

SCHEMA_VERSION = "2026-11"
FOLDER = Path(__file__).parent / "feeds"
COMMON_FIELDS = ("source_key", "operation_code", "source_updated_at")


@dataclass(frozen=True)
class CodeList:
    """A named list of codes: `codes` maps code to label, `synonyms` other words to their code.

    `by_first_digit`: a finer standard code is read by its first digit. `pattern`: any code of this shape is accepted too.
    """

    name: str
    codes: Mapping[str, str]
    synonyms: Mapping[str, str]
    by_first_digit: bool = False
    pattern: str | None = None


@dataclass(frozen=True)
class Field:
    """One field of a feed.

    `form` is the kind of section 8 it is read as: text, name, id, phone, region, organization, code, list, boolean, date,
    datetime, month, money, decimal, integer. `required`: always, never or when; `when` is a tuple of conditions that must
    all hold, or None where the row alone cannot decide. `partner`: ``feed.field`` of the row this one belongs to; a row whose partner
    has not come is kept and, after 30 days, told about (W_ORPHAN). `stored`: plain, sealed or sealed_and_indexed.
    """

    field: str
    header: str
    type: str
    form: str
    unit: str | None
    codes: CodeList | None
    refers_to: str | None
    partner: str | None
    required: str
    when: tuple[Mapping[str, Any], ...] | None
    key: bool
    personal: str
    stored: str
    open_ended: bool
    neutral_text: bool
    negative_when: tuple[Mapping[str, Any], ...] | None
    greatest: int | None
    example: str | None
    note: str | None

    @property
    def is_sealed(self) -> bool:
        """True when the database holds the value only encrypted."""
        return self.stored != "plain"

    @property
    def is_indexed(self) -> bool:
        """True when a keyed blind index stands beside the sealed value."""
        return self.stored == "sealed_and_indexed"


@dataclass(frozen=True)
class Feed:
    """One kind of record a provider delivers.

    `snapshot`: always, never or by_name (the file name says full or incr). `expected_every_days`: a delivery is late after
    that many days; None where the sender delivers only when there is something to tell.
    """

    feed: str
    provider: str
    position: int
    means: str
    grain: str
    travels: str
    business_key: tuple[str, ...]
    snapshot: str
    sender_field: str | None
    expected_every_days: int | None
    schema: str
    is_about_persons: bool
    rules: tuple[Mapping[str, Any], ...]
    fields: tuple[Field, ...]

    @cached_property
    def by_name(self) -> Mapping[str, Field]:
        """Fields by their English name, in agreement order."""
        return {f.field: f for f in self.fields}

    @property
    def is_neutral(self) -> bool:
        """True for the feeds whose texts must hold no word on custody or treatment (section 1)."""
        return self.provider in {"civil_affairs", "employment"}


@lru_cache(maxsize=1)
def code_lists() -> Mapping[str, CodeList]:
    """Every code list of the agreement by name."""
    given = _load(FOLDER / "code_lists.yaml")
    return {
        name: CodeList(name, entry["codes"], entry.get("synonyms", {}), entry.get("by_first_digit", False), entry.get("pattern"))
        for name, entry in given.items()
    }


def _load(path: Path) -> Any:
    return yaml.load(path.read_text("utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 (both are safe loaders)


def _conditions(given: object) -> tuple[Mapping[str, Any], ...] | None:
    return None if given is None or given == "undecided" else tuple(given)  # type: ignore[arg-type]


def _field(given: Mapping[str, Any]) -> Field:
    codes = code_lists()[given["codes"]] if "codes" in given else None
    if codes and "codes_not_here" in given:
        kept = {code: label for code, label in codes.codes.items() if code not in given["codes_not_here"]}
        codes = CodeList(codes.name, kept, codes.synonyms, codes.by_first_digit, codes.pattern)
    return Field(
        field=given["field"],
        header=given["header"],
        type=given["type"],
        form=given.get("form", given["type"]),
        unit=given.get("unit"),
        codes=codes,
        refers_to=given.get("refers_to"),
        partner=given.get("partner"),
        required=given["required"],
        when=_conditions(given.get("when")),
        key=given.get("key", False),
        personal=given["personal"],
        stored=given.get("stored", "plain"),
        open_ended=given.get("open_ended", False),
        neutral_text=given.get("neutral_text", False),
        negative_when=_conditions(given.get("negative_when")),
        greatest=given.get("greatest"),
        example=given.get("example"),
        note=given.get("note"),
    )


@lru_cache(maxsize=1)
def feeds() -> Mapping[str, Feed]:
    """All 22 feeds by name, in agreement order."""
    found = []
    for path in FOLDER.glob("*.yaml"):
        if path.name == "code_lists.yaml":
            continue
        given = _load(path)
        found.append(
            Feed(
                feed=given["feed"],
                provider=given["provider"],
                position=given["position"],
                means=given["means"],
                grain=given["grain"],
                travels=given["travels"],
                business_key=tuple(given["business_key"]),
                snapshot=given["snapshot"],
                sender_field=given["sender_field"],
                expected_every_days=given["expected_every_days"],
                schema=given["schema"],
                is_about_persons=given["is_about_persons"],
                rules=tuple(given.get("rules", ())),
                fields=tuple(_field(f) for f in given["fields"]),
            )
        )
    return {f.feed: f for f in sorted(found, key=lambda f: f.position)}


def feed(name: str) -> Feed:
    """One feed by name.

    Raises:
        KeyError: the agreement has no such feed.
    """
    return feeds()[name]


def providers() -> tuple[str, ...]:
    """The five providers, in agreement order."""
    return tuple(dict.fromkeys(f.provider for f in feeds().values()))
