"""What a message says: counts, what the flags mean, references, days and next steps, in Chinese and then English.

A message says nothing about who a person is: no name, no number, no document number. Who is told of which flag is decided before
(warehouse/publish/outbox.py). What a flag means stands in flag_texts.yaml; the form of the text in warehouse/pages/message.txt.j2.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import Any

import jinja2
import yaml

from warehouse.alerts import KINDS, Alert
from warehouse.handoffs.small_cells import LEAST_SHOWN

HERE = Path(__file__).parent
OUTSIDE = "organization"
SEVERITIES = ("critical", "warning", "info")
LISTED = 50
"""References named per flag; the others are counted, and stand in the work list."""


@dataclass(frozen=True)
class FlagText:
    """What is said of one flag."""

    flag_code: str
    means_zh: str
    means_en: str
    step_zh: str
    step_en: str


@dataclass(frozen=True)
class ToldFlag:
    """A flag to be told: the handoff's id, or the reference of the case, is all it is known by. `reason` as in outbox.item.

    `station_code`: whose case it is; None for a handoff. `is_counted`: the reader learns how many there are, and no reference.
    """

    reference: str
    flag_code: str
    severity: str
    due_date: date | None
    owner_role: str
    reason: str
    is_seen: bool = True
    station_code: str | None = None
    is_counted: bool = False


@dataclass(frozen=True)
class Wording:
    """A message as it is sent: for people, and the same for machines."""

    subject: str
    body: str
    content: dict[str, Any] = field(default_factory=dict)


@lru_cache(maxsize=1)
def flag_texts() -> Mapping[str, FlagText]:
    """Flag code to what is said of it."""
    read = yaml.safe_load((HERE / "flag_texts.yaml").read_text("utf-8"))
    return {
        code: FlagText(code, one["means"]["zh"], one["means"]["en"], one["step"]["zh"], one["step"]["en"]) for code, one in read.items()
    }


def worded(flags: Iterable[ToldFlag], alerts: Iterable[Alert] = (), audience: str = "") -> Wording | None:
    """The message about these flags and alerts to this audience; None when nothing is left to tell.

    Flags that are counted make one entry each, without references, and a number below five is not told (it could point to a person).
    A flag with `is_seen` false (an overdue one escalated to somebody who may not see it) is counted by who has to act, and not named.
    An organisation outside (`organization`) has words of its own: that the station asks for it, and which station; no day.
    """
    flags, alerts = [_outside(flag) if audience == OUTSIDE else flag for flag in flags], list(alerts)
    if not flags and not alerts:
        return None
    counted = _numbers(flag for flag in flags if flag.is_counted)
    flags = [flag for flag in flags if not flag.is_counted]
    seen = [flag for flag in flags if flag.is_seen]
    groups = [_group(code, list(told)) for code, told in groupby(sorted(seen, key=_order), key=lambda flag: (flag.reason, flag.flag_code))]
    unseen = _counted(flag.owner_role for flag in flags if not flag.is_seen)
    told_alerts = [{"kind": a.kind, "organization_code": a.organization_code, "subject": a.subject, "count": a.count} for a in alerts]
    counts = {severity: sum(flag.severity == severity for flag in flags) for severity in SEVERITIES}
    content = {
        "counts": counts,
        "flags": [_for_machines(flag) for flag in sorted(seen, key=_order)],
        "unseen": unseen,
        "counted": [{"flag_code": code, "count": number} for code, number in counted.items()],
        "alerts": told_alerts,
    }
    entries = len(flags) + len(counted) + len(alerts)
    subject = f"归途提示 {entries} 项" + (f"（紧急 {counts['critical']}）" if counts["critical"] else "")
    subject += f" / Guitu: {entries} to look at" + (f", {counts['critical']} urgent" if counts["critical"] else "")
    numbers = [{"text": flag_texts()[code], "number": number} for code, number in counted.items()]
    body = _template().render(
        groups=groups, numbers=numbers, least=LEAST_SHOWN, unseen=unseen, alerts=told_alerts, roles=ROLES, kinds=KINDS
    )
    return Wording(subject, body, content)


ROLES = {
    "centre_officer": ("场所民警", "centre officer"),
    "station_worker": ("指导站专职人员", "station worker"),
    "police_officer": ("公安机关", "police"),
    "coordinator": ("协调员", "coordinator"),
    "operator": ("运维人员", "operator"),
    "data_steward": ("数据管理员", "data steward"),
}


def _order(flag: ToldFlag) -> tuple[Any, ...]:
    return (SEVERITIES.index(flag.severity), flag.reason, flag.flag_code, flag.due_date or date.max, flag.reference)


def _outside(flag: ToldFlag) -> ToldFlag:
    return replace(flag, flag_code=f"{flag.flag_code}@{OUTSIDE}", due_date=None)


def _group(of: tuple[str, str], told: list[ToldFlag]) -> dict[str, Any]:
    """One flag of a message with all its references."""
    reason, code = of
    listed = [{"reference": flag.reference, "due": flag.due_date, "station": _station(flag)} for flag in told[:LISTED]]
    return {
        "text": flag_texts()[code],
        "severity": told[0].severity,
        "count": len(told),
        "is_overdue": reason.startswith("overdue"),
        "is_unsent": reason.startswith("unsent"),
        "listed": listed,
        "more": len(told) - len(listed),
    }


def _station(flag: ToldFlag) -> str | None:
    """The station whose case it is, for an organisation that has to ask it."""
    return flag.station_code if flag.flag_code.endswith(f"@{OUTSIDE}") else None


def _for_machines(flag: ToldFlag) -> dict[str, Any]:
    station = {"station_code": _station(flag)} if _station(flag) else {}
    return station | {
        "handoff_id" if flag.station_code is None else "case_reference": flag.reference,
        "flag_code": flag.flag_code.partition("@")[0],
        "severity": flag.severity,
        "due_date": flag.due_date.isoformat() if flag.due_date else None,
        "owner_role": flag.owner_role,
        "reason": flag.reason.partition("/")[0],
    }


def _numbers(flags: Iterable[ToldFlag]) -> dict[str, int | None]:
    """Flag code to how many; None where they are few."""
    counted = Counter(flag.flag_code for flag in flags)
    return {code: number if number >= LEAST_SHOWN else None for code, number in sorted(counted.items())}


def _counted(roles: Iterable[str]) -> dict[str, int]:
    counted: dict[str, int] = {}
    for role in sorted(roles):
        counted[role] = counted.get(role, 0) + 1
    return counted


@lru_cache(maxsize=1)
def _template() -> jinja2.Template:
    # Plain text for mail: escaping would spoil it, and no value of a person is in it.
    environment = jinja2.Environment(  # noqa: S701
        loader=jinja2.FileSystemLoader(HERE.parent / "pages"), undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("message.txt.j2")
