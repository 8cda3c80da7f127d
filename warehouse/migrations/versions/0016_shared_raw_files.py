"""Bytes of batches taken in together share a file: a comment alone.

Revision: 0016
Follows: 0015
"""

from pathlib import Path

from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Create what 0016_shared_raw_files.sql says."""
    op.execute(Path(__file__).with_suffix(".sql").read_text("utf-8"))
