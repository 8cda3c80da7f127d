"""Handoffs that are gone, and when time alone changes an aftercare case: what a night need not look at everything for.

Revision: 0012
Follows: 0011
"""

from pathlib import Path

from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Create what 0012_handoff_speed.sql says."""
    op.execute(Path(__file__).with_suffix(".sql").read_text("utf-8"))
