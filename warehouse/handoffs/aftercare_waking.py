"""When time alone changes what is said of a case: days on which a flag, a balance or a count of its rows begins or ends. Pure.

A day too many has a case looked at for nothing; a day too few would leave it as it was.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from warehouse.handoffs.aftercare_services import SHOWN_DAYS, due_dates, impossible, waiting

ONE_DAY = np.timedelta64(1, "D")


def wakes_on(cases: pd.DataFrame, services: pd.DataFrame, entries: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """The first day after `as_of` on which the same rows may say something else; cases that no day changes are left out.

    Args:
        cases, services, entries: every current row of the cases, as aftercare_reading reads them.

    Returns:
        case_number and wakes_on, one row per case.
    """
    asked, unmeetable = services[waiting(services)], services[impossible(services)]
    turns = (
        (cases, cases["transfer_accepted_date"]),
        (asked, due_dates(asked) + ONE_DAY),
        (unmeetable, unmeetable["updated_date"]),
        (unmeetable, unmeetable["updated_date"] + np.timedelta64(SHOWN_DAYS + 1, "D")),
        (services, services["done_date"]),
        (entries, entries["entry_date"]),
        (entries, _a_year_after(entries["entry_date"])),
    )
    later = [_later(rows["case_number"], days, np.datetime64(as_of, "s")) for rows, days in turns]
    return pd.concat(later).groupby("case_number", sort=False)["wakes_on"].min().reset_index()


def months_turned(services: pd.DataFrame, before: date, as_of: date) -> frozenset[tuple[str, str]]:
    """Stations and months (yyyymm) with a service said to be done on a day that was to come on the day `before` and has come."""
    has_come = (services["done_date"] > np.datetime64(before, "s")) & (services["done_date"] <= np.datetime64(as_of, "s"))
    done = services[has_come & services["station_code"].notna()]
    return frozenset(zip(done["station_code"], done["done_date"].dt.strftime("%Y%m"), strict=True))


def _later(case_numbers: pd.Series, days: pd.Series, day: np.datetime64) -> pd.DataFrame:
    is_later = days > day
    return pd.DataFrame({"case_number": case_numbers[is_later], "wakes_on": days[is_later]})


def _a_year_after(days: pd.Series) -> pd.Series:
    """The first day of which twelve months before is not before the given one: 29 February gives 1 March."""
    given = days.to_numpy().astype("datetime64[D]")
    months = given.astype("datetime64[M]")
    found = (months + 12).astype("datetime64[D]") + (given - months.astype("datetime64[D]"))
    return pd.Series(found.astype("datetime64[s]"), days.index)
