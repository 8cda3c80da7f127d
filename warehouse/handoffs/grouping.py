"""Which staged rows belong to which episode: worked out by the database, set-wise, into temporary tables.

An episode is named here by its `number`, the decision number as it is compared. The tables last until the transaction ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from sqlalchemy import Connection, text

from expectations.agreement import feeds
from warehouse.bulk import copy_rows
from warehouse.identity.document_numbers import normal_number
from warehouse.tables.feeds import as_compared

REHABILITATION, DEATH = "2", "2"
EPISODE_FEEDS = ("release_notices", "centre_roster", "community_orders", "aftercare_cases")
OF_ORDER_OR_PERSON = ("drug_tests", "risk_assessments")
OF_ORDER = (*OF_ORDER_OR_PERSON, "leave_violations")
OF_PERSON = (*OF_ORDER_OR_PERSON, "population_changes", "registered_persons")
HANDOFF_FEEDS = (*EPISODE_FEEDS, *OF_ORDER, "population_changes", "registered_persons", "aftercare_services")
DECISION, ORDER = as_compared("decision_number", "t"), as_compared("order_number", "t")
# Every row is read once and sorted: plans for whole tables, with room to sort in memory.
SETTINGS = ("set local work_mem = '64MB'", "set local cursor_tuple_fraction = 1.0", "set local jit = off")
CURRENT = "t.is_current and t.operation_code <> 'D'"
# In SQL of the raw number: nothing that `normal_number` changes is in it (most numbers; the others are looked at one by one).
WRITTEN_AS_COMPARED = r"({0} is nfkc normalized and {0} !~ '[\s\u0009-\u000d\u001c-\u0020\u0085\u1680\u2028\u2029\[\]【】（）()]')"
TABLES = ("episode_row", "episode_person", "episode_relative", "episode_doubt")


@dataclass(frozen=True)
class Part:
    """The episodes whose numbers lie from `first` up to but not including `before`, in the order of their letters; None = open."""

    first: str | None = None
    before: str | None = None


class Wanted:
    """The episodes of the temporary table `wanted_episode` (number)."""


def table_of(feed: str) -> str:
    """The staging table of a feed, with its schema."""
    return f"{feeds()[feed].schema}.{feed}"


def group(connection: Connection, which: Part | Wanted) -> None:
    """The temporary tables say which current rows make up each episode of `which`.

    `episode_row`: rows of its notices, roster, orders and cases, with their links. `episode_person`: the person most of them are
    linked to (review counts for nobody), and how many they name. `episode_relative`: rows of other feeds that belong to it.
    `episode_doubt`: every linked row of a decision or order number that does not stand for one person only.
    """
    told = {"first": which.first, "before": which.before} if isinstance(which, Part) else {}
    connection.execute(text(f"drop table if exists {', '.join(TABLES)}"))
    for setting in SETTINGS:
        connection.execute(text(setting))
    if isinstance(which, Part):
        _spell(connection)
    connection.execute(text(_episode_rows(which)), told)
    connection.execute(text("analyze episode_row"))
    connection.execute(text(EPISODE_PERSONS))
    connection.execute(text("analyze episode_person"))
    connection.execute(text(_episode_relatives(which)))
    connection.execute(text("analyze episode_relative (feed, source_key, is_told, is_own)"))
    connection.execute(text(_episode_doubts(which)))


def split(connection: Connection, count: int) -> list[Part]:
    """`count` parts of about equal size that together hold every episode."""
    sample = "tablesample system (10) repeatable (1)"
    selects = [f"select {DECISION} as number from {table_of(feed)} t {sample} where {CURRENT}" for feed in EPISODE_FEEDS[:2]]  # noqa: S608
    numbers = " union all ".join(selects)
    shares = [place / count for place in range(1, count)]
    bounds = connection.execute(
        text(f'select percentile_disc(cast(:shares as float[])) within group (order by number collate "C") from ({numbers}) n'),  # noqa: S608
        {"shares": shares},
    ).scalar_one()
    edges = [None, *sorted(set(bounds or ())), None]
    return [Part(first, before) for first, before in pairwise(edges)]


def count_episodes(connection: Connection) -> int:
    """About how many episodes there are."""
    counts = ", ".join([f"(select count(*) from {table_of(feed)} t where t.is_current)" for feed in EPISODE_FEEDS])  # noqa: S608
    return int(connection.execute(text(f"select greatest({counts})")).scalar_one())


def _spell(connection: Connection) -> None:
    """The temporary table `spelling` has every way a number is written, and the number as it is compared.

    Most are written many times, and nearly all as they are compared: that is seen at a glance, the others are normalised here.
    Normalising each row's anew would take longer than everything else the database does here.
    """
    feeds_of = {"decision_number": EPISODE_FEEDS, "order_number": (*EPISODE_FEEDS[2:], *OF_ORDER)}
    selects = [f"select {field} as raw from {table_of(feed)} where is_current" for field, named in feeds_of.items() for feed in named]  # noqa: S608
    connection.execute(text("drop table if exists spelling"))
    connection.execute(
        text(
            "create temporary table spelling on commit drop as "  # noqa: S608
            f'select raw collate "C" as raw, case when {WRITTEN_AS_COMPARED.format("raw")} then raw end collate "C" as number '
            f"from ({' union '.join(selects)}) w where raw is not null"
        )
    )
    odd = connection.execute(text("select raw from spelling where number is null")).scalars().all()
    connection.execute(text("delete from spelling where number is null"))
    copy_rows(connection, "spelling", ("raw", "number"), [(raw, normal_number(raw)) for raw in odd])
    connection.execute(text("analyze spelling"))


def _numbered(feed: str, which: Part | Wanted) -> str:
    """The feed's current rows as `t` beside the number `w.number` of their decision, of `which`."""
    if isinstance(which, Wanted):
        return f"wanted_episode w {_having(feed, 'decision_number', which, 'w.number')}"
    bounds = "".join(
        [" and w.number >= :first" if which.first is not None else "", " and w.number < :before" if which.before is not None else ""]
    )
    return f"spelling w join {table_of(feed)} t on t.decision_number = w.raw and {CURRENT}{bounds}"


