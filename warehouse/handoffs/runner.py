"""Works out the handoffs of a day: what a night touched, or everything; writes differences in the caller's transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, text

from warehouse.alerts import keep_supplied
from warehouse.handoffs.grouping import Wanted
from warehouse.handoffs.marks import Marks, present_marks, read_marks, write_marks
from warehouse.handoffs.part import read_rulebook, work_out_all, work_out_here
from warehouse.handoffs.touched import keep_left_rows, want_touched
from warehouse.handoffs.writing import Scope, write

# From this share of all episodes on, working out everything costs no more.
WHOLE_FROM_SHARE = 0.25
COMPARED = (
    "h.handoff_id, h.person_id, centre_code, station_code, expected_release_date, actual_released_at, state, state_since_date, next_step, "
    "next_due_date, responsible_role, notice_date, audience, coalesce(flag_code, '') as flag_code, severity, due_date, owner_role, "
    "cast(evidence as text) as evidence"
)
STANDING = (
    f"select {COMPARED} from handoffs.handoff h "  # noqa: S608
    "left join handoffs.flag f on f.handoff_id = h.handoff_id and f.status = 'open'"
)


@dataclass(frozen=True)
class Difference:
    """A handoff, or one of its flags (empty: the handoff itself), that working out everything would leave otherwise than it stands."""

    handoff_id: str
    flag_code: str


def work_out(connection: Connection, as_of: date, run_id: int, *, full: bool = False) -> dict[str, int]:
    """Schema handoffs holds every handoff and flag as of 24:00 of the day; returns counts. Running again changes nothing.

    Only episodes touched since the last time are worked out, unless rules, parameters, calendar or directory changed, much was
    touched, or `full`. A year without a calendar and a parameter without a value stand as alerts for operators; what needs them is
    left out.
    """
    before, now = read_marks(connection), present_marks(connection, as_of)
    is_whole = full or before is None or not now.can_go_on_from(before)
    if not is_whole and before is not None:
        is_whole = _is_worth_all(connection, want_touched(connection, before, now))
    rulebook = read_rulebook(connection)
    drafts = work_out_all(connection, as_of, rulebook) if is_whole else work_out_here(connection, Wanted(), as_of, rulebook)
    counts = {"episodes_worked_out": drafts.episodes.num_rows, "is_whole": int(is_whole)}
    counts |= write(connection, drafts, Scope(is_whole), as_of, run_id)
    _finish(connection, before, now, run_id)
    counts["alerts_open"] = keep_supplied(connection, drafts.missing, is_all=is_whole)
    return counts | {f"state_{state.lower()}": count for state, count in sorted(drafts.by_state.items())}


def compare(connection: Connection, as_of: date, run_id: int) -> list[Difference]:
    """What working out everything would leave otherwise than what was touched does. The caller takes the transaction back."""
    work_out(connection, as_of, run_id)
    connection.execute(text(f"create temporary table standing_handoff on commit drop as {STANDING}"))
    work_out(connection, as_of, run_id, full=True)
    either = f"(select * from standing_handoff except {STANDING}) union ({STANDING} except select * from standing_handoff)"  # noqa: S608
    found = connection.execute(text(f"select distinct handoff_id, flag_code from ({either}) d order by 1, 2"))  # noqa: S608
    return [Difference(row.handoff_id, row.flag_code) for row in found]


def _is_worth_all(connection: Connection, touched: int) -> bool:
    known = connection.execute(text("select count(*) from handoffs.episode")).scalar_one()
    return bool(touched > 1_000 and touched > known * WHOLE_FROM_SHARE)


def _finish(connection: Connection, before: Marks | None, now: Marks, run_id: int) -> None:
    if before is None or before.fingerprints["snapshots"] != now.fingerprints["snapshots"]:
        keep_left_rows(connection)
    write_marks(connection, now, run_id)
