"""Facts of benefits out of the database: current rows of a scope of households and persons, or as they were known at an instant.

Reads staged rows, who is linked to them, and `benefits.absence`; hands over the coded tables that `facts_of` takes.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO

import pandas as pd
import pyarrow as pa
import pyarrow.csv as pacsv
from sqlalchemy import Connection, text

from core.sealing import blind_index, sealer
from expectations.agreement import feeds
from warehouse.benefits.facts import CODED, FEEDS, KNOWN, NO_DAY, Facts, facts_of
from warehouse.benefits.people_reading import numbers_now, people_of, told_by
from warehouse.bulk import copy_rows
from warehouse.identity.id_numbers import births_of, read_numbers, sexes_of
from warehouse.identity.links_then import links_at
from warehouse.identity.records import person_feeds
from warehouse.staging.columns import index_purpose, place

HOUSEHOLD_FEEDS = ("assistance_households", "assistance_members", "means_checks", "public_housing", "temporary_assistance")
OF_PERSON = ("public_housing", "temporary_assistance")
# A greater amount decides every test in the same way, and keeps the sums of millionths in 64 bits.
GREATEST_YUAN = 10_000_000_000
EXPRESSIONS: dict[str, str] = {
    "day": "v.{name} - date '1970-01-01'",
    "code": "v.{name}::smallint",
    "count": "(case when v.{name} > 1000000000 then 1000000000 else v.{name} end)::integer",
    "quantity": f"((case when v.{{name}} > {GREATEST_YUAN} then {GREATEST_YUAN} else v.{{name}} end) * 1000000)::bigint",
    "month": "v.{name}::integer",
    "region": "case when v.{name} ~ '^[0-9]{{6,12}}$' then v.{name}::bigint end",
    "instant": "(extract(epoch from v.{name}) * 1000000)::bigint",
}
TYPES = {kind: pa.int64() for kind in CODED}
TYPES |= {"text": pa.string(), "household": pa.string(), "person": pa.string(), "employer": pa.string()}
BIRTH, DEATH, MOVE_OUT = 1, 2, 4
LET, ENDED = 2, 4
SURE = "l.link_status <> 'review'"
PERSON = f"case when {SURE} then l.person_id end"
OURS = f"l.person_id in (select id from wanted_person) and {SURE}"  # noqa: S608


@dataclass(frozen=True)
class Scope:
    """Whose findings are wanted: every fact they may rest on is read with them."""

    households: Collection[str]
    persons: Collection[str]


@dataclass(frozen=True)
class Reader:
    """Reads facts in the caller's transaction.

    Args:
        known_at: rows that arrived later do not exist, and who is who is what was known then; None = everything known now.
        absences: stands in for `benefits.absence` (columns of KNOWN["absences"], ids as text), for another day than it was written for.
    """

    connection: Connection
    as_of: date
    known_at: datetime | None = None
    absences: pd.DataFrame | None = None

    def facts(self, scope: Scope) -> Facts:
        """The facts of these households and persons, and of everybody who belongs to a household of theirs."""
        return facts_of(self.tables(scope))

    def tables(self, scope: Scope) -> dict[str, pd.DataFrame]:
        """The same as tables, to be changed before they become facts."""
        self._want(scope)
        tables = {feed: self._feed(feed) for feed in HOUSEHOLD_FEEDS if feed not in OF_PERSON}
        tables["assistance_members"] = self._with_births("assistance_members", tables["assistance_members"])
        tables["parents"] = self._parents()
        persons = (set(tables[name]["person_id"].dropna()) for name in ("assistance_households", "assistance_members", "parents"))
        self._fill("wanted_person", {*scope.persons, *set().union(*persons)})
        tables |= {feed: self._feed(feed) for feed in FEEDS if feed not in tables}
        tables["absences"] = self._absences()
        tables["deaths"] = self._changes()
        tables["addresses"] = self._addresses()
        tables |= self._for_flags()
        tables["people"] = self._people(scope.persons)
        return tables

    def let_dwellings(self, least_months: int) -> dict[str, pd.DataFrame]:
        """Tables about dwellings let to somebody with so many months owed or empty, whether the tenant is linked or not."""
        kinds = FEEDS["public_housing"]
        listed = ", ".join(f"{_expression(name, kind)} as {name}" for name, kind in kinds.items())
        at_risk = f"v.tenancy_state_code = '{LET}' and greatest(v.arrears_months, v.idle_months) >= {int(least_months)}"
        rows = self._copy_out(f"select {listed} {self._from('public_housing')} where {at_risk}", kinds)
        scope = Scope(set(rows["household_number"].dropna()), set(rows["person_id"].dropna()))
        return self.tables(scope) | {"public_housing": rows}

    def _for_flags(self) -> dict[str, pd.DataFrame]:
        """Moves of persons, births in the households' registers, payments of households with a category that has ended."""
        changed = "v.change_date - date '1970-01-01' as change_date"
        of_type, region = self._from("population_changes"), EXPRESSIONS["region"].format(name="new_region_code")
        ours, ended = "(select id from wanted_household)", f"v.household_state_code = '{ENDED}' and v.household_number is not null"
        registers = f"select v.household_register_number {self._from('assistance_households')} where v.household_number in {ours}"
        return {
            "moves": self._copy_out(
                f"select {PERSON} as person_id, {changed}, {region} as new_region_code {of_type} "
                f"where v.change_type_code = '{MOVE_OUT}' and {OURS}",
                KNOWN["moves"],
            ),
            "births": self._copy_out(
                f"select {PERSON} as person_id, {changed}, v.household_register_number, {region} as new_region_code, "  # noqa: S608
                "substring(v.police_station_code from '^[0-9]{6}')::bigint as police_region_code "
                f"{of_type} where v.change_type_code = '{BIRTH}' and v.household_register_number in ({registers})",
                KNOWN["births"],
            ),
            "payments": self._copy_out(
                "select v.household_number, v.category_code::smallint as category_code, v.benefit_month::integer as benefit_month, "
                f"v.payment_date - date '1970-01-01' as payment_date {self._from('benefit_payments')} "
                f"where v.payment_kind_code = '1' and v.payment_state_code = '1' and v.household_number in {ours} "
                f"and v.household_number in (select v.household_number {self._from('assistance_households')} where {ended})",
                KNOWN["payments"],
            ),
        }

    def _want(self, scope: Scope) -> None:
        """Temp tables of the households and persons asked for, grown by the households the persons belong to."""
        self._fill("wanted_person", scope.persons)
        found = {*scope.households}
        for feed in ("assistance_members", "public_housing"):
            query = f"select distinct v.household_number {self._from(feed)} where {OURS}"
            found.update(self.connection.execute(text(query), self._told()).scalars())
        self._fill("wanted_household", {number for number in found if number})

    def _fill(self, table: str, ids: Iterable[str]) -> None:
        self.connection.execute(text(f"create temporary table if not exists {table} (id text primary key) on commit drop"))
        self.connection.execute(text(f"truncate {table}"))
        copy_rows(self.connection, table, ["id"], ((one,) for one in sorted(ids)))
        self.connection.execute(text(f"analyze {table}"))

    def _told(self) -> dict[str, object]:
        return {"known_at": self.known_at} if self.known_at else {}

    def _from(self, feed: str) -> str:
        """FROM the feed's rows that count (v), and the link of each (l): a link under review is nobody's (SURE, PERSON)."""
        table = f"{feeds()[feed].schema}.{feed}"
        if self.known_at is None:
            rows = f"{table} v"
            counts = "v.is_current and v.operation_code <> 'D'"
        else:
            rows = (
                f"(select distinct on (source_key) * from {table} where arrived_at <= cast(:known_at as timestamptz) "  # noqa: S608
                "order by source_key, source_updated_at desc, arrived_at desc, version_id desc) v"
            )
            counts = "v.operation_code <> 'D'"
        link = f"{links_at(self.known_at)} l on l.feed = '{feed}' and l.source_key = v.source_key"
        return f"from (select * from {rows} where {counts}) v left join {link}"  # noqa: S608

    def _feed(self, feed: str) -> pd.DataFrame:
        kinds = FEEDS[feed]
        listed = ", ".join(f"{_expression(name, kind)} as {name}" for name, kind in kinds.items())
        by_household, by_person = "v.household_number in (select id from wanted_household)", OURS
        wanted = by_household if feed in HOUSEHOLD_FEEDS else by_person
        wanted = f"({by_household} or {by_person})" if feed in OF_PERSON else wanted
        return self._copy_out(f"select {listed} {self._from(feed)} where {wanted}", kinds)

    def _copy_out(self, query: str, kinds: Mapping[str, str]) -> pd.DataFrame:
        sink = BytesIO()
        bound = text(query).bindparams(**self._told()) if ":known_at" in query else text(query)
        compiled = str(bound.compile(dialect=self.connection.dialect, compile_kwargs={"literal_binds": True})).replace("%%", "%")
        statement = f"copy ({compiled}) to stdout (format csv, header)"
        with self.connection.connection.driver_connection.cursor() as cursor, cursor.copy(statement) as copy:  # type: ignore[union-attr]
            for block in copy:
                sink.write(block)
        sink.seek(0)
        types = {name: TYPES[kind] for name, kind in kinds.items()}
        options = pacsv.ConvertOptions(column_types=types, strings_can_be_null=True, quoted_strings_can_be_null=False)
        return pacsv.read_csv(sink, convert_options=options).to_pandas(types_mapper=_nullable)

    def _with_births(self, feed: str, table: pd.DataFrame) -> pd.DataFrame:
        """Births that only the number tells."""
        lacks = table["birth_date"].isna().to_numpy()
        if not lacks.any():
            return table
        births, _ = self._of_numbers(feed, table.loc[lacks, "source_key"].tolist())
        return table.assign(birth_date=table["birth_date"].where(~lacks, table["source_key"].map(births).astype("Int64")))

    def _of_numbers(self, feed: str, keys: list[str]) -> tuple[dict[str, int], dict[str, int]]:
        """Day of birth and sex inside the valid numbers of these rows, by source key."""
        found = self.connection.execute(
            text(
                f"select v.source_key, v.id_number_sealed {self._from(feed)} "
                "where v.id_number_sealed is not null and v.source_key = any(:keys)"
            ),
            self._told() | {"keys": keys},
        ).all()
        numbers = sealer(place(feeds()[feed], "id_number")).open_texts([sealed for _, sealed in found])
        key = read_numbers(numbers, self.as_of).key
        births, sexes = births_of(key).tolist(), sexes_of(key).tolist()
        sources = [source for source, _ in found]
        return (
            {source: birth for source, birth in zip(sources, births, strict=True) if birth != NO_DAY},
            {source: sex for source, sex in zip(sources, sexes, strict=True) if sex},
        )

    def _parents(self) -> pd.DataFrame:
        """The known persons whom children's rows name as parents by number."""
        query = (
            f"select v.source_key, v.parent_id_numbers_sealed {self._from('assistance_members')} "  # noqa: S608
            "where v.parent_id_numbers_sealed is not null "
            "and v.household_number in (select id from wanted_household)"
        )
        found = self.connection.execute(text(query), self._told()).all()
        opened = sealer(place(feeds()["assistance_members"], "parent_id_numbers")).open_texts([sealed for _, sealed in found])
        told = [(row[0], number) for row, numbers in zip(found, opened, strict=True) for number in json.loads(numbers or "[]")]
        keys = [key.decode() for key in read_numbers([number for _, number in told], self.as_of).key.tolist()] if told else []
        person_of = self._persons_by_number(sorted({key for key in keys if key}))
        rows = {(source, person) for (source, _), key in zip(told, keys, strict=True) for person in person_of.get(key, ())}
        return pd.DataFrame(sorted(rows), columns=["source_key", "person_id"])

    def _persons_by_number(self, numbers: list[str]) -> dict[str, set[str]]:
        """Persons linked to a row that shows the number, by number."""
        if not numbers:
            return {}
        indexes = dict(zip(blind_index(index_purpose("id_key")).of_texts(numbers), numbers, strict=True))
        persons: dict[str, set[str]] = {}
        for feed in ("centre_roster", "release_notices", "registered_persons", "assistance_members"):
            query = f"select v.id_key_index, l.person_id {self._from(feed)} where v.id_key_index = any(:indexes) and {SURE}"
            for index, person in self.connection.execute(text(query), self._told() | {"indexes": list(indexes)}):
                persons.setdefault(indexes[bytes(index)], set()).add(person)
        return persons

    def _absences(self) -> pd.DataFrame:
        if self.absences is not None:
            return self.absences
        query = (
            "select person_id, since_date - date '1970-01-01' as decision_date, return_date - date '1970-01-01' as return_date, "
            "return_region_code::bigint as return_region_code, is_over::integer as is_over from benefits.absence "
            "where person_id in (select id from wanted_person)"
        )
        return self._copy_out(query, KNOWN["absences"])

    def _changes(self) -> pd.DataFrame:
        query = (
            f"select {PERSON} as person_id, v.change_date - date '1970-01-01' as change_date {self._from('population_changes')} "
            f"where v.change_type_code = '{DEATH}' and {OURS}"
        )
        return self._copy_out(query, KNOWN["deaths"])

    def _addresses(self) -> pd.DataFrame:
        kinds = KNOWN["addresses"]
        listed = ", ".join(f"{_expression(name, kind)} as {name}" for name, kind in kinds.items())
        return self._copy_out(f"select {listed} {self._from('registered_persons')} where {OURS}", kinds)

    def _people(self, persons: Collection[str]) -> pd.DataFrame:
        """Birth and sex of each person asked for."""
        self._fill("wanted_person", persons)
        if self.known_at is not None:
            return self._people_then()
        query = (
            "select l.person_id, r.birth_date - date '1970-01-01' as birth_date, r.sex as sex_code, r.number_code as number "  # noqa: S608
            "from identity.link l join identity.record r using (feed, source_key) "
            f"where {OURS}"
        )
        told = self._copy_out(query, {"person_id": "person", "birth_date": "day", "sex_code": "code", "number": "instant"})
        return people_of(told, numbers_now(self.connection, told["number"].dropna().unique().tolist()), self.as_of)

    def _people_then(self) -> pd.DataFrame:
        """The same, out of the versions that had arrived."""
        told, numbers = [pd.DataFrame(columns=["person_id", "birth_date", "sex_code", "number"])], dict[int, str]()
        for feed in person_feeds():
            query = f"select v.version_id, l.person_id {self._from(feed.feed)} where {OURS}"
            person_of = {row.version_id: row.person_id for row in self.connection.execute(text(query), self._told())}
            if person_of:
                rows, found = told_by(self.connection, feed, person_of, self.as_of)
                told.append(rows)
                numbers |= found
        return people_of(pd.concat([one for one in told if len(one)] or told, ignore_index=True), numbers, self.as_of)


def _expression(name: str, kind: str) -> str:
    if kind == "person":
        return "l.person_id" if name == "candidate_id" else PERSON
    return EXPRESSIONS[kind].format(name=name) if kind in EXPRESSIONS else f"v.{name}"


def _nullable(kind: pa.DataType) -> object:
    return pd.Int64Dtype() if pa.types.is_integer(kind) else None
