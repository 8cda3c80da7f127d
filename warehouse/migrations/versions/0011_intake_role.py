"""To be said by its owner.

Revision: 0011
Follows: 0010
"""

from pathlib import Path

from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Create what 0011_intake_role.sql says."""
    op.execute(Path(__file__).with_suffix(".sql").read_text("utf-8"))
