"""Rows of one decision or order number that do not stand for one person: linked to two, or one under review."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from warehouse.handoffs.rows import LinkConflict

ANOTHER_PERSON, UNDER_REVIEW = "another person", "under review"


def link_conflicts(links: Iterable[tuple[str, str, str, bool]]) -> tuple[LinkConflict, ...]:
    """The rows in doubt, in order of feed and key; empty when all rows are one person's.

    Args:
        links: feed, source_key, person_id and whether the link is under review, of each row with this number that has a link.
    """
    told = sorted(set(links))
    if not told:
        return ()
    settled = Counter(person for _, _, person, is_review in told if not is_review)
    most = min(settled, key=lambda person: (-settled[person], person), default=None)
    return tuple(
        LinkConflict(feed, source_key, UNDER_REVIEW if is_review else ANOTHER_PERSON)
        for feed, source_key, person, is_review in told
        if is_review or person != most
    )
