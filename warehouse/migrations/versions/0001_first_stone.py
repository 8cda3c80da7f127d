"""The first tables and views.

Revision: 0001
Follows: nothing
"""

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create what 0001_first_stone.sql says."""
    op.execute(Path(__file__).with_suffix(".sql").read_text("utf-8"))
