"""Small random worlds for comparing two readings of the benefit rules, and the same world as the tables that the rules take."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

import pandas as pd
import yaml

from warehouse.benefits.facts import FEEDS, KNOWN
from warehouse.registry.parameters import Parameter, Parameters, ParameterValue

SAMPLE = yaml.safe_load((Path(__file__).parents[4] / "warehouse/registry/parameters.sample.yaml").read_text("utf-8"))
REGIONS = ["140106", "140106003002", "140221", "140221001", "210102", "420600", None]
HOME = ["140106003002", "140106003001", "140106004001", "140106", "140221", None]
DAYS = [date(2026, 11, 20), date(2026, 11, 20), date(2026, 6, 30), date(2026, 7, 1), date(2024, 10, 23), date(2027, 3, 31)]
AMOUNTS = [None, "0.00", "0.00", "100.00", "420.00", "719.99", "720.00", "760.00", "1100.00", "1140.00", "2600.00", "6000.00"]


def sample_parameters():
    return [
        {"name": p["name"], "default_national": p.get("default_national", False), "optional": p.get("optional", False), **value}
        for p in SAMPLE["parameters"]
        for value in p["values"]
    ]


def parameters_of(world):
    """The world's parameters as the rules take them; a parameter without any value is still known by name."""
    known = {p["name"]: p for p in SAMPLE["parameters"]}
    named = {
        name: Parameter(name, p["means"], p["unit"], p["source"], bool(p.get("default_national")), bool(p.get("optional")))
        for name, p in known.items()
    }
    fields = ("name", "region", "residence", "valid_from", "valid_to", "amount", "document")
    return Parameters(named, tuple(ParameterValue(*(p[field] for field in fields)) for p in world["parameters"]))


DERIVED = ("moves", "births", "payments")


# ------------------------------------------------------------------ generation
class Maker:
    """Rows of one random world; everything follows from the seed."""

    def __init__(self, seed):
        self.random = Random(seed)
        self.as_of = self.random.choice(DAYS)
        self.serial = 0

    def pick(self, *values):
        return self.random.choice(values)

    def chance(self, share):
        return self.random.random() < share

    def day(self, least=-900, most=60):
        return self.as_of + timedelta(days=self.random.randint(least, most))

    def near(self, day):
        return day + timedelta(days=self.pick(-1, 0, 1, 30))

    def amount(self, *, empty=True):
        value = self.random.choice(AMOUNTS if empty else AMOUNTS[1:])
        return None if value is None else Decimal(value)

    def row(self, prefix):
        self.serial += 1
        updated = datetime(self.as_of.year, self.as_of.month, self.as_of.day) - timedelta(hours=self.random.randint(0, 24 * 500))
        return {"source_key": f"{prefix}{self.random.randint(0, 999):03d}{self.serial:04d}", "source_updated_at": updated}


def random_world(seed):
    """A few households, their members and neighbours, and persons of no household, with every kind of hole."""
    make = Maker(seed)
    world = {name: [] for name in [*FEEDS, *KNOWN, "benefit_payments", "population_changes"] if name not in DERIVED}
    world["as_of"] = make.as_of
    world["parameters"] = [p for p in sample_parameters() if not make.chance(0.15 if make.chance(0.2) else 0.0)]
    persons = [f"P{n:02d}" for n in range(make.random.randint(3, 14))]
    for person in persons:
        add_person(world, make, person)
    for number in range(make.random.randint(1, 5)):
        add_household(world, make, f"H{number}", persons)
    for person in persons:
        add_neighbours(world, make, person)
    return world


def add_person(world, make, person):
    years = make.pick(4, 15, 16, 17, 18, 25, 39, 40, 45, 50, 59, 60, 71)
    born = date(make.as_of.year - years, make.as_of.month, min(make.as_of.day, 28))
    world["people"].append(
        {"person_id": person, "birth_date": make.near(born) if make.chance(0.97) else None, "sex_code": make.pick("1", "2")}
    )
    if make.chance(0.1):
        world["deaths"].append({"person_id": person, "change_date": make.day(-300, 30)})
    for _ in range(make.pick(0, 0, 1, 1, 2)):
        since = make.day(-900, 5) if make.chance(0.95) else None
        until = make.day(-400, 20) if make.chance(0.7) else None
        if since and until and until < since:
            since = until - timedelta(days=300)
        region = make.random.choice(HOME) if until else None
        world["absences"].append(
            {
                "person_id": person,
                "decision_date": since,
                "return_date": until,
                "return_region_code": region,
                "is_over": until is None and make.chance(0.1),
            }
        )
    if make.chance(0.5):
        verified = make.day(-300, 5) if make.chance(0.7) else None
        world["addresses"].append(
            make.row("R") | {"person_id": person, "residence_region_code": make.random.choice(HOME), "address_verified_date": verified}
        )
    for _ in range(make.pick(0, 0, 0, 1)):
        joined = make.random.choice(["140106003002", "140221001", "210102"])
        world["population_changes"].append(make.row("C") | change("4", person, make.day(-500, 20)) | {"new_region_code": joined})


