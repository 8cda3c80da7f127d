"""The intake works under a role of its own: rights of its first sketch are taken back, those it needs stand in grants.sql.

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
