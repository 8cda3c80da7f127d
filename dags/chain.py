"""What every DAG shares: the assets that chain them, the retry rule, the clock they follow. No work is done here."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import Asset, CronTriggerTimetable, ExceptionRetryPolicy, RetryAction, RetryRule

from core.errors import FixConfiguration, RejectBatch, RetryLater

PUBLIC_SECURITY = (
    "registered_persons",
    "community_orders",
    "drug_tests",
    "risk_assessments",
    "leave_violations",
    "population_changes",
)
CIVIL_AFFAIRS = (
    "assistance_households",
    "assistance_members",
    "means_checks",
    "benefit_payments",
    "temporary_assistance",
    "public_housing",
)
DETENTION_CENTERS = ("release_notices", "centre_roster")
EMPLOYMENT = ("job_seekers", "job_placements", "trainings", "insurance_contributions")
COMMUNITY = ("station_directory", "aftercare_cases", "aftercare_services", "points_ledger")

# Named here and not read from expectations/, which would cost every parse of every DAG file most of a second; a house test
# holds them against the agreement.
FEEDS = {
    "public_security": PUBLIC_SECURITY,
    "civil_affairs": CIVIL_AFFAIRS,
    "detention_centers": DETENTION_CENTERS,
    "employment": EMPLOYMENT,
    "community": COMMUNITY,
}


def staged(feed: str) -> Asset:
    """The asset that is new whenever rows of this feed were staged."""
    return Asset(name=f"warehouse/staging/{feed}", uri=f"x-guitu://warehouse/staging/{feed}", group="staging")


LINKS = Asset(name="warehouse/identity/links", uri="x-guitu://warehouse/identity/links", group="warehouse")
HANDOFFS = Asset(name="warehouse/handoffs", uri="x-guitu://warehouse/handoffs", group="warehouse")
BENEFITS = Asset(name="warehouse/benefits", uri="x-guitu://warehouse/benefits", group="warehouse")
PUBLISHED = Asset(name="warehouse/published", uri="x-guitu://warehouse/published", group="warehouse")

BROKEN_CONNECTION: list[type[BaseException] | str] = [OSError, "sqlalchemy.exc.OperationalError", "sqlalchemy.exc.InterfaceError"]

RETRY_BY_ERROR_FAMILY = ExceptionRetryPolicy(
    rules=[
        RetryRule(exception=RetryLater, action=RetryAction.RETRY, reason="the same call can succeed later"),
        RetryRule(exception=BROKEN_CONNECTION, action=RetryAction.RETRY, reason="a connection broke in the middle"),
        RetryRule(exception=RejectBatch, action=RetryAction.FAIL, reason="the sender or the data steward must act"),
        RetryRule(exception=FixConfiguration, action=RetryAction.FAIL, reason="an engineer must act"),
    ],
    # An error nobody foresaw would come again: red at once, with its reason. A killed worker is no error and is tried again.
    default=RetryAction.FAIL,
)

DEFAULTS: dict[str, Any] = {
    "owner": "guitu",
    "retries": 5,
    "retry_delay": timedelta(minutes=1),
    "retry_exponential_backoff": True,
    "max_retry_delay": timedelta(minutes=30),
    "retry_policy": RETRY_BY_ERROR_FAMILY,
    "execution_timeout": timedelta(hours=3),
}


def at(cron: str) -> CronTriggerTimetable:
    """Runs at these times of a Shanghai clock, whatever the machine's own zone."""
    return CronTriggerTimetable(cron, timezone="Asia/Shanghai")
