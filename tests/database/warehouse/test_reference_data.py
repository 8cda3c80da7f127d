"""Parameters and working days in schema registry."""

from argparse import Namespace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from core.errors import FixConfiguration
from warehouse.database import Role, transaction
from warehouse.registry.loading import (
    SAMPLE_FILE,
    ensure_reference_data,
    load_calendar,
    load_parameters,
    main_load_calendar,
    main_load_parameters,
    read_calendar_days,
    read_parameters,
)
from warehouse.registry.parameters import ParameterFileRefused, read_parameter_file

pytestmark = pytest.mark.usefixtures("warehouse_url")


def changed(tmp_path: Path, old: str, new: str) -> Path:
    file = tmp_path / "notice.yaml"
    sample = SAMPLE_FILE.read_text("utf-8")
    assert old in sample
    file.write_text(sample.replace(old, new), "utf-8")
    return file


def test_loading_twice_changes_nothing_and_reading_gives_the_file_back() -> None:
    with transaction(Role.ETL) as connection:
        assert load_parameters(connection, SAMPLE_FILE, "a test") > 100
        assert load_parameters(connection, SAMPLE_FILE, "another") == 0
        found, given = read_parameters(connection), read_parameter_file(SAMPLE_FILE)
        assert set(found.values) == set(given.values)
        assert found.parameters == given.parameters


def test_a_replaced_amount_is_one_change_and_says_who_and_the_old_one_stays_readable(tmp_path: Path) -> None:
    file = changed(
        tmp_path, 'amount: "760.00", document: "SAMPLE, not a real standard; shows', 'amount: "761.00", document: "SAMPLE; shows'
    )
    with transaction(Role.ETL) as connection:
        load_parameters(connection, SAMPLE_FILE, "first")
        assert load_parameters(connection, file, "second") == 1
        assert read_parameters(connection).find("dibao_standard_yuan", "140105", date(2026, 8, 1), "urban").amount == "761.00"
        by = connection.execute(text("select loaded_by from registry.parameter_value where amount = '761.00'")).scalar_one()
        kept = connection.execute(text("select amount, loaded_by, replaced_by from registry.replaced_parameter_value")).all()
        with pytest.raises(ProgrammingError, match="permission denied"), connection.begin_nested():
            connection.execute(text("update registry.replaced_parameter_value set amount = '1'"))
    assert by == "second"
    assert [tuple(row) for row in kept] == [("760.00", "first", "second")]


def test_a_file_that_overlaps_with_what_is_loaded_is_refused_and_loads_nothing(tmp_path: Path) -> None:
    file = changed(
        tmp_path, 'valid_from: 2026-07-01, valid_to: null, amount: "720.00"', 'valid_from: 2026-07-02, valid_to: null, amount: "999.00"'
    )
    with transaction(Role.ETL) as connection:
        load_parameters(connection, SAMPLE_FILE, "first")
        with pytest.raises(ParameterFileRefused, match="overlap"):
            load_parameters(connection, file, "second")
        assert connection.execute(text("select count(*) from registry.parameter_value where amount = '999.00'")).scalar_one() == 0


def test_a_year_has_every_day_and_the_make_up_days_work() -> None:
    with transaction(Role.ETL) as connection:
        assert load_calendar(connection, 2026) == 365
        assert load_calendar(connection, 2026) == 0
        days = read_calendar_days(connection)
    assert len(days) == 365
    assert days[date(2026, 10, 10)]
    assert not days[date(2026, 10, 6)]


def test_a_year_without_a_notice_is_named_and_not_guessed() -> None:
    with transaction(Role.ETL) as connection, pytest.raises(FixConfiguration, match="CALENDAR_MISSING:2099"):
        load_calendar(connection, 2099)


def test_reference_data_is_loaded_where_there_is_none_and_never_over_what_is_there(tmp_path: Path) -> None:
    with transaction(Role.ETL) as connection:
        load_parameters(connection, changed(tmp_path, '"720.00"', '"721.00"'), "the real notice")
        ensure_reference_data(connection)
        assert read_parameters(connection).find("dibao_standard_yuan", "1409", date(2026, 8, 1), "urban").amount == "721.00"
        years = {day.year for day in read_calendar_days(connection)}
    assert {2024, 2025, 2026} <= years


def test_the_commands_load_in_transactions_of_their_own() -> None:
    assert main_load_parameters(Namespace(file=str(SAMPLE_FILE), by="operator")) == 0
    assert main_load_calendar(Namespace(year="2025")) == 0
    with transaction(Role.ETL) as connection:
        assert len(read_calendar_days(connection)) == 365
        assert connection.execute(text("select distinct loaded_by from registry.parameter_value")).scalars().all() == ["operator"]
