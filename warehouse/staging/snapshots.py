"""What a full snapshot says by leaving keys out, and the guards before it may say so.

Source: agreement section 2 (silent deletion, shrink guard) and section 6 (a code in use cannot vanish).
"""

from __future__ import annotations

from datetime import date, datetime

import pandas as pd
from sqlalchemy import Connection, text

from core.clock import end_of_day_at
from core.errors import AgreementBroken
from expectations.agreement import Feed
from warehouse.landing.batches import last_snapshot_before

GREATEST_SHRINK_SHARE = 0.10
LEAVES_ROSTER_ONLY = "centre_roster"

# Rows a snapshot is about: those delivered in files of the same feed and scope (file names carry the scope).
OF_SCOPE = "exists (select from landing.batch b where b.batch_id = c.batch_id and (:scope = '' or b.scope = :scope or b.name like :like))"


def guard_shrink(connection: Connection, feed: Feed, scope: str, day: date, row_count: int) -> None:
    """The snapshot is not much smaller than the last accepted one.

    Raises:
        AgreementBroken: H_SHRINK, over 10 % fewer rows.
    """
    last = last_snapshot_before(connection, feed.feed, scope, day)
    if last and row_count < last[1] * (1 - GREATEST_SHRINK_SHARE):
        raise AgreementBroken(
            "H_SHRINK",
            f"{row_count} rows, the accepted snapshot of {last[0]} had {last[1]}; a steward compares and runs accept-held or reject-held",
        )


def guard_codes_in_use(connection: Connection, feed: Feed, present_keys: pd.Series) -> None:
    """No organisation that open cases still name is missing from the directory.

    Raises:
        AgreementBroken: H_IN_USE.
    """
    if feed.feed != "station_directory":
        return
    present = set(present_keys.dropna())
    used = connection.execute(
        text(
            "select distinct d.source_key, d.organization_code from staging.station_directory d "
            "join sealed.aftercare_cases k on k.is_current and k.operation_code <> 'D' and k.case_state_code in ('1', '2', '3', "
            "'4', '5', '9') "
            "and k.station_code = d.organization_code where d.is_current and d.operation_code <> 'D'"
        )
    ).all()
    gone = {row.organization_code for row in used} - {row.organization_code for row in used if row.source_key in present}
    if gone:
        raise AgreementBroken(
            "H_IN_USE",
            f"{len(gone)} organisation codes of open cases are missing (first {min(gone)}); send them with valid_to_date instead",
        )


def apply_silence(
    connection: Connection, feed: Feed, scope: str, day: date, batch_id: int, present_keys: pd.Series, arrived_at: datetime
) -> int:
    """Keys of this scope that the snapshot leaves out count as deleted at its time (roster: as having left). Returns how many.

    Nothing happens when a newer snapshot of the scope was accepted before.
    """
    newer = connection.execute(
        text("select 1 from ops.snapshot where feed = :feed and scope = :scope and snapshot_date > :day limit 1"),
        {"feed": feed.feed, "scope": scope, "day": day},
    ).first()
    if newer:
        return 0
    connection.execute(text("create temporary table present_key (source_key text primary key) on commit drop"))
    keys = [{"key": key} for key in present_keys.dropna().unique()]
    if keys:
        connection.execute(text("insert into present_key values (:key)"), keys)
    told = {
        "scope": scope,
        "like": f"{feed.feed}\\_{scope}\\_%",
        "day": day,
        "batch": batch_id,
        "arrived": arrived_at,
        "at": end_of_day_at(day),
    }
    table = f"{feed.schema}.{feed.feed}"
    vanished = _mark_left(connection, table, told) if feed.feed == LEAVES_ROSTER_ONLY else _delete_silently(connection, table, told)
    connection.execute(text("drop table present_key"))
    return vanished


def _mark_left(connection: Connection, table: str, told: dict[str, object]) -> int:
    connection.execute(
        text(
            f"update {table} c set missing_since = null from present_key p where p.source_key = c.source_key and c.is_current and "
            f"missing_since is not null"
        ),
        told,
    )
    return connection.execute(
        text(
            f"update {table} c set missing_since = :day where c.is_current and c.missing_since is null and c.operation_code <> 'D' "
            f"and {OF_SCOPE} and not exists (select from present_key p where p.source_key = c.source_key)"
        ),
        told,
    ).rowcount


def _delete_silently(connection: Connection, table: str, told: dict[str, object]) -> int:
    """A silent deletion is a version of its own (operation D, no row number); a later snapshot with the key withdraws it."""
    connection.execute(
        text(
            f"with withdrawn as (update {table} c set is_current = false from present_key p where p.source_key = c.source_key and "
            f"c.is_current "
            f"and c.row_number is null returning c.source_key) "
            f"update {table} v set is_current = true from (select distinct on (source_key) version_id, source_key from {table} "
            "where row_number is not null and source_key in (select source_key from withdrawn) "
            "order by source_key, source_updated_at desc, batch_id desc, row_number desc) newest where v.version_id = newest.version_id"
        )
    )
    gone = (
        f"select c.source_key from {table} c where c.is_current and c.operation_code <> 'D' and c.source_updated_at <= :at and {OF_SCOPE} "
        "and not exists (select from present_key p where p.source_key = c.source_key)"
    )
    retired = list(
        connection.execute(
            text(f"update {table} set is_current = false where is_current and source_key in ({gone}) returning source_key"), told
        ).scalars()
    )
    if retired:
        connection.execute(
            text(
                f"insert into {table} (source_key, source_updated_at, operation_code, batch_id, arrived_at, content_hash, is_current) "
                "values (:key, :at, 'D', :batch, :arrived, '\\x64', true) on conflict (source_key, source_updated_at, content_hash) do "
                "update set is_current = true"
            ),
            [told | {"key": key} for key in retired],
        )
    return len(retired)
