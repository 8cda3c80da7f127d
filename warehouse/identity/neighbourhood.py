"""Which records must be decided again because of the touched ones, and which others they must be compared with for the same verdict
as if everything were decided again.

A verdict depends on the rows of the same number or business key; for a loose row, and one whose number others contest, also on
everybody who shares a blocking key with it. So what is decided again spreads from the touched rows over sure keys to whole persons,
then over blocking keys to loose rows and their persons; around it stands context, which is compared and not decided.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from warehouse.identity.candidates import MOST_ROWS_PER_KEY
from warehouse.identity.prepared import STORED, SURE_CODES
from warehouse.identity.record_store import look_up

# Loose rows that meet a touched one are decided at once; those beside them when one of the first is decided otherwise than it stands.
MOST_ROUNDS = 1
# How common a name, phone or damaged number is, is felt by its rows while they are few enough to tell persons apart.
FELT_ROWS = MOST_ROWS_PER_KEY
# Rings of one spread; the next one counts on from there.
RINGS = 10
IS_LOOSE = "coalesce(l.is_loose, true)"
COLUMNS = ("record_id", *STORED)
LISTED = ", ".join(f"r.{name}" for name in COLUMNS)
LINKED = "left join identity.link l on (l.feed, l.source_key) = (r.feed, r.source_key)"
# What is near already keeps its verdict to come, and speaks for the spread that reached it last.
INTO_NEAR = f"insert into near ({', '.join(COLUMNS)}, person_id, link_status, rule, is_loose, ring, is_decided, has_spread)"
ON_CONFLICT = (
    "on conflict (record_id) do update set ring = excluded.ring, is_decided = near.is_decided or excluded.is_decided, "
    "has_spread = near.has_spread or excluded.has_spread "
    "where near.ring < :base"
)


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


# Who looks for a person: rows that stand loose, new ones without a sure number, and those of a number that no row stands with, or of
# which rows say two names or two days, for it may turn out not to be theirs.
SEEKS = (
    "(case when person_id is null then number_code is null else is_loose end or number_code in (select number_code from near "
    "group by number_code having count(distinct name_code) > 1 or count(distinct birth_date) > 1 or bool_and(is_loose)))"
)
# The date of a loose row with a sure number may be that of somebody else: then it counts as having none.
TYPED = "s.birth_date is not null and s.number_code is null"
FELT_VALUES = f"""
select code from value_change c join identity.value v using (kind, code)
where (kind = 'name' and v.record_count <= {FELT_ROWS}
       and floor(log(2, greatest(v.record_count, 1)) / 2) <> floor(log(2, greatest(v.record_count - c.n, 1)) / 2))
   or (kind = 'text' and v.record_count <= {FELT_ROWS} and (v.record_count > 8) <> (v.record_count - c.n > 8))
