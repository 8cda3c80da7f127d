"""Population changes of the persons on the subject list, and the station directory: the two registers everything leans on."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from sandbox.generator.chance import Chance
from sandbox.generator.people import Person, Population
from sandbox.generator.places import OTHER_PROVINCES, Organisation, Places
from sandbox.generator.rows import Row, make_row

STATION_SERVICES = ("11", "12", "13", "21", "31", "32")


def population_rows(chance: Chance, population: Population, places: Places, as_of: date) -> list[Row]:
    """Births, deaths, moves, new names and corrected numbers; a corrected number is told for everyone who has an earlier one."""
    rows: list[Row] = []
    for household in population.households:
        for person in household.members:
            for kind, values in _changes(chance, person, as_of):
                day = values.pop("change_date")
                serial = len(rows) + 1
                street = places.street(person.region)
                at = min(chance.office_time(chance.days_after(day, 0, 4)), datetime.combine(as_of, time(21, 0)))
                row = make_row(
                    "population_changes", person, f"RK{serial:010d}", at, change_number=f"BD{day.year}{serial:06d}", change_type_code=kind,
                    change_date=day, household_register_number=household.register_number, police_station_code=street.police_code, **values,
                )  # fmt: skip
                rows.append(row)
    return rows


def _changes(chance: Chance, person: Person, as_of: date) -> list[tuple[str, dict[str, Any]]]:
    found: list[tuple[str, dict[str, Any]]] = []
    recent = chance.day_between(max(person.birth_date, as_of - timedelta(days=1500)), as_of - timedelta(days=3))
    if person.earlier_id:
        found.append(("6", {"change_date": recent, "old_value": person.earlier_id, "new_value": person.id_number}))
    elif person.former_names:
        found.append(("5", {"change_date": recent, "old_value": person.former_names[0], "new_value": person.name}))
    elif person.died_on:
        found.append(("2", {"change_date": person.died_on}))
    elif person.birth_date > as_of - timedelta(days=500):
        found.append(("1", {"change_date": person.birth_date}))
    elif person.registration_number is None and person.age_on(as_of) > 66 and chance.happens(0.05):
        person.died_on = recent if recent > as_of - timedelta(days=700) else as_of - timedelta(days=chance.randint(5, 200))
        found.append(("2", {"change_date": person.died_on}))
    elif chance.happens(0.004):
        found.append(("4", {"change_date": recent, "new_region_code": chance.choice(OTHER_PROVINCES)}))
    elif chance.happens(0.004):
        found.append(("3", {"change_date": recent, "new_region_code": person.region, "new_address": person.address}))
    return found


def directory_rows(chance: Chance, places: Places, as_of: date) -> dict[date, list[Row]]:
    """Two snapshots of the directory, the later one with a shop more."""
    days = (as_of - timedelta(days=45), as_of - timedelta(days=10))
    snapshots = {day: [_entry(org, chance) for org in places.organisations] for day in days}
    county = places.counties[0]
    opened = as_of - timedelta(days=30)
    newcomer = Organisation(f"{county.code}S002", f"{county.name}便民超市", "61", county.code, valid_from=opened)
    snapshots[days[1]].append(_entry(newcomer, chance))
    return snapshots


def _entry(org: Organisation, chance: Chance) -> Row:
    changed = org.valid_to or org.valid_from
    is_station = org.type_code in {"21", "22", "23"}
    staff = chance.randint(2, 5)
    return make_row(
        "station_directory", None, f"ZD-{org.code}-{org.period:02d}", datetime.combine(changed, time(9, 0)), organization_code=org.code,
        organization_name=org.name, organization_type_code=org.type_code, parent_organization_code=org.parent_code,
        region_code=org.region_code, served_region_codes=org.served, office_phone="0351-0000000", full_time_staff_count=staff,
        part_time_staff_count=chance.randint(0, 3), capacity_count=staff * 30, opening_hours="周一至周五 08:30-17:30",
        valid_from_date=org.valid_from, valid_to_date=org.valid_to, offered_service_codes=STATION_SERVICES if is_station else (),
        delivery_channel_code="4" if is_station else None,
    )  # fmt: skip
