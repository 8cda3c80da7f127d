"""Which records must be decided again because of the touched ones, and which others they must be compared with for the same verdict
as if everything were decided again.

A verdict depends on the rows of the same number or business key; for a loose row also on everybody who shares a blocking key with
it. So what is decided again spreads from the touched rows over sure keys to whole persons, then over blocking keys to loose rows
and their persons; around it stands context, which is compared and not decided.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, text

from warehouse.identity.candidates import MOST_ROWS_PER_KEY
from warehouse.identity.prepared import SURE_CODES
from warehouse.identity.record_store import look_up

# Loose rows beside loose rows beside loose rows: farther than this a touched row is not felt.
MOST_ROUNDS = 3
# How common a name, phone or damaged number is, is felt by its rows while they are few enough to tell persons apart.
FELT_ROWS = MOST_ROWS_PER_KEY
TOUCHED = (("touched_now", "identity.record"), ("touched_then", "old_record"))
IS_LOOSE = "coalesce(l.is_loose, true)"
NEAR = "(select r.*, n.ring, n.is_decided from near n join identity.record r using (record_id))"
LOOSE_NEAR = f"(select s.* from {NEAR} s left join identity.link l on (l.feed, l.source_key) = (s.feed, s.source_key) where {IS_LOOSE})"  # noqa: S608


def _sure_codes(source: str, where: str = "true") -> str:
    listed = ", ".join(f"(s.{name})" for name in SURE_CODES)
    return (
        f"select k.code from {source} s cross join lateral (select v.code from (values {listed}) v (code) "  # noqa: S608
        f"union all select unnest(s.register_codes)) k where k.code is not null and {where}"
    )


def _keys(source: str, where: str = "true", *, has_date: str = "s.birth_date is not null") -> str:
    """Codes by which rows and their candidates meet: all keys, but that only rows that may have no birth date look everywhere in a
    county; the others are found there by those."""
    return (
        f"select k.code from {source} s cross join lateral (select unnest(s.keys) union all select s.seeking_code) k (code) "  # noqa: S608
        f"where {where} and k.code is distinct from s.name_code and k.code is distinct from s.phone_code "
        f"and (k.code is distinct from s.place_code or not ({has_date}))"
    )


# The date of a loose row with a sure number may be that of somebody else: then it counts as having none.
TYPED = "s.birth_date is not null and s.number_code is null"
FELT = f"""
select code from value_change c join identity.value v using (kind, code)
where (kind = 'name' and v.record_count <= {FELT_ROWS}
       and floor(log(2, greatest(v.record_count, 1)) / 2) <> floor(log(2, greatest(v.record_count - c.n, 1)) / 2))
   or (kind = 'text' and v.record_count <= {FELT_ROWS} and (v.record_count > 8) <> (v.record_count - c.n > 8))
