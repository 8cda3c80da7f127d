"""Points of the stations' reward ledgers: balances, and entries that do not fit. Law is silent; rules of the seeds' point shops.

Frames hold one row per current entry. An entry counts from its day; entries of a case are ordered by (entry_date, entry_number).
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from warehouse.handoffs.calendar import add_months
from warehouse.handoffs.case_flags import BROKEN, FAMILY_UNNAMED, NEGATIVE, REVERSAL_WRONG, RULE_WRONG, flags_of_hits

COLUMNS = {
    "source_key": "str",
    "case_number": "str",
    "station_code": "str",
    "entry_number": "str",
    "entry_date": "day",
    "entry_kind_code": "str",
    "points_rule_code": "str",
    "points_count": "number",
    "points_balance_count": "number",
    "redeemer_code": "str",
    "is_redeemer_named": "str",
    "reversed_entry_number": "str",
}
EARNED, REDEEMED, REVERSED, CLEARED = "1", "2", "3", "4"
EARNING_RULES = ("01", "02", "03", "04", "05", "06")
REDEEMING_RULES = ("51", "52")
BY_FAMILY = "2"
BALANCE_COLUMNS = ["balance", "earned_12_months", "redeemed_12_months", "redeemed_by_family_12_months", "last_entry_date"]


def ledger(entries: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """The entries up to `as_of` in the order in which a balance is kept, case by case."""
    past = entries[entries["entry_date"] <= np.datetime64(as_of, "s")]
    case, _ = pd.factorize(past["case_number"], sort=False)
    day = past["entry_date"].to_numpy()
    order = np.lexsort((day, case))
    found = past.iloc[order].assign(case=case[order]).reset_index(drop=True)
    # Texts are compared only among entries of one case and day; comparing all of them costs ten times as much.
    tied = found[found.duplicated(["case", "entry_date"], keep=False)]
    in_order = tied.sort_values(["case", "entry_date", "entry_number", "source_key"]).index.to_numpy()
    place = np.arange(len(found))
    place[tied.index.to_numpy()] = in_order
    return found.iloc[place].reset_index(drop=True)


def points_flags(entries: pd.DataFrame) -> pd.DataFrame:
    """Every flag a ledger opens, one row per case and flag.

    Args:
        entries: as `ledger` returns them; is_redeemer_named is `t` or `f`.
    """
    parts = (_negative(entries), _broken(entries), _reversal_wrong(entries), _rule_wrong(entries), _family_unnamed(entries))
    return pd.concat(parts, ignore_index=True)


def _hits(entries: pd.DataFrame, is_hit: pd.Series) -> pd.DataFrame:
    hits = entries[is_hit]
    return hits.assign(due_date=hits["entry_date"])


def _negative(entries: pd.DataFrame) -> pd.DataFrame:
    """The balance of the latest entry is below zero."""
    latest = entries[~entries.duplicated("case", keep="last")]
    return flags_of_hits(NEGATIVE, _hits(latest, latest["points_balance_count"] < 0))


def _broken(entries: pd.DataFrame) -> pd.DataFrame:
    """An entry's balance is not the sum so far; the first such entry is shown."""
    so_far = entries.groupby("case")["points_count"].cumsum()
    wrong = entries[so_far != entries["points_balance_count"]]
    first = wrong[~wrong.duplicated("case", keep="first")]
    return flags_of_hits(BROKEN, first.assign(due_date=first["entry_date"]))


def _reversal_wrong(entries: pd.DataFrame) -> pd.DataFrame:
    """An entry reverses one that the case does not have, that is reversed twice, or that it is not the exact opposite of."""
    reversals = entries[entries["entry_kind_code"].eq(REVERSED)]
    ofs = ["case", "reversed_entry_number"]
    of_cases = entries[entries["case"].isin(reversals["case"])]
    targets = of_cases[["case", "entry_number", "points_count"]].drop_duplicates(["case", "entry_number"])
    found = reversals.merge(targets, how="left", left_on=ofs, right_on=["case", "entry_number"], suffixes=("", "_reversed"))
    is_opposite = found["points_count"].eq(-found["points_count_reversed"]).fillna(False)
    is_wrong = ~is_opposite | found.duplicated(ofs, keep=False)
    return flags_of_hits(REVERSAL_WRONG, _hits(found, is_wrong))


def _rule_wrong(entries: pd.DataFrame) -> pd.DataFrame:
    """The rule does not go with the kind of entry, or the sign does not: earned is positive, redeemed and cleared negative."""
    kind, rule, count = entries["entry_kind_code"], entries["points_rule_code"], entries["points_count"]
    is_rule_wrong = (rule.isin(EARNING_RULES) & kind.ne(EARNED)) | (rule.isin(REDEEMING_RULES) & kind.ne(REDEEMED))
    is_sign_wrong = (kind.eq(EARNED) & (count <= 0)) | (kind.isin((REDEEMED, CLEARED)) & (count >= 0))
    return flags_of_hits(RULE_WRONG, _hits(entries, is_rule_wrong | is_sign_wrong))


def _family_unnamed(entries: pd.DataFrame) -> pd.DataFrame:
    """The family redeemed points and nobody wrote down who."""
    is_family = entries["entry_kind_code"].eq(REDEEMED) & entries["redeemer_code"].eq(BY_FAMILY)
    return flags_of_hits(FAMILY_UNNAMED, _hits(entries, is_family & entries["is_redeemer_named"].ne("t")))


def points_balances(entries: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """Per case what its latest entry says is left, and what was earned and redeemed in the twelve months up to `as_of`.

    Args:
        entries: as `ledger` returns them.

    Returns:
        case_number and BALANCE_COLUMNS; points redeemed are told as positive numbers, reversals stand in neither sum.
    """
    since = np.datetime64(add_months(as_of, -12), "s")
    is_recent = entries["entry_date"] > since
    kind, count = entries["entry_kind_code"], entries["points_count"]
    redeemed = (-count).where(is_recent & kind.eq(REDEEMED), 0)
    sums = entries[["case"]].assign(
        earned_12_months=count.where(is_recent & kind.eq(EARNED), 0),
        redeemed_12_months=redeemed,
        redeemed_by_family_12_months=redeemed.where(entries["redeemer_code"].eq(BY_FAMILY), 0),
    )
    latest = entries[~entries.duplicated("case", keep="last")].set_index("case")
    told = latest[["case_number", "points_balance_count", "entry_date"]].join(sums.groupby("case").sum())
    renamed = told.rename(columns={"points_balance_count": "balance", "entry_date": "last_entry_date"})
    return renamed[["case_number", *BALANCE_COLUMNS]].sort_values("case_number", ignore_index=True)
