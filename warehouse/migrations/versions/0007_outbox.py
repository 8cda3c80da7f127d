"""Messages to people and systems, and what became of them.

Revision: 0007
Follows: 0006
"""

from pathlib import Path

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Create what 0007_outbox.sql says."""
    op.execute(Path(__file__).with_suffix(".sql").read_text("utf-8"))
