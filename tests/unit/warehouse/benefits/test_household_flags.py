"""Stories of household flags, each told by both readings; S is 720.00 for each member (SAMPLE, region 140221, urban)."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from literal_household_flags import household_flags
from worlds import DERIVED, parameters_of, sample_parameters, tables_of

from warehouse.benefits.facts import FEEDS, KNOWN, facts_of
from warehouse.benefits.household_changes import changes_of, effect_of_release
from warehouse.benefits.household_flag_writing import visible_from
from warehouse.benefits.household_flags import household_flags_of
from warehouse.benefits.rehearsal import Part, Turn, rehearse
from warehouse.benefits.situation import situation_of
from warehouse.benefits.tenancy_flags import tenancy_flags_of
from warehouse.benefits.what_if import NoSuchHousehold, NoSuchMember, Suppositions, answer, supposed
from warehouse.registry.parameters import Parameters, ParameterValue

DAY = date(2026, 11, 20)
UPDATED = datetime(2026, 11, 1)
HOME = "140221001001"
NOTHING_OWNED = {
    "houses_count": 1,
    "houses_area_sqm": Decimal(20),
    "vehicles_count": 0,
    "vehicles_value_yuan": Decimal(0),
    "business_links_count": 0,
    "deposit_band_code": "0",
    "securities_band_code": "0",
    "check_result_code": "1",
    "insured_wage_yuan": None,
    "taxed_income_yuan": None,
    "pension_income_yuan": None,
}


def world(*members, category="11", absences=(), deaths=(), changes=(), recorded=None, **household):
    """One household H1 with these members, each with a clean check; nobody earns anything unless told."""
    made = {name: [] for name in [*FEEDS, *KNOWN, "benefit_payments", "population_changes"] if name not in DERIVED}
    made |= {"as_of": DAY, "parameters": sample_parameters(), "absences": list(absences), "deaths": list(deaths)}
    made["population_changes"] = list(changes)
    made["people"] = [{"person_id": m["person_id"], "birth_date": m["birth_date"], "sex_code": "1"} for m in members]
    made["assistance_members"] = list(members)
    made["means_checks"] = [check(m["person_id"]) for m in members]
    count = sum(m["counted_state_code"] == "00" for m in members) if recorded is None else recorded
    row = {"source_key": "A1", "source_updated_at": UPDATED, "household_number": "H1", "person_id": members[0]["person_id"]}
    row |= {"household_register_number": None, "category_code": category, "household_state_code": "2", "benefit_end_month": None}
    row |= {"application_date": date(2025, 1, 1), "counted_members_count": count, "household_income_yuan": Decimal(0)}
    made["assistance_households"] = [row | {"next_review_date": None, "assistance_region_code": "140221"} | household]
    return made


def member(person, *, relationship="70", join=date(2024, 1, 1), born=date(1980, 1, 1), code="00", wage="0", **more):
    row = {"source_key": f"M-{person}", "source_updated_at": UPDATED, "household_number": "H1", "person_id": person, "birth_date": born}
    row |= {"relationship_code": relationship, "residence_region_code": HOME, "counted_state_code": code, "labour_capacity_code": "1"}
    row |= {"not_counted_start_date": date(2025, 1, 1) if code != "00" else None, "not_counted_end_date": None, "work_state_code": "1"}
    row |= {"wage_income_yuan": Decimal(wage), "disability_type_code": "0", "disability_grade_code": "0", "major_illness_code": "0"}
    row |= {f"{part}_income_yuan": Decimal(0) for part in ("business", "property", "transfer")}
    return row | {"student_level_code": "0", "household_join_date": join, "household_leave_date": None} | more


def check(person):
    row = {"source_key": f"C-{person}", "source_updated_at": UPDATED, "household_number": "H1", "person_id": person}
    dates = {"consent_date": date(2026, 5, 1), "request_date": date(2026, 5, 1), "report_issued_date": date(2026, 6, 1)}
    return row | dates | {"valid_until_date": None} | NOTHING_OWNED


def away(person, since, until=None):
    return {"person_id": person, "decision_date": since, "return_date": until, "return_region_code": HOME, "is_over": False}


def moved(person, day, region="140106"):
    return {"change_type_code": "4", "person_id": person, "change_date": day, "new_region_code": region} | {
        "household_register_number": None,
        "police_station_code": "140221510000",
    }


def flags(told):
    """{(flag, day, reason): (before, after)} of H1, the same by both readings."""
    situation = situation_of(facts_of(tables_of(told)), parameters_of(told), told["as_of"])
    found = {flag.key: (flag.before, flag.after) for flag in [*household_flags_of(situation), *tenancy_flags_of(situation)]}
    assert found == household_flags(told)
    return {key[1:]: shown for key, shown in found.items()}


def members(shown):
    return tuple(one["members"] for one in shown)


def test_a_released_mans_return_lowers_the_income_for_each_head():
    back = member("P2", code="02")
    told = flags(world(member("P1", relationship="01", wage="800"), back, absences=[away("P2", date(2025, 1, 1), date(2026, 10, 5))]))
    before, after = told["HH_CHANGED", date(2026, 10, 5), "M2"]
    # 800 - 200 work costs = 600. 1 member: 720 - 600 = 120 payable; 2 members: 1440 - 600 = 840; 600 / 2 = 300 for each head
    assert before == {"members": 1, "income_yuan": "600.00", "per_capita_yuan": "600.00", "payable_yuan": "120.00"}
    assert after == {"members": 2, "income_yuan": "600.00", "per_capita_yuan": "300.00", "payable_yuan": "840.00"}


def test_his_wages_may_raise_it_instead():
    back = member("P2", code="02", wage="3200", source_updated_at=datetime(2026, 11, 10))
    told = flags(world(member("P1", relationship="01"), back, absences=[away("P2", date(2025, 1, 1), date(2026, 10, 5))]))
    _, after = told["HH_CHANGED", date(2026, 10, 5), "M2"]
    assert (after["per_capita_yuan"], after["payable_yuan"]) == ("1500.00", "0.00")


def test_several_changes_start_each_where_the_one_before_ended():
    told = flags(
        world(
            member("P1", relationship="01"),
            member("P2", code="02"),
            member("P3"),
            member("P4"),
            member("P5"),
            absences=[away("P2", date(2025, 1, 1), date(2026, 10, 5)), away("P3", date(2026, 9, 1))],
            deaths=[{"person_id": "P4", "change_date": date(2026, 8, 1)}],
            changes=[moved("P5", date(2026, 11, 1))],
        )
    )
    chain = sorted((day, reason, *members(shown)) for (_, day, reason), shown in told.items() if reason in {"M2", "M3", "M4", "M5"})
    assert chain == [
        (date(2026, 8, 1), "M4", 4, 3),
        (date(2026, 9, 1), "M3", 3, 2),
        (date(2026, 10, 5), "M2", 2, 3),
        (date(2026, 11, 1), "M5", 3, 2),
    ]


def test_one_member_gives_one_change_death_before_absence_before_a_move():
    story = {"absences": [away("P2", date(2026, 9, 1))], "changes": [moved("P2", date(2026, 10, 1))]}
    dead = [{"person_id": "P2", "change_date": date(2026, 10, 2)}]
    head, other = member("P1", relationship="01"), member("P2")
    assert {reason for _, _, reason in flags(world(head, other, deaths=dead, **story))} == {"M4"}
    assert {reason for _, _, reason in flags(world(head, other, **story))} == {"M3"}
    assert {reason for _, _, reason in flags(world(head, other, changes=story["changes"]))} == {"M5"}


@pytest.mark.parametrize(
    ("who", "day", "region", "is_flagged"),
    [
        (member("P2"), date(2026, 10, 1), "140106", True),
        (member("P2"), date(2026, 10, 1), "140221002", False),  # inside the county
        (member("P2", relationship="10"), date(2026, 10, 1), "140106", False),  # a spouse counts anywhere
        (member("P2", born=date(2012, 1, 1)), date(2026, 10, 1), "140106", False),  # so does a minor
        (member("P2", join=date(2026, 10, 1)), date(2026, 10, 1), "140106", False),  # not after joining
        (member("P2", join=None), date(2026, 10, 1), "140106", True),
        (member("P2"), date(2026, 11, 21), "140106", False),  # tomorrow's move does not exist yet
    ],
)
def test_a_move_out_of_the_county_is_a_hint_for_those_who_must_live_there(who, day, region, is_flagged):
    told = flags(world(member("P1", relationship="01"), who, changes=[moved("P2", day, region)]))
    assert (("HH_CHANGED", day, "M5") in told) == is_flagged


def test_two_returns_on_one_day_are_one_flag_from_without_both_to_with_both():
    both = [away(person, date(2025, 1, 1), date(2026, 10, 5)) for person in ("P2", "P3")]
    told = flags(world(member("P1", relationship="01"), member("P2", code="02"), member("P3", code="02"), absences=both))
    assert members(told["HH_CHANGED", date(2026, 10, 5), "M2"]) == (1, 3)


@pytest.mark.parametrize(("category", "wage", "is_flagged"), [("31", "800", True), ("11", "800", False), ("31", "700", False)])
def test_dibao_is_possible_again_only_where_a_return_makes_the_difference_and_none_is_in_force(category, wage, is_flagged):
    # alone: 800 >= 720 unlikely, 700 < 720 possible already; two members: 800 < 1440
    story = [away("P2", date(2025, 1, 1), date(2026, 10, 5))]
    told = flags(world(member("P1", relationship="01", wage=wage), member("P2", code="02"), category=category, absences=story))
    assert (("ELIG_POSSIBLE", date(2026, 10, 5), "M2") in told) == is_flagged


def test_a_return_to_nobody_knows_where_is_a_review_and_changes_no_number():
    story = [away("P2", date(2025, 1, 1), date(2026, 10, 5)) | {"return_region_code": None}]
    told = flags(world(member("P1", relationship="01"), member("P2", code="02"), absences=story))
    assert told == {("ELIG_REVIEW", date(2026, 10, 5), "M9"): ({"members": 1}, {"members": 1})}


@pytest.mark.parametrize(("wage", "is_flagged"), [("100", False), ("100.01", True), (None, False)])
def test_a_wage_above_the_recorded_one_is_reviewed_from_the_day_the_work_began(wage, is_flagged):
    told = world(member("P1", relationship="01"))
    if wage:
        work = {"source_key": "J1", "source_updated_at": UPDATED, "person_id": "P1", "employment_end_date": None}
        told["job_placements"] = [work | {"employment_start_date": date(2026, 9, 7), "wage_yuan": Decimal(wage)}]
    assert (("ELIG_REVIEW", date(2026, 9, 7), "I1") in flags(told)) == is_flagged


@pytest.mark.parametrize(("due", "is_flagged"), [(date(2026, 11, 19), True), (date(2026, 11, 20), False), (None, False)])
def test_a_review_is_overdue_the_day_after_it_was_due(due, is_flagged):
    assert bool(flags(world(member("P1", relationship="01"), next_review_date=due))) == is_flagged


def test_a_recorded_number_that_is_not_the_lists_own_is_shown_with_both():
    told = flags(world(member("P1", relationship="01"), recorded=3))
    assert told == {("HH_COUNT_MISMATCH", DAY, "Q1"): ({"members": 3}, {"members": 1})}


@pytest.mark.parametrize(("arrears", "idle", "reason"), [(4, 0, "T1"), (3, 4, "T2"), (4, 9, "T1"), (3, 3, None), (None, None, None)])
def test_rent_owed_comes_before_an_empty_dwelling(arrears, idle, reason):
    told = world(member("P1", relationship="01"))
    told["public_housing"] = [tenancy(arrears, idle)]
    assert {key[2] for key in flags(told)} == ({reason} if reason else set())


@pytest.mark.parametrize(("until", "reason"), [(date(2026, 7, 2), "T3"), (date(2026, 7, 1), "T1"), (None, "T3")])
def test_a_lawful_ground_in_those_months_stands_before_both_and_is_not_named(until, reason):
    # told on 2026-11-01 with 4 months: the months looked at begin on 2026-07-01
    told = world(member("P1", relationship="01"), absences=[away("P9", date(2026, 1, 1), until)])
    told["public_housing"] = [tenancy(4, 0)]
    assert {key[2]: shown for key, shown in flags(told).items()} == {reason: ({"months": 4}, {"limit": 6})}


def test_the_question_about_a_household_answers_with_its_tenancy_too():
    told = world(member("P1", relationship="01"))
    told["public_housing"] = [tenancy(4, 0) | {"household_number": "H1"}]
    flags = answer(tables_of(told), "H1", parameters_of(told), DAY)["flags"]
    assert [flag["reason"] for flag in flags if flag["flag_code"] == "TENANCY_AT_RISK"] == ["T1"]


def tenancy(arrears, idle):
    row = {"source_key": "Z1", "source_updated_at": UPDATED, "household_number": None, "person_id": "P9", "application_number": "GZF1"}
    row |= {"application_date": date(2024, 1, 1), "current_area_sqm": None, "tenancy_state_code": "2", "assistance_region_code": "140221"}
    return row | {"arrears_months": arrears, "idle_months": idle}


def test_the_effect_of_a_release_says_a_day_and_numbers_and_nothing_else():
    told = world(member("P1", relationship="01"), member("P2", code="02"), absences=[away("P2", date(2025, 1, 1), date(2026, 10, 5))])
    changes = changes_of(situation_of(facts_of(tables_of(told)), parameters_of(told), DAY))
    effect = effect_of_release(changes, 0)
    assert (effect["words"], effect["before"]["payable_yuan"], effect["after"]["payable_yuan"]) == (
        "返家日期 2026-10-05",
        "720.00",
        "1440.00",
    )


def test_a_supposed_fact_changes_the_answer_and_not_the_tables():
    told = world(member("P1", relationship="01", wage="800"), member("P2"))
    tables, parameters = tables_of(told), parameters_of(told)
    untouched = {name: table.copy() for name, table in tables.items()}

    def dibao(what):
        found = answer(supposed(tables, "H1", what, DAY), "H1", parameters, DAY)["findings"]
        return next((f["outcome"], f["payable_yuan"]) for f in found if f["benefit_code"] == "dibao")

    assert dibao(Suppositions({})) == ("likely", "840.00")
    assert dibao(Suppositions({"M-P1": Decimal(1640)})) == ("unlikely", "0.00")  # 1640 - 200 work costs = 1440
    assert dibao(Suppositions({"M-P1": Decimal("1639.99")})) == ("likely", "0.00")  # 1439.99: nothing left after rounding
    assert dibao(Suppositions({}, left=frozenset({"M-P2"}))) == ("likely", "120.00")
    assert dibao(Suppositions({}, added=(date(2020, 5, 1),))) == ("likely", "1560.00")
    with pytest.raises(NoSuchMember):
        supposed(tables, "H1", Suppositions({"M-P7": Decimal(1)}), DAY)
    with pytest.raises(NoSuchHousehold, match="compare the number"):
        answer(tables, "H7", parameters, DAY)
    assert all(table.equals(untouched[name]) for name, table in tables.items())


def test_a_rehearsal_counts_what_turns_from_the_first_day_the_values_count_and_names_nobody():
    told = world(member("P1", relationship="01", wage="950"))
    loaded, facts = parameters_of(told), facts_of(tables_of(told))
    value = ParameterValue("dibao_standard_yuan", "140221", "urban", date(2027, 1, 1), None, "760.00", "SAMPLE")
    found = rehearse([Part(facts, ["H1"], ["P1"])], loaded, Parameters({}, (value,)), DAY)
    assert found.day == date(2027, 1, 1)
    assert found.turns[Turn("140221", "dibao", "unlikely", "likely")] == 1  # 950 - 200 = 750: between 720 and 760
    assert all(number == "**" for number, _ in found.examples)


def test_a_rehearsal_in_parts_counts_each_finding_once():
    told = world(member("P1", relationship="01", wage="950"), member("P2"), absences=[away("P2", date(2025, 1, 1), date(2026, 10, 1))])
    loaded, facts = parameters_of(told), facts_of(tables_of(told))
    given = Parameters({}, (ParameterValue("dibao_standard_yuan", "140221", "urban", date(2027, 1, 1), None, "300.00", "SAMPLE"),))
    whole = rehearse([Part(facts, ["H1"], ["P1", "P2"])], loaded, given, DAY, DAY)
    # Facts of a person bring the household along, and those of a household its members.
    parts = rehearse([Part(facts, ["H1"], []), Part(facts, [], ["P1"]), Part(facts, [], ["P2"])], loaded, given, DAY, DAY)
    assert (parts.findings, parts.turns) == (whole.findings, whole.turns)
    assert whole.findings > 3  # the household's three, and the person's who came back


@pytest.mark.parametrize(
    ("day", "is_working", "hour"),
    [
        (date(2026, 11, 19), {date(2026, 11, 20): True}, datetime(2026, 11, 20, tzinfo=UTC)),
        (
            date(2026, 11, 20),
            {date(2026, 11, 21): False, date(2026, 11, 22): False, date(2026, 11, 23): True},
            datetime(2026, 11, 23, tzinfo=UTC),
        ),
        (date(2026, 12, 31), {}, datetime(2027, 1, 1, tzinfo=UTC)),  # a calendar not loaded
    ],
)
def test_desks_see_a_flag_at_eight_on_the_next_working_morning(day, is_working, hour):
    assert visible_from(day, is_working) == hour  # 08:00 in Shanghai is midnight UTC
