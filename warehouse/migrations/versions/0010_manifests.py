"""What centre and platform say of a day (manifests, declarations); alerts of every kind in one table.

Revision: 0010
Follows: 0009
"""

from pathlib import Path

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Create what 0010_manifests.sql says."""
    op.execute(Path(__file__).with_suffix(".sql").read_text("utf-8"))
