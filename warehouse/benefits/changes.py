"""Whom a run has to look at again: everybody, or those whom new rows, links, absences or the day have touched, and who shares with them.

Versions of a feed are numbered under the feed's lock, so none can appear below a number that was seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, text

from expectations.agreement import feeds
from warehouse.benefits.facts import FEEDS
from warehouse.benefits.reading import HOUSEHOLD_FEEDS
from warehouse.benefits.situation import LAW_OF_2026
from warehouse.benefits.writing import Subjects

RULES = "6"
"""Version of the rules' code; another one than the last run's looks at everybody again."""
READ_FEEDS = (*FEEDS, "registered_persons", "population_changes")
# Payments are many, and only those of a category that has ended are read.
PAYMENTS = "benefit_payments"
BIRTH, ENDED = 1, 4
SNAPSHOT_FEEDS = ("job_seekers", "job_placements")
CHANGES_OF_LAW = (date(2024, 10, 24), LAW_OF_2026)
PARAMETERS = (
    "select coalesce(md5(string_agg(t, '|' order by t)), '') from (select concat_ws('/', name, region, residence, valid_from, valid_to, "
    "amount, document, default_national, optional) as t from registry.parameter left join registry.parameter_value using (name)) p"
)
STEPS_OF_PARAMETERS = (
    "select exists (select from registry.parameter_value where (valid_from > :since and valid_from <= :day) "
    "or (valid_to >= :since and valid_to < :day))"
)


@dataclass(frozen=True)
class Basis:
    """What a run rests on, as names and marks; equal marks mean nothing new."""

    marks: Mapping[str, str]

    @property
    def day(self) -> date:
        """The day it was for."""
        return date.fromisoformat(self.marks["day"])

    def number(self, name: str) -> int:
        """A mark that is a number; 0 where there is none."""
        return int(self.marks.get(name, 0))


def basis_now(connection: Connection, as_of: date) -> Basis:
    """What a run rests on that reads now."""
    ask = connection.execute
    marks = {"rules": RULES, "day": as_of.isoformat(), "parameters": ask(text(PARAMETERS)).scalar_one()}
    for feed in (*READ_FEEDS, PAYMENTS):
        table = f"{feeds()[feed].schema}.{feed}"
        marks[f"feed/{feed}"] = str(ask(text(f"select coalesce(max(version_id), 0) from {table}")).scalar_one())  # noqa: S608
    for feed in SNAPSHOT_FEEDS:
        newest = ask(text("select coalesce(max(batch_id), 0) from ops.snapshot where feed = :feed"), {"feed": feed}).scalar_one()
        marks[f"snapshot/{feed}"] = str(newest)
    links = "select greatest((select max(decided_by_run) from identity.link), (select max(changed_by_run) from identity.link_history), 0)"
    marks["links"] = str(ask(text(links)).scalar_one())
    return Basis(marks)


def basis_before(connection: Connection) -> Basis | None:
    """What the last completed run rested on; None when there was none."""
    marks = {row.name: row.seen for row in connection.execute(text("select name, seen from benefits.basis"))}
    return Basis(marks) if marks else None


def write_basis(connection: Connection, basis: Basis, run_id: int) -> None:
    """This is what findings rest on now."""
    connection.execute(
        text(
            "insert into benefits.basis as b (name, seen, run_id) values (:name, :seen, :run) "
            "on conflict (name) do update set seen = excluded.seen, run_id = excluded.run_id where b.seen <> excluded.seen"
        ),
        [{"name": name, "seen": seen, "run": run_id} for name, seen in basis.marks.items()],
    )


def must_look_at_all(connection: Connection, before: Basis | None, now: Basis) -> bool:
    """True when single rows do not tell what changed: other rules, parameters or month, or a day back."""
    if before is None or any(before.marks.get(name) != now.marks[name] for name in ("rules", "parameters")):
        return True
    since, day = before.day, now.day
    if day < since or (day.year, day.month) != (since.year, since.month) or any(since < change <= day for change in CHANGES_OF_LAW):
        return True
    return bool(connection.execute(text(STEPS_OF_PARAMETERS), {"since": since, "day": day}).scalar_one())


def everybody(connection: Connection) -> Subjects:
    """Every household that any assistance row names, and every person who came back, seeks work or asked for a dwelling."""
    households = connection.execute(
        text("select distinct household_number from staging.assistance_households where is_current and operation_code <> 'D' order by 1")
    ).scalars()
    persons = connection.execute(
        text(
            "select person_id from benefits.absence where return_date is not null union "
            "select person_id from identity.link where feed in ('job_seekers', 'public_housing') and link_status <> 'review' order by 1"
        )
    ).scalars()
    return Subjects(list(households), list(persons))


def touched(connection: Connection, before: Basis, now: Basis, absent: Sequence[str]) -> Subjects:
    """Households and persons whose findings may be others than they stand; `absent`: persons whose absences changed."""
    run = connection.execute
    run(text("create temporary table news_row (feed text, source_key text, primary key (feed, source_key)) on commit drop"))
    run(text("create temporary table news_household (id text primary key) on commit drop"))
    run(text("create temporary table news_person (id text primary key) on commit drop"))
    _touch_rows(connection, before)
    _touch_by_snapshots(connection, before, now)
    _touch_persons(connection, before, absent)
    _touch_households(connection)
    _touch_by_payments(connection, before)
    for kind in ("household", "person"):
        awake = f"select subject from benefits.wake where kind = '{kind}' and wakes_on <= :day"  # noqa: S608
        run(text(f"insert into news_{kind} {awake} on conflict do nothing"), {"day": now.day})
    if absent:
        # Whose parent a person is stands sealed in the child's row: these households are few, all of them are looked at.
        run(
            text(
                "insert into news_household select household_number from staging.assistance_households "
                "where is_current and operation_code <> 'D' and category_code = '71' on conflict do nothing"
            )
        )
    _share(connection)
    households, persons = (list(run(text(f"select id from news_{kind} order by 1")).scalars()) for kind in ("household", "person"))  # noqa: S608
    run(text("drop table news_row, news_household, news_person"))
    return Subjects(households, persons)


def _touch_rows(connection: Connection, before: Basis) -> None:
    for feed in READ_FEEDS:
        table = f"{feeds()[feed].schema}.{feed}"
        connection.execute(
            text(f"insert into news_row select distinct :feed, source_key from {table} where version_id > :seen on conflict do nothing"),  # noqa: S608
            {"feed": feed, "seen": before.number(f"feed/{feed}")},
        )
    names = ", ".join(f"'{feed}'" for feed in READ_FEEDS)
    connection.execute(
        text(
            f"insert into news_row select feed, source_key from identity.link where decided_by_run > :seen and feed in ({names}) union "  # noqa: S608
            f"select feed, source_key from identity.link_history where changed_by_run > :seen and feed in ({names}) on conflict do nothing"
        ),
        {"seen": before.number("links")},
    )
    connection.execute(text("analyze news_row"))


def _touch_by_snapshots(connection: Connection, before: Basis, now: Basis) -> None:
    """Rows that a snapshot once left out and a later one brought back: that makes no new version. What it leaves out makes one."""
    for feed in SNAPSHOT_FEEDS:
        if before.marks.get(f"snapshot/{feed}") != now.marks[f"snapshot/{feed}"]:
            connection.execute(
                text(
                    f"insert into news_row select distinct :feed, source_key from {feeds()[feed].schema}.{feed} "  # noqa: S608
                    "where row_number is null and operation_code = 'D' and not is_current on conflict do nothing"
                ),
                {"feed": feed},
            )


def _touch_persons(connection: Connection, before: Basis, absent: Sequence[str]) -> None:
    connection.execute(
        text(
            "insert into news_person select person_id from identity.link join news_row using (feed, source_key) "
            "union select person_id from identity.link_history join news_row using (feed, source_key) "
            "where changed_by_run > :seen and person_id is not null "
            "union select unnest(cast(:absent as text[])) on conflict do nothing"
        ),
        {"seen": before.number("links"), "absent": list(absent)},
    )


def _touch_households(connection: Connection) -> None:
    """Every household that any version of a touched row names: the one it left too."""
    for feed in HOUSEHOLD_FEEDS:
        connection.execute(
            text(
                f"insert into news_household select distinct v.household_number from staging.{feed} v join news_row t "  # noqa: S608
                f"on t.feed = '{feed}' and t.source_key = v.source_key where v.household_number is not null on conflict do nothing"
            )
        )

    connection.execute(
        text(
            "insert into news_household select h.household_number from news_row t join sealed.population_changes v "  # noqa: S608
            f"on t.feed = 'population_changes' and v.source_key = t.source_key and v.change_type_code = '{BIRTH}' "
            "join staging.assistance_households h on h.is_current and h.household_register_number = v.household_register_number "
            "where h.household_number is not null on conflict do nothing"
        )
    )


def _touch_by_payments(connection: Connection, before: Basis) -> None:
    """Households with an ended category to which a new version of a payment belongs, or an older one of the same row."""
    connection.execute(
        text(
            f"insert into news_household select distinct v.household_number from staging.{PAYMENTS} n join staging.{PAYMENTS} v "  # noqa: S608
            "using (source_key) join staging.assistance_households h on h.household_number = v.household_number and h.is_current "
            f"and h.household_state_code = '{ENDED}' where n.version_id > :seen on conflict do nothing"
        ),
        {"seen": before.number(f"feed/{PAYMENTS}")},
    )


def _share(connection: Connection) -> None:
    """Households of touched persons, then everybody who belongs to a touched household or asked for a dwelling with it."""
    run = connection.execute
    run(text("analyze news_person"))
    run(
        text(
            "insert into news_household select v.household_number from news_person p join identity.link l on l.person_id = p.id "
            "and l.feed = 'assistance_members' join staging.assistance_members v on v.source_key = l.source_key and v.is_current "
            "where v.household_number is not null on conflict do nothing"
        )
    )
    run(text("analyze news_household"))
    for feed in ("assistance_members", "public_housing"):
        run(
            text(
                f"insert into news_person select l.person_id from news_household h join staging.{feed} v "  # noqa: S608
                f"on v.household_number = h.id and v.is_current join identity.link l on l.feed = '{feed}' and l.source_key = v.source_key "
                "on conflict do nothing"
            )
        )
