"""What providers are asked to check about who their rows speak of, once, in neutral words, in the receipt of the delivery.

The rule: a sender is told only what its own rows show. That a row contradicts another agency's would tell that the other agency
knows the person, and from whom such news comes can be guessed; so corrections are worked out anew from the sender's own rows
(`voices`), never from the links, which know everything. What a sender is told is the same whether or not any other feed has a row
about the person; a test holds us to it. Asked about are

- one number under different names with different birth dates or sexes (identity rule 3),
- one reference number under different names and birth dates (rule 5),
- a number the register has corrected, under a like name: to public security (its own register) and for the two feeds of
  assistance members, whose corrected numbers the agreement lets civil affairs see (joins, "who may see what"). Job centres and
  housing are not told: that the register reports on a person at all would show that the person is on the subject list.

The side that fits the number's own date, or has more rows, is not asked; with equal sides both are. Of many rows that say the same
only the newest of each feed is named. No name, number or reason leaves; the words are those of expectations/messages.yaml.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Row, text

from core.clock import now_at
from core.logs import log_event
from core.sealing import blind_index, sealer
from expectations.agreement import Feed, feeds
from expectations.forms.id_number import key_of
from expectations.forms.id_number import read_one as read_number
from expectations.messages import every_message
from warehouse.identity.births import BirthLikeness, birth_likeness
from warehouse.identity.id_numbers import birth_of
from warehouse.identity.name_likeness import Likeness, likeness
from warehouse.identity.names import bare_keys
from warehouse.staging.reconcile import SAME_NUMBER

NUMBER_CHECK, KEY_CHECK = "W_NUMBER_CHECK", "W_KEY_CHECK"
HOUSING_FEED = "public_housing"  # delivered through civil affairs' platform, but the housing bureau's own
REGISTER_FEED, NUMBER_CORRECTED = "population_changes", "6"
FEEDS_OF_MEMBERS = ("assistance_households", "assistance_members")
REFERENCE_NUMBERS = ("registration_number", "order_number", "decision_number", "case_number", "job_seeker_number")
SPELLED_VARIOUSLY = ("order_number", "decision_number")


@dataclass(frozen=True)
class Saying:
    """What rows of one feed say of a person; the newest of them stands for all. `rows`: how many say so."""

    feed: str
    source_key: str
    batch_id: int
    row_number: int
    name: str
    birth: date | None
    sex: str | None
    rows: int
    said_hash: bytes


@dataclass(frozen=True)
class Check:
    """A row its provider is asked to check, and what of it."""

    saying: Saying
    code: str
    field: str


def voices() -> Mapping[str, tuple[Feed, ...]]:
    """Who is spoken to, and the feeds that are its own. Feeds with many senders are told apart by sender, row by row."""
    found: dict[str, list[Feed]] = defaultdict(list)
    for feed in feeds().values():
        if feed.is_about_persons:
            found["housing" if feed.feed == HOUSING_FEED else feed.provider].append(feed)
    return {name: tuple(own) for name, own in found.items()}


def tell(connection: Connection, run_id: int, as_of: date) -> int:
    """Everything to be checked that was not told before stands in the receipts of its deliveries, which go out again.

    Returns how many were new. Running again tells nothing twice; a row that says something else is told about anew.
    """
    told = 0
    for check in checks(connection, as_of):
        told += connection.execute(
            text(
                "insert into identity.correction (feed, source_key, code, said_hash, field, batch_id, row_number, told_by_run, told_at) "
                "select :feed, :key, :code, :said, :field, batch_id, :row, :run, :now from ops.receipt where batch_id = :batch and not "
                "exists (select from identity.correction where feed = :feed and code = :code and said_hash = :said) on conflict do nothing"
            ),
            {
                "feed": check.saying.feed,
                "key": check.saying.source_key,
                "code": check.code,
                "said": check.saying.said_hash,
                "field": check.field,
                "batch": check.saying.batch_id,
                "row": check.saying.row_number,
                "run": run_id,
                "now": now_at(),
            },
        ).rowcount
    _add_to_receipts(connection, run_id)
    log_event("corrections told", run=run_id, corrections=told)
    return told


def checks(connection: Connection, as_of: date) -> Iterator[Check]:
    """All that is to be checked now, told or not."""
    for own in voices().values():
        for found in _torn(connection, own, lambda feed: "id_key_index" if "id_number" in feed.by_name else None):
            born = _born(connection, found[0], as_of)
            yield from (Check(one, NUMBER_CHECK, "id_number") for one in to_check(_sayings(found), contradict_by_number, born))
        for number in REFERENCE_NUMBERS:
            for found in _torn(connection, own, lambda feed, number=number: _reference(feed, number)):  # type: ignore[misc]
                yield from (Check(one, KEY_CHECK, number) for one in to_check(_sayings(found), contradict_by_key))
    yield from _corrected_by_register(connection, as_of)


def contradict_by_number(one: Saying, other: Saying) -> bool:
    """Rule 3: under one number another name, and another birth date or sex."""
    is_other_sex = {one.sex, other.sex} == {"1", "2"}
    return _is_other_name(one, other) and (birth_likeness(one.birth, other.birth) is BirthLikeness.DIFFERENT or is_other_sex)


def contradict_by_key(one: Saying, other: Saying) -> bool:
    """Rule 5: under one reference number another name and another birth date."""
    return _is_other_name(one, other) and birth_likeness(one.birth, other.birth) is BirthLikeness.DIFFERENT


def to_check(sayings: list[Saying], contradict: Callable[[Saying, Saying], bool], born: date | None = None) -> list[Saying]:
    """The sayings that contradict one with at least as much for it: born on the number's own day, then said by more rows."""

    def weight(saying: Saying) -> tuple[bool, int]:
        return born is not None and saying.birth == born, sum(o.rows for o in sayings if (o.name, o.birth) == (saying.name, saying.birth))

    return [one for one in sayings if any(contradict(one, other) and weight(other) >= weight(one) for other in sayings)]