"""  # noqa: S608
FELT_PHONES = f"""
select p.code from (select phone_code as code from touched_now union select phone_code from touched_then) p
join identity.record r on r.phone_code = p.code
group by p.code having count(distinct coalesce(r.name_code, 0)) between 5 and 8 and count(*) <= {FELT_ROWS}
"""  # noqa: S608


@dataclass(frozen=True)
class Neighbourhood:
    """How many rows are decided again, and how many stand around them."""

    decided: int
    context: int


def gather(connection: Connection) -> Neighbourhood:
    """The temp table `near` holds the neighbourhood of the rows of `touched_record`: the columns of their records, person_id and
    is_loose as they stand (null and true where nobody has decided), is_decided, and has_spread (its neighbours are in it too).

    Reads `touched_record`, `old_record` and `value_change` as `record_store` left them.
    """
    run = connection.execute
    run(text("drop table if exists near, touched_now, touched_then, asked_code, found"))
    run(
        text(
            f"create temporary table near on commit drop as select {LISTED}, l.person_id, l.link_status, l.rule, l.is_loose, "  # noqa: S608
            "0 as ring, true as is_decided, true as has_spread "
            "from identity.record r cross join identity.link l with no data"
        )
    )
    run(text("alter table near add primary key (record_id)"))
    run(text("create temporary table asked_code (code bigint, is_common boolean) on commit drop"))
    run(text("create temporary table found (code bigint, record_id bigint) on commit drop"))
    for name, table in (("touched_now", "identity.record"), ("touched_then", "old_record")):
        rows = f"select {LISTED} from touched_record t join {table} r using (feed, source_key)"  # noqa: S608
        run(text(f"create temporary table {name} on commit drop as {rows}"))
    return _Spread(connection, 0).go(f"{FELT_VALUES} union {FELT_PHONES}")


def extend(connection: Connection, record_ids: Sequence[int]) -> Neighbourhood:
    """The neighbourhood of these records, which are in `near`, is in it too; what was decided stays so."""
    run = connection.execute
    latest = run(text("select max(ring) from near")).scalar_one()
    run(text("truncate touched_now, touched_then"))
    run(
        text(
            f"insert into touched_now select {LISTED} from near r where record_id = any(:ids)"  # noqa: S608
        ),
        {"ids": list(record_ids)},
    )
    return _Spread(connection, (latest // RINGS + 1) * RINGS).go(FELT_PHONES)


class _Spread:
    """From the rows of `touched_now` and what they were (`touched_then`) over rings that count from `base`."""

    def __init__(self, connection: Connection, base: int) -> None:
        self._connection, self._base = connection, base

    def go(self, felt: str) -> Neighbourhood:
        """`near` has all rings and the context around them. `felt`: codes that say more or less than before."""
        # A look-up per key in the index of the keys is right, whatever statistics say of tables that were just made.
        look_up(self._connection)
        self._run("set local enable_mergejoin = off")
        self._run("analyze touched_now, touched_then")
        self._spread_over_persons(felt)
        self._spread_over_loose_rows()
        self._surround()
        self._run("set local enable_mergejoin = on")
        decided, everything = self._connection.execute(text("select count(*) filter (where is_decided), count(*) from near")).one()
        return Neighbourhood(decided, everything - decided)

    def _run(self, query: str) -> int:
        return int(self._connection.execute(text(query), {"base": self._base} if ":base" in query else {}).rowcount)

    def _spread_over_persons(self, felt: str) -> None:
        """Ring 0: the touched rows, those of the same sure keys now or before, those who feel what grew common, and their persons."""
        self._add("select record_id from touched_now", 0)
        self._reach(" union ".join(_sure_codes(name) for name in ("touched_now", "touched_then")), 0)
        self._add(
            "select distinct r.record_id from touched_then t join identity.link l using (feed, source_key) "
            "join identity.link o on o.person_id = l.person_id join identity.record r on (r.feed, r.source_key) = (o.feed, o.source_key)",
            0,
        )
        self._reach(felt, 0, only_loose=True)
        self._complete_persons(0)

    def _spread_over_loose_rows(self) -> None:
        # Everywhere in the county too: a row whose number is contested looks there, whatever date it shows.
        codes = " union ".join([_keys(self._near("true", 0), has_date="false"), _keys("touched_then", has_date="false")])
        for ring in range(1, MOST_ROUNDS + 1):
            if not self._reach(codes, ring, only_loose=True, by_few=True):
                return
            self._complete_persons(ring)
            codes = _keys(self._near("is_loose", ring))

    def _surround(self) -> None:
        """Context: the candidates of every row that is decided and seeks, the candidates of those of them that seek, and all rows of the
        sure keys of everybody so far."""
        around = MOST_ROUNDS + 1
        for ring, asking in ((around, range(around)), (around + 1, [around])):
            self._reach(_keys(self._near(SEEKS, *asking), has_date=TYPED), ring, is_decided=False, by_few=True)
        for ring, whose in ((around + 2, range(1, around + 2)), (around + 3, [around + 2])):
            self._reach(_sure_codes(self._near("true", *whose)), ring, is_decided=False)

    def _near(self, where: str, *rings: int) -> str:
        listed = ", ".join(str(self._base + ring) for ring in rings)
        return f"(select * from near where {where} and ring in ({listed}))"  # noqa: S608

    def _reach(self, codes: str, ring: int, *, is_decided: bool = True, only_loose: bool = False, by_few: bool = False) -> int:
        """Records that have one of the codes are in `near`; returns how many this spread had not reached. A code is looked up once.

        Args:
            by_few: leaves out codes of so many records that they say nothing of one person.
        """
        self._run(f"create temporary table wanted_code on commit drop as select distinct code from ({codes}) c where code is not null")  # noqa: S608
        known = "" if by_few else " where not is_common"
        self._run(
            f"create temporary table new_code on commit drop as select code from wanted_code except select code from asked_code{known}"  # noqa: S608
        )
        self._run("analyze new_code")
        most = f"limit {MOST_ROWS_PER_KEY + 1}" if by_few else ""
        self._run(
            "create temporary table new_found on commit drop as select a.code, r.* from new_code a cross join lateral "  # noqa: S608
            f"(select k.record_id from identity.record_key k where k.key = a.code {most}) r"
        )
        common = f"count(*) > {MOST_ROWS_PER_KEY}" if by_few else "false"
        self._run(f"insert into asked_code select code, {common} from new_code left join new_found using (code) group by code")  # noqa: S608
        self._run("insert into found select f.* from new_found f join asked_code a using (code) where not a.is_common")
        loose = "join identity.loose_record using (record_id) " if only_loose else ""
        reached = self._add(
            "with wanted as materialized (select distinct record_id from found join wanted_code using (code)), "  # noqa: S608
            f"reached as materialized (select record_id from wanted {loose}"
            "where not exists (select from near n where n.record_id = wanted.record_id and n.ring >= :base)) "
            "select record_id from reached",
            ring,
            is_decided=is_decided,
        )
        self._run("drop table wanted_code, new_code, new_found")
        return reached

    def _complete_persons(self, ring: int) -> None:
        """Every row of the persons of this ring's rows is in the ring, but those of an earlier one."""
        self._add(
            f"select r.record_id from (select distinct person_id from near where ring = {self._base + ring}) m "  # noqa: S608
            "join identity.link o using (person_id) join identity.record r on (r.feed, r.source_key) = (o.feed, o.source_key)",
            ring,
        )

    def _add(self, chosen: str, ring: int, *, is_decided: bool = True) -> int:
        return self._run(
            f"{INTO_NEAR} select {LISTED}, l.person_id, l.link_status, l.rule, {IS_LOOSE}, {self._base + ring}, {is_decided}, {ring == 0} "  # noqa: S608
            f"from ({chosen}) c join identity.record r using (record_id) {LINKED} where true {ON_CONFLICT}"
        )
