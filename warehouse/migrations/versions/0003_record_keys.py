"""Blocking keys of records, one narrow row each.

Revision: 0003
Follows: 0002
"""

from pathlib import Path

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create what 0003_record_keys.sql says."""
    op.execute(Path(__file__).with_suffix(".sql").read_text("utf-8"))
