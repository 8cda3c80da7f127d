"""To be said by its owner.

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
