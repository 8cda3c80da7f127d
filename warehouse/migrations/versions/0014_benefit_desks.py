"""Each benefit desk reads under a role of its own; findings tell who asked for the very thing they are about.

Revision: 0014
Follows: 0013
"""

from pathlib import Path

from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Create what 0014_benefit_desks.sql says."""
    op.execute(Path(__file__).with_suffix(".sql").read_text("utf-8"))