def _is_other_name(one: Saying, other: Saying) -> bool:
    return likeness(one.name, other.name) is Likeness.DIFFERENT


def _reference(feed: Feed, number: str) -> str | None:
    if number not in feed.by_name:
        return None
    return SAME_NUMBER.format(number) if number in SPELLED_VARIOUSLY else number


def _torn(connection: Connection, own: tuple[Feed, ...], tie_of: Callable[[Feed], str | None]) -> Iterator[list[Row[Any]]]:
    """Rows of one sender that share a number but not the name: per number, the newest row of each feed and saying."""
    parts = [_said(feed, tie) for feed in own if (tie := tie_of(feed)) is not None]
    if not parts:
        return
    found = connection.execute(
        text(
            f"with said as materialized ({' union all '.join(parts)}), "  # noqa: S608 names of the agreement only
            "torn as (select sender, tie from said where name_index is not null group by sender, tie "
            "having count(distinct name_index) > 1) "
            "select distinct on (sender, tie, feed, name_index, birth_date, sex_code) said.*, "
            "count(*) over (partition by sender, tie, feed, name_index, birth_date, sex_code) as rows "
            "from said join torn using (sender, tie) where name_index is not null "
            "order by sender, tie, feed, name_index, birth_date, sex_code, source_updated_at desc, source_key"
        )
    ).all()
    for _, rows in groupby(found, key=lambda row: (row.sender, row.tie)):
        yield list(rows)


def _said(feed: Feed, tie: str) -> str:
    """The current rows of a feed: who sent them, what ties them (`tie`), and what they say."""
    has = feed.by_name
    sender = "split_part(source_key, '-', 1)" if feed.sender_field else "''"
    return (
        f"select '{feed.feed}' as feed, {sender} as sender, {tie} as tie, source_key, batch_id, row_number, "  # noqa: S608 as above
        "source_updated_at, name_index, name_sealed, id_number_sealed, "
        f"{'birth_date' if 'birth_date' in has else 'null::date as birth_date'}, "
        f"{'sex_code' if 'sex_code' in has else 'null::text as sex_code'} from {feed.schema}.{feed.feed} "
        f"where is_current and operation_code <> 'D' and row_number is not null and {tie} is not null"
    )


def _sayings(rows: list[Row[Any]]) -> list[Saying]:
    opened = [sealer(f"{feeds()[row.feed].schema}.{row.feed}.name").open_texts([row.name_sealed])[0] or "" for row in rows]
    return [
        Saying(row.feed, row.source_key, row.batch_id, row.row_number, name, row.birth_date, row.sex_code, row.rows, _said_hash(row))
        for row, name in zip(rows, bare_keys(opened), strict=True)
        if name
    ]


