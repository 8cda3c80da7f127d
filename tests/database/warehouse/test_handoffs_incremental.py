"""What a night touched is worked out again, and the result is what working out everything would give."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import staged
from sqlalchemy import text

from core.clock import end_of_day_at
from pipeline.handoffs import compare, work_out_handoffs
from pipeline.link import link
from warehouse.database import Role, transaction
from warehouse.handoffs.grouping import Part
from warehouse.handoffs.reading import read_episodes
from warehouse.identity.document_numbers import normal_number
from warehouse.tables.feeds import as_compared

pytestmark = pytest.mark.usefixtures("warehouse_url")
FIRST_DAY = date(2026, 10, 1)
EPISODES = 8
Night = Callable[[random.Random, date], None]


def person(number: int) -> dict[str, Any]:
    return {"name": f"样例{number}", "birth_date": date(1980, 1, 1 + number), "sex_code": "1"}


def decision(number: int, chance: random.Random) -> str:
    """The same number as agencies write it."""
    opened, closed = chance.choice(("〔〕", "[]", "（）", "【】"))
    return f"并公样强戒决字{opened}2024{closed}第{number:04}号" + chance.choice(("", " "))


def put(feed: str, source_key: str, at: datetime, **fields: Any) -> None:
    with transaction(Role.ETL) as connection:
        staged.stage(connection, feed, source_key, source_updated_at=at, **fields)


def put_roster(chance: random.Random, day: date) -> None:
    n = chance.randrange(EPISODES)
    release = day + timedelta(days=chance.choice((-30, -2, 0, 1, 4, 20, 95)))
    put(
        "centre_roster", f"ZS-{n}", end_of_day_at(day), **person(n), centre_code="140100Q001", decision_number=decision(n, chance),
        centre_entry_date=day - timedelta(days=600),
        custody_state_code=chance.choice("1112456"), custody_state_date=day,
        expected_release_date=release, residence_region_code="140106003002",
    )  # fmt: skip


def put_notice(chance: random.Random, day: date) -> None:
    n = chance.randrange(EPISODES)
    is_out = chance.random() < 0.5
    put(
        "release_notices", f"TZ-{n}-{chance.randrange(2)}", end_of_day_at(day), **person(n), centre_code="140100Q001",
        decision_number=decision(n, chance), expected_release_date=day + timedelta(days=chance.choice((-1, 2, 9))), release_type_code="1",
        notice_date=day - timedelta(days=chance.randrange(4)), notice_status_code=chance.choice("1123"), cancel_reason_code="1",
        rehabilitation_order_code="1",
        actual_released_at=end_of_day_at(day) if is_out else None, receiver_type_code="2" if is_out else None,
    )  # fmt: skip


def put_order(chance: random.Random, day: date) -> None:
    n = chance.randrange(EPISODES)
    put(
        "community_orders", f"SQ-{n}", end_of_day_at(day), **person(n), order_number=f"责字[2026]{n}", registration_number=f"R{n}",
        decision_number=decision(chance.choice((n, n, (n + 1) % EPISODES)), chance), order_type_code="2", order_date=day,
        served_date=chance.choice((None, day)), order_state_code=chance.choice("1111345"), order_state_date=day,
        execution_region_code="140106",
    )  # fmt: skip


def put_case(chance: random.Random, day: date) -> None:
    n = chance.randrange(EPISODES)
    is_met = chance.random() < 0.6
    put(
        "aftercare_cases", f"AJ-{n}", end_of_day_at(day), **person(n), case_number=f"GA{n}", station_code="140106Z003", case_state_code="3",
        decision_number=chance.choice((None, decision(n, chance))), order_number=chance.choice((None, f"责字（2026）{n}")),
        pickup_result_code="1" if is_met else None, pickup_at=end_of_day_at(day - timedelta(days=1)) if is_met else None,
        report_date=chance.choice((None, day)), agreement_date=chance.choice((None, day - timedelta(days=40))), plan_date=day,
    )  # fmt: skip


def put_service(chance: random.Random, day: date) -> None:
    n = chance.randrange(EPISODES)
    put(
        "aftercare_services", f"FW-{n}-{chance.randrange(3)}", end_of_day_at(day), **person(n),
        case_number=f"GA{chance.choice((n, (n + 1) % EPISODES))}", service_kind_code=chance.choice(("11", "12", "32")),
        service_result_code=chance.choice("112"), service_done_at=end_of_day_at(day - timedelta(days=1)), station_code="140106Z003",
    )  # fmt: skip


def put_test(chance: random.Random, day: date) -> None:
    n = chance.randrange(EPISODES)
    put(
        "drug_tests", f"JC-{n}-{chance.randrange(2)}", end_of_day_at(day), **person(n),
        order_number=chance.choice((None, f"责字【2026】{n}")),
        test_planned_date=day, test_date=day, test_result_code=chance.choice("013"), registration_number=f"R{n}",
    )  # fmt: skip


def put_register(chance: random.Random, day: date) -> None:
    n = chance.randrange(EPISODES)
    put(
        "registered_persons", f"GA{n}", end_of_day_at(day), **person(n), registration_number=f"R{chance.choice((n, (n + 1) % EPISODES))}",
        control_state_code=chance.choice("22278"), control_state_date=day, is_contact_lost=chance.random() < 0.3, contact_lost_date=day,
    )  # fmt: skip


def put_death(chance: random.Random, day: date) -> None:
    n = chance.randrange(EPISODES)
    put("population_changes", f"RK{n}", end_of_day_at(day), **person(n), change_type_code=chance.choice("27"), change_date=day)


def withdraw(chance: random.Random, _: date) -> None:
    feed, keys = chance.choice(
        (("release_notices", "TZ-{}-0"), ("centre_roster", "ZS-{}"), ("aftercare_cases", "AJ-{}"), ("community_orders", "SQ-{}"))
    )
    with transaction(Role.ETL) as connection:
        staged.withdraw(connection, feed, keys.format(chance.randrange(EPISODES)))


def take_snapshot(chance: random.Random, day: date) -> None:
    """A night's roster: some have left it, some are there again; versions stay as they are."""
    with transaction(Role.ETL) as connection:
        batch = connection.execute(
            text(
                "insert into landing.batch (provider, feed, name, form, content_address, size_bytes, received_at) "
                "values ('detention_centers', 'centre_roster', :name, 'csv', '00', 0, now()) returning batch_id"
            ),
            {"name": f"snapshot {day} {chance.random()}"},
        ).scalar_one()
        connection.execute(
            text(
                "insert into ops.snapshot (feed, scope, snapshot_date, batch_id, row_count) "
                "values ('centre_roster', '140100Q001', :day, :batch, 1) "
                "on conflict (feed, scope, snapshot_date) do update set batch_id = :batch"
            ),
            {"day": day, "batch": batch},
        )
        gone = [f"ZS-{n}" for n in range(EPISODES) if chance.random() < 0.3]
        connection.execute(
            text(
                "update sealed.centre_roster set missing_since = case when source_key = any(:gone) then coalesce(missing_since, :day) end "
                "where is_current"
            ),
            {"gone": gone, "day": day},
        )


