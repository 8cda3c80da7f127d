"""Every night: a signed manifest for each registered centre of what came from it on the days that are over."""

from __future__ import annotations

from core.errors import FixConfiguration
from warehouse.database import Role, transaction
from warehouse.intake.manifests import manifest, manifests_to_make
from warehouse.landing.raw import RawStore
from warehouse.runs import run_record


def write_manifests() -> int:
    """Each registered centre has its manifest of every day that is over; returns the run id. Safe to repeat: a manifest stands.

    Raises:
        FixConfiguration: received bytes are not in the raw store any more, or were changed; the other centres have theirs.
    """
    broken: list[FixConfiguration] = []
    with run_record("manifests") as run:
        with transaction(Role.ETL) as connection:
            wanted = manifests_to_make(connection)
        for centre, day in wanted:
            try:
                with transaction(Role.ETL) as connection:
                    manifest(connection, RawStore(), centre, day)
            except FixConfiguration as error:
                broken.append(error)
        run.counts["manifests"] = len(wanted) - len(broken)
        if broken:
            raise broken[0]
    return run.run_id
