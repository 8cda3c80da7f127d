"""Aftercare flags, points, service counts and measures.

Revision: 0005
Follows: 0004
"""

from pathlib import Path

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Create what 0005_measures.sql says."""
    op.execute(Path(__file__).with_suffix(".sql").read_text("utf-8"))
