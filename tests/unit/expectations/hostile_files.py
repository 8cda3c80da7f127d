"""All odd and hostile deliveries, each with the end its label promises.

Another test may send the same bytes through a longer path: `case.delivery()` gives the delivery.
"""

from tests.unit.expectations import hostile_messages, hostile_text, hostile_workbooks
from tests.unit.expectations.hostile_case import SOURCE_CHANGED, HostileFile

__all__ = ["HOSTILE_FILES", "SOURCE_CHANGED", "HostileFile"]

HOSTILE_FILES = (*hostile_text.CASES, *hostile_messages.CASES, *hostile_workbooks.CASES)