def _having(feed: str, field: str, which: Part | Wanted, value: str) -> str:
    """Joins, as `t`, the feed's current rows whose field as it is compared is the value.

    Few are wanted: each is looked up by the expression's index. The planner, knowing nothing of an expression's values, would read
    the whole table; `offset 0` leaves it no choice. Of a part, most rows are needed, and are matched by how they write the number.
    """
    table = table_of(feed)
    if isinstance(which, Wanted):
        return f"cross join lateral (select * from {table} t where {CURRENT} and {as_compared(field, 't')} = {value} offset 0) t"  # noqa: S608
    return f"join spelling s on s.number = {value} join {table} t on t.{field} = s.raw and {CURRENT}"


def _link(which: Part | Wanted, condition: str, feeds_linked: tuple[str, ...]) -> str:
    """The link `l` of these feeds that meets the condition, to be joined; looked up one by one where few are wanted, as in `_having`."""
    if isinstance(which, Wanted):
        return f"lateral (select * from identity.link l where {condition} offset 0) l on true"  # noqa: S608
    return f"identity.link l on {condition} and l.feed in {feeds_linked}"


def _episode_rows(which: Part | Wanted) -> str:
    notices, roster, orders, cases = EPISODE_FEEDS

    def rows(feed: str, *others: str) -> str:
        columns = ", ".join(["w.number", f"'{feed}' as feed", "t.source_key", *others])
        return f"select {columns} from {_numbered(feed, which)}"  # noqa: S608

    of_cases = ("t.case_number", "null as order_number", "null as registration_number")
    if isinstance(which, Wanted):
        order_number, spelled = ORDER, ""
    else:
        order_number, spelled = "s.number", " left join spelling s on s.raw = t.order_number"
    of_orders = ("null as case_number", f"{order_number} as order_number", "t.registration_number")
    return f"""
        create temporary table episode_row on commit drop as
        with of_order as materialized (
            {rows(orders, *of_orders)}{spelled} where t.order_type_code = '{REHABILITATION}'
        ), found as (
            select * from of_order
            union all {rows(notices, "null", "null", "null")}
            union all {rows(roster, "null", "null", "null")}
            union all (
                {rows(cases, *of_cases)}
                union select o.number, '{cases}', t.source_key, {", ".join(of_cases)}
                from of_order o {_having(cases, "order_number", which, "o.order_number")}
            )
        )
        select f.number collate "C" as number, f.feed, f.source_key, case_number, order_number, registration_number,
               l.person_id, l.link_status = 'review' as is_review
        from found f left join {_link(which, "(l.feed, l.source_key) = (f.feed, f.source_key)", EPISODE_FEEDS)}"""  # noqa: S608


