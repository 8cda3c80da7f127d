"""What becomes of a flag that is open no more."""

from datetime import date

import pytest

from warehouse.handoffs.closing import PLACE, Standing, status_of_closed
from warehouse.handoffs.states import PHASES

OCTOBER, DECEMBER, NOTICED_ON = date(2026, 10, 6), date(2026, 12, 6), date(2026, 10, 1)
EXPECTED, NOTICED = Standing("EXPECTED", OCTOBER, None), Standing("NOTICED", OCTOBER, NOTICED_ON)


@pytest.mark.parametrize(
    ("before", "now", "status"),
    [
        (EXPECTED, NOTICED, "resolved"),  # what was missing came
        (EXPECTED, Standing("NOTICED", DECEMBER, NOTICED_ON), "resolved"),  # and told another day with it
        (EXPECTED, Standing("EXPECTED", DECEMBER, None), "void"),  # the day moved
        (NOTICED, Standing("NOTICED", DECEMBER, date(2026, 10, 3)), "void"),  # a rescheduled notice
        (NOTICED, Standing("NOTICED", OCTOBER, date(2026, 10, 3)), "void"),  # a notice of another day
        (NOTICED, Standing("EXPECTED", OCTOBER, None), "resolved"),  # withdrawn: the notice's flags end through that fact
        (NOTICED, Standing("DECEASED", OCTOBER, NOTICED_ON), "void"),
        (NOTICED, Standing("OUT_HOSPITAL", OCTOBER, NOTICED_ON), "resolved"),
        (NOTICED, None, "void"),  # the handoff is no more
        (None, NOTICED, "resolved"),
    ],
)
def test_a_fact_resolves_a_flag_and_a_replaced_day_or_the_end_of_the_handoff_makes_it_void(
    before: Standing | None, now: Standing | None, status: str
) -> None:
    assert status_of_closed(before, now, is_row_gone=False) == status


def test_a_deleted_row_makes_its_flags_void() -> None:
    assert status_of_closed(EXPECTED, NOTICED, is_row_gone=True) == "void"


def test_every_state_has_its_place() -> None:
    assert set(PLACE) == set(PHASES)
    assert PLACE["EXPECTED"] < PLACE["NOTICED"] < PLACE["RELEASED"] < PLACE["IN_REHAB"] < PLACE["DECEASED"]
