"""What a finding and a flag of a household are made of: said once, for what is worked out and for what is published of it."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import DateTime, Numeric
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped

from warehouse.tables.base import column


class FindingColumns:
    """One row per subject and benefit."""

    finding_key: Mapped[str] = column("Benefit, household and person, or the member's row where no person is known", primary_key=True)
    person_id: Mapped[str | None] = column(
        "The person; of a household its head; of a row in doubt the person it stands for alone; empty where none is known"
    )
    household_number: Mapped[str | None] = column("The household; empty when there is none")
    benefit_code: Mapped[str] = column("The benefit")
    as_of_date: Mapped[date] = column("The day it was worked out for")
    outcome: Mapped[str] = column("likely, possible, unlikely or unknown; a hint, not a decision")
    missing_facts: Mapped[list[str]] = column("Names of facts that are not known", JSONB)
    reasons: Mapped[list[dict[str, Any]]] = column("Every condition with its result, source, parameter and citation", JSONB)
    payable_yuan: Mapped[Decimal | None] = column("Payable a month where the benefit is an amount; empty where not modelled", Numeric)
    region_code: Mapped[str | None] = column("Region whose office looks at it: of the household, the application or the residence")
    is_station_only: Mapped[bool] = column("No assistance household and no own application: for the station worker alone")
    has_own_application: Mapped[bool] = column("The person asks for this very thing, or is registered for it, on the day")
    is_sample: Mapped[bool] = column("True when an amount marked SAMPLE, which is invented, stands behind it")


class HouseholdFlagColumns:
    """One row per flag of a household."""

    household_number: Mapped[str] = column("The household, else the application the flag is about", primary_key=True)
    flag_code: Mapped[str] = column("The flag", primary_key=True)
    effective_date: Mapped[date] = column("From when", primary_key=True)
    neutral_reason_code: Mapped[str] = column("Neutral reason", primary_key=True)
    before: Mapped[dict[str, Any] | None] = column("Members and money before", JSONB)
    after: Mapped[dict[str, Any] | None] = column("Members and money after", JSONB)
    region_code: Mapped[str | None] = column("Region whose office looks at it")
    visible_from: Mapped[datetime] = column("When benefit desks may see it: 08:00 of the next working day", DateTime(timezone=True))
    is_sample: Mapped[bool] = column("True when an amount marked SAMPLE, which is invented, stands behind it")
