"""What findings say of a member whose person is in doubt: comments alone.

Revision: 0015
Follows: 0014
"""

from pathlib import Path

from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Create what 0015_named_in_doubt.sql says."""
    op.execute(Path(__file__).with_suffix(".sql").read_text("utf-8"))
