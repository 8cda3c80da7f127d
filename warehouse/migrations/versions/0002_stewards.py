"""What stewards decide and are asked, the guard on it, and what happened to each person.

Revision: 0002
Follows: 0001
"""

from pathlib import Path

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create what 0002_stewards.sql says."""
    op.execute(Path(__file__).with_suffix(".sql").read_text("utf-8"))
