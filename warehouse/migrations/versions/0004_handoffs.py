"""What handoffs need beside their states and flags.

Revision: 0004
Follows: 0003
"""

from pathlib import Path

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Create what 0004_handoffs.sql says."""
    op.execute(Path(__file__).with_suffix(".sql").read_text("utf-8"))
