from datetime import date
from pathlib import Path

import pytest

from core.errors import ParameterNotInForce
from warehouse.registry.loading import SAMPLE_FILE
from warehouse.registry.parameters import ParameterFileRefused, Parameters, read_parameter_file

HEAD = """
parameters:
- name: {name}
  means: "m"
  unit: "u"
  source: "s"
  {flags}
  values:
"""
VALUE = (
    '  - {{region: "{region}", residence: {residence}, valid_from: {first}, valid_to: {last}, '
    'amount: "{amount}", document: "{document}"}}\n'
)


def written(tmp_path: Path, *values: dict[str, str], name: str = "x_days", flags: str = "") -> Path:
    common = {"region": "14", "residence": "any", "first": "2024-01-01", "last": "null", "amount": "500", "document": "d"}
    file = tmp_path / "given.yaml"
    file.write_text(HEAD.format(name=name, flags=flags) + "".join(VALUE.format(**common | value) for value in values), "utf-8")
    return file


@pytest.fixture(scope="module")
def sample() -> Parameters:
    return read_parameter_file(SAMPLE_FILE)


def test_the_shipped_sample_is_sound_and_every_parameter_says_what_it_means(sample: Parameters) -> None:
    assert len(sample.values) > 100
    assert all(p.means and p.unit and p.source for p in sample.parameters.values())


def test_the_longest_region_prefix_wins(sample: Parameters) -> None:
    assert sample.find("dibao_standard_yuan", "140105003001", date(2026, 8, 1), "urban").region == "1401"
    assert sample.find("dibao_standard_yuan", "140905003001", date(2026, 8, 1), "urban").region == "14"


@pytest.mark.parametrize(("day", "amount"), [(date(2026, 6, 30), "700.00"), (date(2026, 7, 1), "720.00")])
def test_a_value_holds_to_its_last_day_and_the_next_from_its_first(sample: Parameters, day: date, amount: str) -> None:
    assert sample.find("dibao_standard_yuan", "1409", day, "urban").amount == amount


def test_the_nation_speaks_only_where_the_parameter_says_so(sample: Parameters) -> None:
    assert sample.find("notice_lead_days", "999999", date(2026, 1, 1)).region == "000000"
    assert sample.find("notice_lead_days", None, date(2026, 1, 1)).region == "000000"
    with pytest.raises(ParameterNotInForce, match="PARAM_MISSING: dibao_standard_yuan has no value for region 999999 on 2026-01-01"):
        sample.find("dibao_standard_yuan", "999999", date(2026, 1, 1), "urban")


def test_an_optional_parameter_may_be_absent_and_an_unknown_one_may_not(sample: Parameters) -> None:
    assert sample.find("docs_after_release_working_days", "330100", date(2026, 1, 1)) is None
    with pytest.raises(ParameterNotInForce):
        sample.whole_number("docs_after_release_working_days", "330100", date(2026, 1, 1))
    with pytest.raises(ParameterNotInForce, match="no parameter never_heard_of"):
        sample.find("never_heard_of", "14", date(2026, 1, 1))


def test_an_exact_residence_comes_before_any(tmp_path: Path) -> None:
    given = read_parameter_file(written(tmp_path, {"amount": "1"}, {"residence": "rural", "amount": "2"}))
    assert [given.find("x_days", "1401", date(2026, 1, 1), kind).amount for kind in ("rural", "urban", "any")] == ["2", "1", "1"]


@pytest.mark.parametrize(
    ("values", "name", "problem"),
    [
        ([{"document": " "}], "x_days", "the document is missing"),
        ([{"last": "2023-12-31"}], "x_days", "ends before it begins"),
        ([{"last": "2025-01-01"}, {"first": "2025-01-01"}], "x_days", "overlap"),
        ([{}, {"first": "2025-01-01"}], "x_days", "overlap"),
        ([{"residence": "town"}], "x_days", "residence must be"),
        ([{"region": "14x"}], "x_days", "region must be"),
        ([{"amount": "299.99"}], "dibao_standard_yuan", "plausible band"),
        ([{"amount": "2500.01"}], "dibao_standard_yuan", "plausible band"),
        ([{"amount": "9600元/年"}], "dibao_standard_yuan", "plausible band"),
    ],
)
def test_a_wrong_file_is_refused_whole_with_the_reason(tmp_path: Path, values: list[dict[str, str]], name: str, problem: str) -> None:
    with pytest.raises(ParameterFileRefused, match=problem):
        read_parameter_file(written(tmp_path, *values, name=name))


@pytest.mark.parametrize("amount", ["300", "2500"])
def test_the_edges_of_the_plausible_band_are_in_it(tmp_path: Path, amount: str) -> None:
    assert read_parameter_file(written(tmp_path, {"amount": amount}, name="dibao_standard_yuan"))


def test_periods_that_touch_do_not_overlap(tmp_path: Path) -> None:
    assert read_parameter_file(written(tmp_path, {"last": "2024-12-31"}, {"first": "2025-01-01"}))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "parameters: 3",
        "parameters: [{name: a}]",
        "a: [",
        "parameters:\n- {name: a, means: m, unit: u, source: s, values: [{region: '14', valid_from: soon, amount: '1', document: d}]}",
    ],
)
def test_a_file_of_another_form_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "odd.yaml"
    file.write_text(text, "utf-8")
    with pytest.raises(ParameterFileRefused, match="form of a parameter file"):
        read_parameter_file(file)
