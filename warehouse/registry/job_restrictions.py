"""Occupations that the law bars to some: read from the parameter file, kept in the registry, and given out as bare codes.

Source: 保安服务管理条例 17 and others, named per row. An employment desk gets codes with the words 不适配岗位(依法规), never a reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert

from core.clock import now_at
from warehouse.registry.parameters import ParameterFileRefused
from warehouse.tables.registry import JobRestriction as Stored

WORDS = "不适配岗位(依法规)"
FIELDS = ("occupation_code", "name", "bar", "applies_to", "source")
OF_ABSENCE, OF_ANY = "isolation", "any"


@dataclass(frozen=True)
class JobRestriction:
    """One occupation; `applies_to`: OF_ABSENCE (who was ever away by decision) or OF_ANY (those too, and who is on the register)."""

    occupation_code: str
    name: str
    bar: str
    applies_to: str
    source: str


def read_job_restrictions(path: Path) -> tuple[JobRestriction, ...]:
    """The restrictions of a parameter file; none where it has no such list.

    Raises:
        ParameterFileRefused: a row lacks a field, or applies to something no rule knows.
    """
    given: Mapping[str, Any] = yaml.safe_load(path.read_text("utf-8"))
    try:
        found = tuple(JobRestriction(**{field: str(row[field]) for field in FIELDS}) for row in given.get("job_restrictions") or ())
    except (KeyError, TypeError) as error:
        raise ParameterFileRefused(f"{path.name}: a job restriction lacks one of {', '.join(FIELDS)}; nothing was loaded") from error
    unknown = sorted({one.occupation_code for one in found if one.applies_to not in (OF_ABSENCE, OF_ANY)})
    if unknown:
        raise ParameterFileRefused(f"{path.name}: applies_to of {', '.join(unknown)} is neither {OF_ABSENCE} nor {OF_ANY}")
    return found


def load_job_restrictions(connection: Connection, path: Path, by: str) -> int:
    """The file's restrictions stand in registry.job_restriction, replacing those of the same occupation; returns how many."""
    given = read_job_restrictions(path)
    if not given:
        return 0
    loaded = {"loaded_at": now_at(), "loaded_by": by}
    statement = insert(Stored).values([{field: getattr(one, field) for field in FIELDS} | loaded for one in given])
    replaced = {name: statement.excluded[name] for name in (*FIELDS[1:], *loaded)}
    connection.execute(statement.on_conflict_do_update(index_elements=["occupation_code"], set_=replaced))
    return len(given)


def kept_job_restrictions(connection: Connection) -> tuple[JobRestriction, ...]:
    """Every restriction in the registry, by occupation."""
    columns = [Stored.__table__.c[field] for field in FIELDS]
    return tuple(JobRestriction(**dict(row._mapping)) for row in connection.execute(select(*columns).order_by(columns[0])))


def excluded_codes(restrictions: Iterable[JobRestriction], *, was_away: bool, is_registered: bool) -> tuple[str, ...]:
    """Codes of the occupations barred to one person, sorted; which of the two facts bars one is not told.

    Args:
        was_away: the person was ever away by decision.
        is_registered: the person stands on the register.
    """
    applying = {OF_ABSENCE, OF_ANY} if was_away else {OF_ANY} if is_registered else set()
    return tuple(sorted(one.occupation_code for one in restrictions if one.applies_to in applying))