EPISODE_PERSONS = """
create temporary table episode_person on commit drop as
select distinct on (number) number, person_id, count(*) over (partition by number) as person_count
from (select number, person_id, count(*) as row_count from episode_row where person_id is not null and not is_review group by 1, 2) told
order by number, row_count desc, person_id collate "C"
"""


def _episode_relatives(which: Part | Wanted) -> str:
    """Rows by order number (`is_told` = under the number itself), by the person (`is_own`), and of the register also by its number.

    Whether a row of the person still counts is asked here where that matters, and of a few; of many, by whoever reads the rows.
    """
    selects = [
        f"select o.number, '{feed}' as feed, t.source_key, true as is_told, false as is_own from told_order o "  # noqa: S608
        f"{_having(feed, 'order_number', which, 'o.order_number')}"
        for feed in OF_ORDER
    ]
    asked_later = OF_ORDER_OR_PERSON if isinstance(which, Part) else ()
    selects += [
        f"select p.number, p.feed, p.source_key, false, true from of_person p "  # noqa: S608
        f"join {table_of(feed)} t on p.feed = '{feed}' and t.source_key = p.source_key and {CURRENT}"
        for feed in OF_PERSON
        if feed not in asked_later
    ]
    if asked_later:
        selects.append(f"select p.number, p.feed, p.source_key, false, true from of_person p where p.feed in {asked_later}")  # noqa: S608
    everything = " union all ".join(selects)
    of_person = _link(which, f"l.person_id = p.person_id and l.link_status <> 'review' and l.feed in {OF_PERSON}", OF_PERSON)
    register = table_of("registered_persons")
    return f"""
        create temporary table episode_relative on commit drop as
        with told_order as (
            select distinct number, order_number from episode_row where order_number is not null
        ), of_person as materialized (
            select p.number, l.feed, l.source_key from episode_person p join {of_person}
        ), found as (
            select number, feed, source_key, bool_or(is_told) as is_told, bool_or(is_own) as is_own from ({everything}) f group by 1, 2, 3
        )
        select * from found
        union all select distinct o.number, 'registered_persons', t.source_key, false, false from episode_row o
        join {register} t on t.registration_number = o.registration_number and {CURRENT}
        where not exists (select from found f where f.number = o.number and f.feed = 'registered_persons')"""  # noqa: S608


def _episode_doubts(which: Part | Wanted) -> str:
    """A row of the person agrees with the episode, so that links are asked only of the other told ones: usually of none."""
    stray = _link(which, "(l.feed, l.source_key) = (r.feed, r.source_key)", OF_ORDER)
    return f"""
        create temporary table episode_doubt on commit drop as
        with stray as materialized (
            select r.number, r.feed, r.source_key, l.person_id, l.link_status = 'review' as is_review
            from episode_relative r join {stray} where r.is_told and not r.is_own
        ), suspect as materialized (
            select number from stray union select number from episode_person where person_count > 1
            union select number from episode_row where is_review
        ), told as (
            select number, feed, source_key, person_id, is_review from episode_row where person_id is not null and number in (table suspect)
            union all select r.number, r.feed, r.source_key, p.person_id, false from episode_relative r join episode_person p using (number)
            where r.is_told and r.is_own and number in (table suspect)
            union all table stray
        )
        select distinct * from told where number in (
            select number from told group by number
            having min(person_id collate "C") <> max(person_id collate "C") or bool_or(is_review)
        )"""  # noqa: S608