union
select p.code from (select phone_code as code from touched_now union select phone_code from touched_then) p
join identity.record r on r.keys @> array[p.code] and r.phone_code = p.code
group by p.code having count(distinct coalesce(r.name_code, 0)) between 5 and 8 and count(*) <= {FELT_ROWS}
"""  # noqa: S608


@dataclass(frozen=True)
class Neighbourhood:
    """How many rows are decided again, and how many stand around them."""

    decided: int
    context: int


def gather(connection: Connection) -> Neighbourhood:
    """The temp table `near` (record_id, ring, is_decided) holds the neighbourhood of the rows of `touched_record`.

    Reads `touched_record`, `old_record` and `value_change` as `record_store` left them.
    """
    run = connection.execute
    # A look-up per key in the index over the keys is right, whatever statistics say of tables that were just made.
    look_up(connection)
    run(text("set local enable_mergejoin = off"))
    run(text("drop table if exists near, touched_now, touched_then, asked_code, found"))
    run(text("create temporary table near (record_id bigint primary key, ring smallint, is_decided boolean not null) on commit drop"))
    run(text("create temporary table asked_code (code bigint) on commit drop"))
    run(text("create temporary table found (code bigint, record_id bigint, feed text, source_key text) on commit drop"))
    for name, table in TOUCHED:
        rows = f"select r.* from touched_record t join {table} r using (feed, source_key)"  # noqa: S608
        run(text(f"create temporary table {name} on commit drop as {rows}"))
        run(text(f"analyze {name}"))
    _spread_over_persons(connection)
    _spread_over_loose_rows(connection)
    decided = run(text("select count(*) from near")).scalar_one()
    _surround(connection)
    everything = run(text("select count(*) from near")).scalar_one()
    run(text("set local enable_mergejoin = on"))
    return Neighbourhood(decided, everything - decided)


def _spread_over_persons(connection: Connection) -> None:
    """Ring 0: the touched rows, those of the same sure keys now or before, those who feel what grew common, and their persons."""
    connection.execute(text("insert into near select record_id, 0, true from touched_now"))
    _reach(connection, " union ".join(_sure_codes(name) for name, _ in TOUCHED), 0)
    connection.execute(
        text(
            "insert into near select r.record_id, 0, true from touched_record t join identity.link l using (feed, source_key) "
            "join identity.link o on o.person_id = l.person_id join identity.record r on (r.feed, r.source_key) = (o.feed, o.source_key) "
            "on conflict do nothing"
        )
    )
    _reach(connection, FELT, 0, only_loose=True)
    _complete_persons(connection, 0)


def _spread_over_loose_rows(connection: Connection) -> None:
    codes = " union ".join([_keys(NEAR), _keys("touched_then")])
    for ring in range(1, MOST_ROUNDS + 1):
        reached = _reach(connection, codes, ring, only_loose=True, by_few=True)
        if not reached:
            return
        _complete_persons(connection, ring)
        codes = _keys(LOOSE_NEAR, f"s.ring = {ring}")


def _surround(connection: Connection) -> None:
    """Context: the candidates of every loose row that is decided, the candidates of those of them that are loose, and all rows of
    the sure keys of everybody so far."""
    around = MOST_ROUNDS + 1
    for ring, asking in ((around, "s.is_decided"), (around + 1, f"s.ring = {around}")):
        _reach(connection, _keys(LOOSE_NEAR, asking, has_date=TYPED), ring, is_decided=False, by_few=True)
    for ring, whose in ((around + 2, "s.ring > 0"), (around + 3, f"s.ring = {around + 2}")):
        _reach(connection, _sure_codes(NEAR, whose), ring, is_decided=False)


def _reach(
    connection: Connection, codes: str, ring: int, *, is_decided: bool = True, only_loose: bool = False, by_few: bool = False
) -> int:
    """Records that have one of the codes join `near`; returns how many are new. A code is looked up once for all rings.

    Args:
        by_few: leaves out codes of so many records that they say nothing of one person.
    """
    run = connection.execute
    run(text(f"create temporary table wanted_code on commit drop as select distinct code from ({codes}) c where code is not null"))  # noqa: S608
    run(text("create temporary table new_code on commit drop as select code from wanted_code except select code from asked_code"))
    run(text("analyze new_code"))
    run(
        text(
            "insert into found select a.code, r.record_id, r.feed, r.source_key "
            "from new_code a join identity.record r on r.keys @> array[a.code]"
        )
    )
    run(text("insert into asked_code select code from new_code"))
    few = f"having count(*) <= {MOST_ROWS_PER_KEY}" if by_few else ""
    loose = f"left join identity.link l using (feed, source_key) where {IS_LOOSE}" if only_loose else ""
    reached = run(
        text(
            f"with telling as materialized (select code from found join wanted_code using (code) group by code {few}), "  # noqa: S608
            "reached as (select distinct record_id, feed, source_key from found join telling using (code) "
            "where not exists (select from near n where n.record_id = found.record_id)) "
            f"insert into near select record_id, {ring}, {is_decided} from reached {loose} on conflict do nothing"
        )
    ).rowcount
    run(text("drop table wanted_code, new_code"))
    return reached


def _complete_persons(connection: Connection, ring: int) -> None:
    """Every row of the persons of this ring's rows is in the ring, but those of an earlier one."""
    connection.execute(
        text(
            f"with mine as (select distinct l.person_id from near n join identity.record r using (record_id) "  # noqa: S608
            f"join identity.link l on (l.feed, l.source_key) = (r.feed, r.source_key) where n.ring = {ring}) "
            f"insert into near select r.record_id, {ring}, true from mine join identity.link o using (person_id) "
            "join identity.record r on (r.feed, r.source_key) = (o.feed, o.source_key) on conflict do nothing"
        )
    )