def link_anew(_: random.Random, __: date) -> None:
    link()


ACTS: tuple[Night, ...] = (
    put_roster, put_roster, put_notice, put_notice, put_order, put_order, put_case, put_case, put_service, put_service, put_test,
    put_register, put_death, withdraw, take_snapshot, link_anew,
)  # fmt: skip


def days(chance: random.Random, nights: int) -> Iterator[date]:
    day = FIRST_DAY
    for _ in range(nights):
        day += timedelta(days=chance.choice((0, 1, 1, 1, 12)))
        yield day


@pytest.mark.parametrize(
    ("seed", "nights"), [(1, 3), pytest.param(2, 40, marks=pytest.mark.slow), pytest.param(3, 40, marks=pytest.mark.slow)]
)
def test_after_random_nights_the_touched_episodes_leave_what_all_episodes_would(seed: int, nights: int) -> None:
    chance = random.Random(seed)
    for act in (put_roster, put_notice, put_order, put_case, put_service, put_register) * 4:
        act(chance, FIRST_DAY)
    link()
    for day in days(chance, nights):
        for act in chance.choices(ACTS, k=chance.randrange(1, 6)):
            act(chance, day)
        assert compare(day) == [], day
        work_out_handoffs(day)
    with transaction(Role.ETL) as connection:
        counts = connection.execute(text("select sum((counts ->> 'is_whole')::int), count(*) from ops.run where step = 'handoffs'")).one()
        numbers = [known.number for known in read_episodes(connection, Part())]
    assert tuple(counts) == (1, nights)
    assert numbers == sorted({normal_number(number) for number in numbers})


def test_only_the_episodes_that_a_fact_touches_are_worked_out_again() -> None:
    chance = random.Random(5)
    for act in (put_roster, put_notice) * 8:
        act(chance, FIRST_DAY)
    link()
    for day in (FIRST_DAY, FIRST_DAY):
        last = work_out_handoffs(day)
    with transaction(Role.ETL) as connection:
        one = connection.execute(text("select min(source_key) from sealed.release_notices where is_current")).scalar_one()
        staged.withdraw(connection, "release_notices", one)
    touched = work_out_handoffs(FIRST_DAY)
    with transaction(Role.ETL) as connection:
        found = connection.execute(text("select run_id, counts ->> 'episodes_worked_out' as count from ops.run where step = 'handoffs'"))
        worked = {row[0]: row[1] for row in found}
    assert (worked[last], worked[touched]) == ("0", "1")


def test_another_parameter_works_out_everything_again() -> None:
    put_roster(random.Random(1), FIRST_DAY)
    work_out_handoffs(FIRST_DAY)
    with transaction(Role.ETL) as connection:
        connection.execute(text("update registry.parameter_value set amount = '120' where name = 'window_days'"))
    run = work_out_handoffs(FIRST_DAY)
    with transaction(Role.ETL) as connection:
        assert connection.execute(text("select counts -> 'is_whole' from ops.run where run_id = :run"), {"run": run}).scalar_one() == 1


def test_the_database_compares_document_numbers_as_the_rules_do() -> None:
    """Every character that is a space, a bracket or changes its form, in one number each."""
    odd = [c for c in map(chr, range(1, 0x3100)) if c.isspace() or normal_number(f"a{c}b") != f"a{c}b"] + list("（）［］【】〔〕０９ａ　㈠")
    numbers = [f"决{c}字{c}1" for c in odd]
    with transaction(Role.ETL) as connection:
        found = connection.execute(
            text(
                f"select {as_compared('decision_number')} "
                "from unnest(cast(:numbers as text[])) with ordinality t (decision_number, n) order by n"
            ),
            {"numbers": numbers},
        ).scalars()
        assert list(found) == [normal_number(number) for number in numbers]
