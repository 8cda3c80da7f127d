"""What an episode says to others than the handoff rooms: from when a person was away, and when they came back. Nothing else leaves.

Source: household rules of benefits; the return is the release, else the conversion, else the day of a meeting.
"""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from warehouse.handoffs.facts import Facts, day_of
from warehouse.handoffs.rows import Notice, place_of

CONVERSION = "4"


class Absence(NamedTuple):
    """One absence as known on a day; dates are Shanghai days.

    `since_date` None: not known, the absence counts for nothing. `return_region_code`: region of residence told with the return.
    `is_over`: it ended otherwise than by a return.
    """

    since_date: date | None
    return_date: date | None
    return_region_code: str | None
    is_over: bool


def absence_of(facts: Facts) -> Absence:
    """The absence that an episode's facts tell of."""
    roster_date = facts.roster.decision_date if facts.roster else None
    told = [roster_date, facts.notice.decision_date if facts.notice else None, *(n.decision_date for n in reversed(facts.notices))]
    conversion = _conversion(facts)
    converted_date = day_of(conversion.actual_released_at) if conversion and conversion.actual_released_at else None
    met_date = day_of(facts.picked_up_at) if facts.handover == "met" and facts.picked_up_at else None
    notice = facts.release_notice if facts.release_date else conversion
    return Absence(
        since_date=next((day for day in told if day), None),
        return_date=facts.release_date or converted_date or met_date,
        return_region_code=notice.residence_region_code if notice else None,
        is_over=facts.died_date is not None,
    )


def _conversion(facts: Facts) -> Notice | None:
    left = [n for n in facts.notices if n.release_type_code == CONVERSION and facts.today.has_happened(n.actual_released_at)]
    return max(left, key=lambda n: (n.actual_released_at, *place_of(n)), default=None)
