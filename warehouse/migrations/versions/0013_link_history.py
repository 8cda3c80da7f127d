"""When each link of the history began and ceased to hold, so that whose a row was at any past instant can be read.

Revision: 0013
Follows: 0012
"""

from pathlib import Path

from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Create what 0013_link_history.sql says."""
    op.execute(Path(__file__).with_suffix(".sql").read_text("utf-8"))