def _said_hash(row: Row[Any]) -> bytes:
    # The indexes are keyed, so the hash says nothing to who has not the key.
    tie = bytes(row.tie) if not isinstance(row.tie, str) else row.tie.encode()
    parts = (row.sender.encode(), tie, bytes(row.name_index), str(row.birth_date).encode(), str(row.sex_code).encode())
    return hashlib.sha256(b"\x1f".join(parts)).digest()


def _born(connection: Connection, row: Row[Any], as_of: date) -> date | None:
    """The birth date in the number of the row, where it is one of ours."""
    number = sealer(f"{feeds()[row.feed].schema}.{row.feed}.id_number").open_texts([row.id_number_sealed])[0]
    key = key_of(number, as_of) if number else None
    return birth_of(key) if key else None


def _corrected_by_register(connection: Connection, as_of: date) -> Iterator[Check]:
    names_of = _corrected_numbers(connection, as_of)
    told = (*(feed.feed for feed in voices()["public_security"] if feed.feed != REGISTER_FEED), *FEEDS_OF_MEMBERS)
    parts = " union all ".join(_said(feeds()[name], "id_key_index") for name in told)
    found = connection.execute(
        text(
            f"select distinct on (feed, tie, name_index, birth_date, sex_code) said.*, 1 as rows from ({parts}) said "  # noqa: S608
            "where tie = any(cast(:old as bytea[])) and name_index is not null "
            "order by feed, tie, name_index, birth_date, sex_code, source_updated_at desc, source_key"
        ),
        {"old": list(names_of)},
    ).all()
    for row in found:
        for saying in _sayings([row]):
            if any(likeness(saying.name, name) is not Likeness.DIFFERENT for name in names_of[bytes(row.tie)]):
                yield Check(saying, NUMBER_CHECK, "id_number")


def _corrected_numbers(connection: Connection, as_of: date) -> dict[bytes, set[str]]:
    """Blind index of each number the register replaced, with the name keys of its holders."""
    found = connection.execute(
        text(
            "select old_value_sealed, name_sealed from sealed.population_changes where is_current and operation_code <> 'D' "
            "and change_type_code = :kind and old_value_sealed is not null and name_sealed is not null"
        ),
        {"kind": NUMBER_CORRECTED},
    ).all()
    old = sealer("sealed.population_changes.old_value").open_texts([row.old_value_sealed for row in found])
    names = bare_keys([name or "" for name in sealer("sealed.population_changes.name").open_texts([row.name_sealed for row in found])])
    keys = [key_of(number, as_of) if value and (number := read_number(value, as_of)[0]) else None for value in old]
    names_of: dict[bytes, set[str]] = defaultdict(set)
    known = [(key, name) for key, name in zip(keys, names, strict=True) if key and name]
    for index, (_, name) in zip(blind_index("id_number").of_texts([key for key, _ in known]), known, strict=True):
        if index is not None:
            names_of[bytes(index)].add(name)
    return names_of


def _add_to_receipts(connection: Connection, run_id: int) -> None:
    """The receipts of this run's corrections list all there is to check in their deliveries, and are to be delivered again."""
    messages = every_message()
    found = connection.execute(
        text(
            "select batch_id, feed, row_number, source_key, field, code from identity.correction c where exists "
            "(select from identity.correction n where n.batch_id = c.batch_id and n.told_by_run = :run) order by batch_id, row_number, code"
        ),
        {"run": run_id},
    ).all()
    for batch_id, rows in groupby(found, key=lambda row: row.batch_id):
        lines = [
            {
                "row_number": row.row_number,
                "source_key": row.source_key,
                "header": feeds()[row.feed].by_name[row.field].header,
                "error_code": row.code,
                "message": messages[row.code],
            }
            for row in rows
        ]
        connection.execute(
            text(
                "update ops.receipt set receipt = receipt || jsonb_build_object('to_check', cast(:lines as jsonb)), written_at = :now, "
                "delivered_at = null where batch_id = :batch"
            ),
            {"batch": batch_id, "lines": json.dumps(lines, ensure_ascii=False), "now": now_at()},
        )
