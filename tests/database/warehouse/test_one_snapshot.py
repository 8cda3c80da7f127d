"""Work that reads several tables sees them all as of one instant, however much arrives meanwhile."""

import pytest
from sqlalchemy import text

from warehouse.database import Role, transaction
from warehouse.lease import hold, take

COUNT = text("select count(*) from ops.lease")


@pytest.mark.parametrize(("one_snapshot", "seen_later"), [(True, 1), (False, 2)])
def test_what_is_committed_meanwhile_is_seen_only_without_one_snapshot(warehouse_url: str, one_snapshot: bool, seen_later: int) -> None:
    with transaction(Role.ETL) as connection:
        token = take(connection, "link")
    with transaction(Role.ETL, one_snapshot=one_snapshot) as connection:
        hold(connection, "link", token)
        assert connection.execute(COUNT).scalar_one() == 1
        with transaction(Role.ETL) as other:
            take(other, "publish")
        assert connection.execute(COUNT).scalar_one() == seen_later