def change(kind, person, day):
    nothing = {"new_region_code": None, "household_register_number": None, "police_station_code": "140106510000"}
    return {"change_type_code": kind, "person_id": person, "change_date": day} | nothing


def add_household(world, make, number, persons):
    region, register = make.random.choice(REGIONS), make.pick("0123", "0456", None)
    categories = make.pick(
        ["11"], ["12"], ["11", "12"], ["31"], ["51"], ["41"], ["42", "11"], ["71"], ["71", "31"], ["21", "31"], ["11", "31"]
    )
    for category in categories:
        state = make.pick("1", "2", "2", "2", "3", "4", "5", "6")
        world["assistance_households"].append(
            make.row("MZ-H-")
            | {
                "household_number": number,
                "person_id": make.random.choice(persons) if make.chance(0.9) else None,
                "household_register_number": register,
                "category_code": category,
                "household_state_code": state,
                "application_date": make.day(-900, 3),
                "benefit_end_month": make.day(-300, 0).strftime("%Y%m") if state == "4" else None,
                "counted_members_count": make.random.randint(0, 4),
                "household_income_yuan": make.amount(empty=False),
                "next_review_date": make.day(-200, 200) if make.chance(0.8) else None,
                "assistance_region_code": region if make.chance(0.8) else make.random.choice(REGIONS),
            }
        )
        for _ in range(make.pick(0, 0, 1, 3)):
            world["benefit_payments"].append(payment(make, number, category))
    for place in range(make.pick(0, 1, 1, 2, 3, 4, 5)):
        add_member(world, make, number, make.random.choice(persons), place)
    if make.chance(0.3):
        baby = make.pick("P90", None)
        world["population_changes"].append(
            make.row("C")
            | change("1", baby, make.day(-400, 20))
            | {"household_register_number": make.pick("0123", "0456"), "new_region_code": make.pick(None, "140106", "140221001")}
        )


def payment(make, number, category):
    return make.row("MZ-P-") | {
        "household_number": number,
        "person_id": None,
        "category_code": category if make.chance(0.8) else "11",
        "benefit_month": make.day(-400, 0).strftime("%Y%m"),
        "payment_date": make.day(-200, 5) if make.chance(0.9) else None,
        "payment_kind_code": make.pick("1", "1", "1", "2"),
        "payment_state_code": make.pick("1", "1", "1", "3"),
    }


def add_member(world, make, number, person, place):
    code = make.pick("00", "00", "00", "02", "02", "01", "04")
    disability = make.pick("0", "0", None, "4", "5", "6")
    born = next(p["birth_date"] for p in world["people"] if p["person_id"] == person)
    row = make.row("MZ-M-") | {
        "household_number": number,
        "person_id": person if make.chance(0.93) else None,
        "birth_date": born,
        "residence_region_code": make.random.choice(HOME),
        "relationship_code": "01" if place == 0 and make.chance(0.8) else make.pick("10", "20", "30", "51", "70", "97"),
        "counted_state_code": code,
        "not_counted_start_date": None if code == "00" else make.day(-900, 20),
        "not_counted_end_date": make.day(-200, 100) if code != "00" and make.chance(0.3) else None,
        "labour_capacity_code": make.pick("1", "1", "2", "3"),
        "work_state_code": make.pick("1", "3", "4", None),
        "wage_income_yuan": make.amount(),
        "business_income_yuan": make.pick(Decimal(0), Decimal(0), None, Decimal(50)),
        "property_income_yuan": make.pick(Decimal(0), Decimal(0), None),
        "transfer_income_yuan": make.pick(Decimal(0), Decimal(0), None, Decimal(310)),
        "disability_type_code": disability,
        "disability_grade_code": make.pick("1", "2", "3", "4") if disability not in {"0", None} else disability,
        "major_illness_code": make.pick("0", "0", None, "1", "2", "9"),
        "student_level_code": make.pick("0", "0", None, "2", "5", "6"),
        "household_join_date": make.day(-900, 10) if make.chance(0.7) else None,
        "household_leave_date": make.day(-100, 100) if make.chance(0.15) else None,
    }
    world["assistance_members"].append(row)
    for _ in range(make.pick(0, 1, 1, 2)):
        world["means_checks"].append(check(make, number, row["person_id"]))
    for parent in {make.pick("P00", "P01", "P02", None) for _ in range(2)} - {None}:
        world["parents"].append({"source_key": row["source_key"], "person_id": parent})


