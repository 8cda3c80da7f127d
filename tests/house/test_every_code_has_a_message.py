"""Every code that any room can give has a message with a next step in both languages."""

import re
from pathlib import Path

import pytest

from expectations.messages import every_message, meanings, message
from expectations.promises import dropped_code

ROOT = Path(__file__).parents[2]
ROOMS = ("core", "expectations", "connectors", "warehouse", "pipeline", "dags", "portal")
QUOTED_CODE = re.compile(r"""["']([EHW]_[A-Z][A-Z_]+)["']|error_code: ([EHW]_[A-Z_]+)""")


def codes_in_use() -> dict[str, str]:
    """Code to a file that gives it."""
    files = [file for room in ROOMS for ending in ("py", "sql", "yaml") for file in (ROOT / room).rglob(f"*.{ending}")]
    found = {a or b: str(file.relative_to(ROOT)) for file in files for a, b in QUOTED_CODE.findall(file.read_text("utf-8"))}
    assert len(found) > 30, "the search finds the codes of the reader and the decoder"
    return found


def test_every_code_in_use_has_a_message() -> None:
    without = {code: file for code, file in codes_in_use().items() if code not in every_message()}
    assert not without


@pytest.mark.parametrize("code", every_message())
def test_a_message_says_what_it_is_and_what_to_do_in_both_languages(code: str) -> None:
    meaning = meanings()[code]
    for text in (meaning.means_zh, meaning.next_step_zh):
        assert re.search(r"[\u4e00-\u9fff]", text)
    for text in (meaning.means_en, meaning.next_step_en):
        assert text[0].isupper()
        assert not text.endswith(".")


@pytest.mark.parametrize("meaning", meanings().values(), ids=meanings())
def test_a_code_begins_as_its_kind_says(meaning: object) -> None:
    prefix = {"hold": "H_", "warning": "W_"}.get(meaning.kind, "E_")
    assert meaning.code.startswith(prefix)


def test_a_dropped_value_has_its_own_warning_beside_the_refusal() -> None:
    cells = [m.code for m in meanings().values() if m.kind == "cell"]
    assert len({dropped_code(code) for code in cells}) == len(cells)
    assert meanings()["W_UNIT"].means_en != meanings()[dropped_code("E_UNIT")].means_en


def test_a_message_names_the_field_by_header_and_name() -> None:
    assert message("E_REQUIRED", "name", "姓名").startswith("姓名（name）：必填项为空")
    assert message("E_TOO_MANY", None, None).startswith("被拒收的行超过")


def test_no_warning_of_the_agreement_is_lost_behind_a_dropped_value() -> None:
    assert sum("counts as empty" in m.means_en for m in meanings().values()) == sum(m.kind == "cell" for m in meanings().values())
    assert "counts as empty" not in meanings()["W_UNIT"].means_en
