"""Services of the stations: the flags they open on a case, and how many of which kind were done. Law is silent; practice of the seeds.

Frames hold one row per current service. Days are numpy datetime64 (seconds), Shanghai; a service counts as done from its day.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from warehouse.handoffs.case_flags import IMPOSSIBLE, REFUSED_OFTEN, SPECIAL_REPORT, UNMET, flags_of_hits

COLUMNS = {
    "source_key": "str",
    "updated_date": "day",
    "updated_at": "instant",
    "case_number": "str",
    "station_code": "str",
    "service_kind_code": "str",
    "planned_date": "day",
    "done_date": "day",
    "done_at": "instant",
    "service_mode_code": "str",
    "service_result_code": "str",
    "duration_minutes": "number",
    "need_code": "str",
    "service_order_state_code": "str",
    "is_special_report": "str",
    "special_report_organization_code": "str",
}
ORDERED_SERVICE = "51"
DONE, REFUSED, NOT_MET, POSTPONED = "1", "2", "3", "4"
NOT_DONE = ("0", POSTPONED)
TRIED = (DONE, REFUSED, NOT_MET)
ASKED_FOR, IMPOSSIBLE_STATE = ("1", "2"), "5"
GRACE_DAYS, SHOWN_DAYS, IN_A_ROW = 30, 30, 3
COUNTED_BY = ["station_code", "month", "service_kind_code", "need_code", "service_mode_code"]
COUNTS = ["planned", "done", "refused", "not_met", "postponed", "minutes"]


def service_flags(services: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """Every flag the services open at 24:00 of `as_of`, one row per case and flag, whatever the order of the rows.

    Args:
        services: rows with the columns COLUMNS names; is_special_report is `t` or `f`.
    """
    day = np.datetime64(as_of, "s")
    parts = (_unmet(services, day), _impossible(services, day), _refused_often(services, day), _special_report(services, day))
    return pd.concat(parts, ignore_index=True)


def waiting(services: pd.DataFrame) -> pd.Series:
    """True for each service that was ordered and is neither done nor cancelled nor impossible, whenever it is due."""
    return (
        services["service_kind_code"].eq(ORDERED_SERVICE)
        & services["service_order_state_code"].isin(ASKED_FOR)
        & services["service_result_code"].isin(NOT_DONE)
    )


def due_dates(asked: pd.DataFrame) -> pd.Series:
    """The day a waiting service is due: the planned one, else 30 days from its last change."""
    return asked["planned_date"].fillna(asked["updated_date"] + np.timedelta64(GRACE_DAYS, "D"))


def impossible(services: pd.DataFrame) -> pd.Series:
    """True for each service that was ordered and cannot be offered here."""
    return services["service_kind_code"].eq(ORDERED_SERVICE) & services["service_order_state_code"].eq(IMPOSSIBLE_STATE)


def _unmet(services: pd.DataFrame, day: np.datetime64) -> pd.DataFrame:
    """An ordered service is past its planned day, or without one past 30 days from its last change."""
    asked = services[waiting(services)]
    due = due_dates(asked)
    return flags_of_hits(UNMET, asked.assign(due_date=due)[due < day])


def _impossible(services: pd.DataFrame, day: np.datetime64) -> pd.DataFrame:
    """A service cannot be offered here; shown to the coordinator for 30 days, as a need nobody meets."""
    since = day - np.timedelta64(SHOWN_DAYS, "D")
    is_shown = services["updated_date"].between(since, day)
    hits = services[impossible(services) & is_shown]
    return flags_of_hits(IMPOSSIBLE, hits.assign(due_date=pd.NaT))


def _refused_often(services: pd.DataFrame, day: np.datetime64) -> pd.DataFrame:
    """The last three services that were tried were all refused."""
    past = services[services["done_date"] <= day]
    refusals = past.loc[past["service_result_code"].eq(REFUSED), "case_number"].value_counts()
    concerned = past["case_number"].isin(refusals.index[refusals >= IN_A_ROW])
    tried = past[concerned & past["service_result_code"].isin(TRIED)]
    last = tried.sort_values(["done_at", "updated_at", "source_key"]).groupby("case_number").tail(IN_A_ROW)
    refused = last[last["service_result_code"].eq(REFUSED)]
    counts = refused.groupby("case_number")["done_date"].agg(["size", "max"])
    often = counts[counts["size"] == IN_A_ROW]
    hits = refused[refused["case_number"].isin(often.index)]
    return flags_of_hits(REFUSED_OFTEN, hits.assign(due_date=often["max"].reindex(hits["case_number"]).to_numpy()))


def _special_report(services: pd.DataFrame, day: np.datetime64) -> pd.DataFrame:
    """Something was reported to the street and no service was done on a later day."""
    past = services[services["done_date"] <= day]
    reported = past[past["is_special_report"].eq("t")]
    last_done = past[past["service_result_code"].eq(DONE)].groupby("case_number")["done_date"].max()
    is_followed = last_done.reindex(reported["case_number"]).to_numpy() > reported["done_date"].to_numpy()
    hits = reported[~is_followed]
    return flags_of_hits(
        SPECIAL_REPORT,
        hits.assign(due_date=hits["done_date"] + np.timedelta64(1, "D"), told_organization_code=hits["special_report_organization_code"]),
    )


def service_counts(services: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """How many services each station planned, did, was refused, met nobody, or postponed; minutes are those of services done.

    The month (yyyymm) is that of the day of service, else of the planned day, else of the last change. A service said to be done on
    a day after `as_of` is still planned.

    Returns:
        Columns COUNTED_BY and COUNTS; need and mode are empty texts where there is none.
    """
    is_past = services["done_date"] <= np.datetime64(as_of, "s")
    has_happened = is_past | ~services["service_result_code"].isin(TRIED)
    result = services["service_result_code"].where(has_happened, "0")
    day = services["done_date"].fillna(services["planned_date"]).fillna(services["updated_date"])
    is_done = result.eq(DONE)
    counted = services[["station_code", "service_kind_code"]].assign(
        month=(day.dt.year * 100 + day.dt.month).astype("int64"),
        need_code=services["need_code"].fillna(""),
        service_mode_code=services["service_mode_code"].fillna(""),
        planned=result.eq("0"),
        done=is_done,
        refused=result.eq(REFUSED),
        not_met=result.eq(NOT_MET),
        postponed=result.eq(POSTPONED),
        minutes=services["duration_minutes"].fillna(0).where(is_done, 0),
    )
    counts = counted.groupby(COUNTED_BY, sort=False)[COUNTS].sum().astype("int64").reset_index()
    return counts.assign(month=counts["month"].astype("str")).sort_values(COUNTED_BY, ignore_index=True)
