"""Centres, their keys, and what was pushed.

Revision: 0006
Follows: 0005
"""

from pathlib import Path

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Create what 0006_intake.sql says."""
    op.execute(Path(__file__).with_suffix(".sql").read_text("utf-8"))