def check(make, number, person):
    issued = make.day(-300, 10)
    return make.row("MZ-C-") | {
        "household_number": number,
        "person_id": person if make.chance(0.9) else None,
        "consent_date": issued - timedelta(days=make.pick(20, 30)),
        "request_date": issued - timedelta(days=make.pick(20, 20, 25)),
        "report_issued_date": issued if make.chance(0.9) else None,
        "valid_until_date": make.pick(None, make.as_of, make.as_of + timedelta(days=100), make.as_of - timedelta(days=1)),
        "insured_wage_yuan": make.amount(),
        "taxed_income_yuan": make.pick(None, Decimal(0), Decimal("9120.00"), Decimal("31000.05")),
        "pension_income_yuan": make.pick(None, Decimal(0), Decimal(0), Decimal(700)),
        "houses_count": make.pick(0, 1, 1, 2),
        "houses_area_sqm": Decimal(make.pick("0.00", "30.00", "58.30", "120.00")),
        "vehicles_count": make.pick(0, 0, 0, 1),
        "vehicles_value_yuan": Decimal(make.pick("0.00", "5000.00", "5000.01")),
        "business_links_count": make.pick(0, 0, 0, 1),
        "deposit_band_code": make.pick("0", "1", "2", "3", "5", None),
        "securities_band_code": make.pick("0", "0", "1", "2"),
        "check_result_code": make.pick("1", "1", "1", "2", "3"),
    }


def add_neighbours(world, make, person):
    """Work, insurance, job seeking, housing and temporary assistance of one person."""
    for _ in range(make.pick(0, 0, 1, 2)):
        start = make.day(-400, 5)
        world["job_placements"].append(
            make.row("RS-JY-")
            | {
                "person_id": person,
                "employment_start_date": start,
                "employment_end_date": make.day(-100, 100) if make.chance(0.4) else None,
                "wage_yuan": make.amount(),
            }
        )
    for _ in range(make.pick(0, 0, 1, 3)):
        world["insurance_contributions"].append(
            make.row("RS-SB-")
            | {
                "person_id": person,
                "insurance_kind_code": make.pick("1", "2", "3", "4", "5", "6"),
                "contribution_month": make.day(-150, 20).strftime("%Y%m"),
                "employer_credit_number": make.pick("A", "B", None),
                "contribution_base_yuan": make.amount(),
                "contribution_state_code": make.pick("1", "1", "2", "3", "4"),
            }
        )
    for _ in range(make.pick(0, 0, 1)):
        kind = make.pick("1", "2", "3")
        world["job_seekers"].append(
            make.row("RS-QZ-")
            | {
                "person_id": person,
                "residence_region_code": make.random.choice(REGIONS),
                "job_registration_type_code": kind,
                "job_registration_date": make.day(-500, 5),
                "unemployed_since_date": make.near(date(make.as_of.year - 1, make.as_of.month, min(make.as_of.day, 28)))
                if kind != "2"
                else None,
                "employment_hardship_start_date": make.day(-300, 10) if kind == "3" else None,
                "employment_hardship_end_date": make.day(-10, 100) if kind == "3" and make.chance(0.5) else None,
                "job_state_code": make.pick("1", "1", "2", "4"),
            }
        )
    for _ in range(make.pick(0, 0, 1)):
        world["public_housing"].append(housing(make, person))
    for _ in range(make.pick(0, 0, 1, 2)):
        world["temporary_assistance"].append(
            make.row("MZ-T-")
            | {
                "person_id": person if make.chance(0.8) else None,
                "household_number": make.pick(None, "H0", "H1"),
                "approval_date": make.pick(None, make.day(-340, 5)),
                "approved_amount_yuan": make.pick(Decimal(0), Decimal(700), None),
            }
        )


def housing(make, person):
    return make.row("ZJ-") | {
        "person_id": person if make.chance(0.9) else None,
        "household_number": make.pick(None, None, "H0", "H1", "H9"),
        "application_number": f"GZF{make.serial:05d}",
        "application_date": make.day(-900, 5),
        "current_area_sqm": make.pick(None, Decimal("8.50"), Decimal("12.99"), Decimal(13), Decimal(20)),
        "arrears_months": make.pick(0, 3, 4, 7, None),
        "idle_months": make.pick(0, 3, 4, 12, None),
        "tenancy_state_code": make.pick("1", "1", "2", "2", "3", "5"),
        "assistance_region_code": make.random.choice([r for r in REGIONS if r]),
    }


# ------------------------------------------------------------------ as the rules take it
def tables_of(world):
    """The world as tables of coded columns, in the form `facts_of` takes."""
    rows = {**world, "moves": of_kind(world, "4"), "births": of_kind(world, "1"), "payments": arrived(world)}
    return {name: table(rows[name], kinds) for name, kinds in {**FEEDS, **KNOWN}.items()}


def of_kind(world, kind):
    rows = [c for c in world["population_changes"] if c["change_type_code"] == kind]
    return [row | {"police_region_code": row["police_station_code"][:6]} for row in rows]


def arrived(world):
    return [p for p in world["benefit_payments"] if p["payment_kind_code"] == "1" and p["payment_state_code"] == "1"]


def table(rows, kinds):
    told = [name for name in kinds if not rows or name in rows[0]]
    return pd.DataFrame({name: pd.Series([coded(row[name], kinds[name]) for row in rows], dtype=object) for name in told})


def coded(value, kind):
    if value is None or value == "":
        return None
    if kind == "day":
        return (value - date(1970, 1, 1)).days
    if kind == "instant":
        return int((value - datetime(1970, 1, 1)).total_seconds()) * 1_000_000
    if kind == "quantity":
        return int(value * 1_000_000)
    return int(value) if kind in {"code", "count", "month", "region"} else value
