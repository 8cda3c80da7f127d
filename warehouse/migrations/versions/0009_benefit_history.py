"""What benefits said before: parameters as they were loaded, flags of households that came and went; and which answers rest on SAMPLE.

Revision: 0009
Follows: 0008
"""

from pathlib import Path

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Create what 0009_benefit_history.sql says."""
    op.execute(Path(__file__).with_suffix(".sql").read_text("utf-8"))
