"""Night by night or all at once: the same persons, and nobody renumbered; what is not near a change is not touched."""

import random
from datetime import date, timedelta

import pytest
import staged
from sqlalchemy import text

from expectations.forms.id_number import check_digit
from pipeline.link import compare, link
from warehouse.database import Role, transaction
from warehouse.identity.link import touched_persons
from warehouse.identity.record_store import refresh
from warehouse.identity.stewards import decide_pair, withdraw

pytestmark = pytest.mark.usefixtures("warehouse_url")
SURNAMES, GIVEN = "王李张刘陈", ("伟", "芳", "秀英", "建国", "晓明", "晓敏", "示例")
FEEDS = {
    "drug_tests": {"registration_number": "R"},
    "community_orders": {"decision_number": "D"},
    "assistance_members": {"household_number": "H"},
    "job_seekers": {"job_seeker_number": "J"},
    "registered_persons": {"registration_number": "R"},
    "insurance_contributions": {},
}


def number(person: int) -> str:
    """A valid number; neighbours in the row of persons are brothers and sisters, some of them twins."""
    born = date(1970, 1, 1) + timedelta(days=700 * (person // 2))
    first = f"149999{born:%Y%m%d}{person:03d}"
    return first + check_digit(first)


def say(rng: random.Random, person: int, feed: str) -> dict[str, object]:
    """What an agency writes of the person: mostly right."""
    told = number(person)
    name = SURNAMES[person % 3] + GIVEN[person % 7]
    born: date | None = date(1970, 1, 1) + timedelta(days=700 * (person // 2))
    shown: str | None = told
    slip = rng.random()
    if slip < 0.15:
        shown = None
    elif slip < 0.22:
        shown = told[:15] + "000"
    elif slip < 0.27:
        shown = told[:9] + str((int(told[9]) + 1) % 10) + told[10:]
    elif slip < 0.31:
        shown = number(person ^ 1)
    if rng.random() < 0.15:
        name = rng.choice([name[0] + rng.choice(GIVEN), name.replace("晓", "小"), name[:2]])
    if rng.random() < 0.2:
        born = rng.choice([None, date(born.year, 1, 1), born + timedelta(days=1)])
    fields: dict[str, object] = {"id_number": shown, "name": name, "birth_date": born, "id_type_code": "111" if shown else "999"}
    for key, letter in FEEDS[feed].items():
        fields[key] = f"{letter}{person // 2 if letter == 'H' else person}" if rng.random() < 0.8 else f"{letter}x{rng.random()}"
    if feed in {"job_seekers", "registered_persons"}:
        fields["phone"] = f"1380000{person // 2:04d}"
        fields["residence_region_code"] = f"14010{person % 3}"
    return fields


def night(rng: random.Random, rows: dict[tuple[str, str], int], count: int) -> None:
    """New, changed and deleted rows, and now and then a correction of the register."""
    with transaction(Role.ETL) as connection:
        for _ in range(count):
            act = rng.random()
            if rows and act < 0.15:
                feed, key = rng.choice(sorted(rows))
                staged.withdraw(connection, feed, key)
                del rows[feed, key]
            elif rows and act < 0.35:
                feed, key = rng.choice(sorted(rows))
                staged.stage(connection, feed, key, operation_code="U", **say(rng, rows[feed, key], feed))
            elif act < 0.4:
                person = rng.randrange(12)
                correction = {
                    "change_type_code": "6",
                    "change_date": date(2026, 10, 1),
                    "old_value": number(person),
                    "new_value": number(person + 40),
                }
                name = SURNAMES[person % 3] + GIVEN[person % 7]
                staged.stage(connection, "population_changes", f"x{rng.random()}", id_number=number(person + 40), name=name, **correction)
            else:
                person, feed = rng.randrange(12), rng.choice(sorted(FEEDS))
                key = f"{feed}-{rng.random()}"
                staged.stage(connection, feed, key, **say(rng, person, feed))
                rows[feed, key] = person


def decide_something(rng: random.Random) -> None:
    """A steward parts two rows of one person, or takes a decision back."""
    with transaction(Role.ETL) as connection:
        standing = (
            connection.execute(text("select decision_id from identity.steward_decision where withdrawn_at is null order by 1"))
            .scalars()
            .all()
        )
        if standing and rng.random() < 0.5:
            withdraw(connection, standing[0], "steward", "looked again")
            return
        pairs = connection.execute(
            text(
                "select a.feed, a.source_key, b.feed, b.source_key from identity.link a join identity.link b using (person_id) "
                "where (a.feed, a.source_key) < (b.feed, b.source_key) order by 1, 2, 3, 4"
            )
        ).all()
        if pairs:
            one = rng.choice(pairs)
            decide_pair(connection, "never", (one[0], one[1]), (one[2], one[3]), "steward", "two people")


def persons() -> dict[tuple[str, str], str]:
    with transaction(Role.ETL) as connection:
        return {
            (feed, key): person for feed, key, person in connection.execute(text("select feed, source_key, person_id from identity.link"))
        }


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (1, 2, 3))])
def test_night_by_night_is_as_everything_at_once(seed: int) -> None:
    rng = random.Random(seed)
    rows: dict[tuple[str, str], int] = {}
    for day in range(6):
        night(rng, rows, 25 if day == 0 else 5)
        link()
        differing = compare()
        assert differing.to_dict("records") == []
        if day % 2:
            decide_something(rng)


def test_a_row_far_from_every_change_is_not_written_again() -> None:
    with transaction(Role.ETL) as connection:
        for person in range(0, 8, 2):
            staged.stage(connection, "drug_tests", f"t{person}", id_number=number(person), name=f"王{GIVEN[person % 7]}")
    link()
    before = _stamps()
    with transaction(Role.ETL) as connection:
        staged.stage(connection, "assistance_members", "m", id_number=number(2), name=f"王{GIVEN[2]}")
    run = link()
    after = _stamps()
    assert {key: stamp for key, stamp in after.items() if key != "m"} == before
    with transaction(Role.ETL) as connection:
        assert touched_persons(connection, run) == {persons()["assistance_members", "m"]}
        counts = connection.execute(text("select counts from ops.run where run_id = :run"), {"run": run}).scalar_one()
    assert (counts["is_full"], counts["rows"], counts["links_changed"], counts["rows_moved"]) == (0, 2, 1, 0)


def test_a_new_version_that_says_the_same_of_its_person_decides_nothing() -> None:
    with transaction(Role.ETL) as connection:
        staged.stage(connection, "drug_tests", "t", id_number=number(1), name="王伟")
    link()
    with transaction(Role.ETL) as connection:
        staged.stage(connection, "drug_tests", "t", id_number=number(1), name="王伟", operation_code="U")
    run = link()
    with transaction(Role.ETL) as connection:
        assert connection.execute(text("select counts ->> 'rows' from ops.run where run_id = :run"), {"run": run}).scalar_one() == "0"
        assert refresh(connection, staged.AS_OF, complete=True).changed == 0


def test_an_undone_merge_gives_the_merged_person_its_id_back() -> None:
    with transaction(Role.ETL) as connection:
        staged.stage(connection, "drug_tests", "a", id_number=number(1), name="王伟")
    link()
    with transaction(Role.ETL) as connection:
        staged.stage(connection, "drug_tests", "b", id_number=number(21), name="王伟")
    link()
    before = persons()
    correction = {"change_type_code": "6", "change_date": date(2026, 10, 1), "old_value": number(21), "new_value": number(1)}
    with transaction(Role.ETL) as connection:
        staged.stage(connection, "population_changes", "x", id_number=number(1), name="王伟", **correction)
    link()
    assert set(persons().values()) == {before["drug_tests", "a"]}
    with transaction(Role.ETL) as connection:
        staged.withdraw(connection, "population_changes", "x")
    link()
    assert persons() == before
    with transaction(Role.ETL) as connection:
        events = connection.execute(text("select kind, person_id, other_person_id from identity.person_event order by event_id")).all()
        pointers = connection.execute(text("select count(*) from identity.person where merged_into is not null")).scalar_one()
    older, younger = before["drug_tests", "a"], before["drug_tests", "b"]
    assert [tuple(event) for event in events] == [
        ("created", older, None),
        ("created", younger, None),
        ("merged", younger, older),
        ("revived", younger, older),
        ("split", younger, older),
    ]
    assert pointers == 0


def test_no_name_and_no_number_lies_open_beside_the_records() -> None:
    with transaction(Role.ETL) as connection:
        staged.stage(connection, "drug_tests", "t", id_number=number(1), name="王示例", registration_number="R77")
    link()
    with transaction(Role.ETL) as connection:
        for table in ("record", "value"):
            told = str(connection.execute(text(f"select to_jsonb(t) from identity.{table} t")).scalars().all())
            for value in (number(1), number(1)[:15], "王示例", "R77"):
                assert value not in told
                assert value.encode().hex() not in told


def _stamps() -> dict[str, object]:
    with transaction(Role.ETL) as connection:
        return dict(tuple(row) for row in connection.execute(text("select source_key, decided_at from identity.link")))
