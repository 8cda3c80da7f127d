"""Findings and household flags as worked out.

Revision: 0008
Follows: 0007
"""

from pathlib import Path

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Create what 0008_benefits.sql says."""
    op.execute(Path(__file__).with_suffix(".sql").read_text("utf-8"))
