"""Once a month: compare all keys with the sources, count their loads, and tell of rows whose partner never came."""

from __future__ import annotations

from connectors.sources import open_source
from core.clock import today_date
from core.logs import log_event
from expectations.agreement import feeds, providers
from warehouse.database import Role, transaction
from warehouse.runs import run_record
from warehouse.staging.reconcile import mark_missing, warn_orphans


def reconcile(provider: str | None = None) -> int:
    """Keys missing at a source are marked for a steward, orphans are warned about; returns the run id."""
    with run_record("reconcile", provider) as run:
        for name in [provider] if provider else providers():
            source = open_source(name)
            if source.keys is not None:
                for stream in source.streams:
                    listed = (key for page in source.keys(stream) for key, _ in page)
                    with transaction(Role.ETL) as connection:
                        marked, unknown = mark_missing(connection, feeds()[stream], listed, today_date())
                    run.counts[f"{stream}_missing_at_source"] = marked
                    run.counts[f"{stream}_not_fetched"] = unknown
            for difference in source.differences(None) if source.differences else ():
                log_event("load differs", provider=name, difference=difference)
                run.counts["loads_that_differ"] = run.counts.get("loads_that_differ", 0) + 1
        with transaction(Role.ETL) as connection:
            run.counts["orphans"] = warn_orphans(connection, today_date())
    return run.run_id
