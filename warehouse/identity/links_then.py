"""Whose each row was at a past instant, as a relation for queries: the links that stand, and those the history tells of.

A link holds from the instant it was decided to the instant another decision ended it. A row linked only later is nobody's then. Ids are
those used then, also where they were merged since.
"""

from __future__ import annotations

from datetime import datetime

STANDING = "identity.link"
_THEN = "cast(:known_at as timestamptz)"
LINKS_THEN = (
    f"(select feed, source_key, person_id, link_status from identity.link where decided_at <= {_THEN} union all "  # noqa: S608
    "select feed, source_key, person_id, link_status from identity.link_history "
    f"where changed_at > {_THEN} and (decided_at is null or decided_at <= {_THEN}) and person_id is not null)"
)


def links_at(known_at: datetime | None) -> str:
    """A relation (feed, source_key, person_id, link_status) to be given an alias; it binds `known_at` unless that is None (now)."""
    return STANDING if known_at is None else LINKS_THEN
