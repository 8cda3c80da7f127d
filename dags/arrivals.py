"""The asset that is new when pushed notices wait, and the trigger that tells Airflow so. Runs in the triggerer, which must run."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from airflow.sdk import Asset, AssetWatcher
from airflow.triggers.base import BaseEventTrigger, TriggerEvent


class NoticesArrived(BaseEventTrigger):
    """Fires whenever a run is to be called for pushed batches; its event holds their numbers."""

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """The trigger has no settings: where the database is, the environment says."""
        return f"{__name__}.{type(self).__name__}", {}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """One event per call; never ends."""
        from pipeline.arrivals import arrivals

        async for batches in arrivals():
            yield TriggerEvent({"batches": batches[:100], "count": len(batches)})


PUSHED_NOTICES = Asset(
    name="intake/release_notices",
    uri="x-guitu://intake/release_notices",
    group="intake",
    watchers=[AssetWatcher(name="notices_arrived", trigger=NoticesArrived())],
)
