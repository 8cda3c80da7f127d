"""The way back of a flag or handoff as lines of text for the command line; ids, keys and classes only."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from warehouse.handoffs.lineage import FlagLineage, Ground, HandoffLineage

IsInBytes = Callable[[Ground], bool]


def flag_text(flag: FlagLineage, is_in_bytes: IsInBytes) -> str:
    """Everything the flag stands on, a line each."""
    return "\n".join(_flag_lines(flag, is_in_bytes))


def handoff_text(handoff: HandoffLineage, is_in_bytes: IsInBytes) -> str:
    """The handoff, its rows and its flags, a line each."""
    since = f" since {handoff.state_since_date}" if handoff.state_since_date else ""
    lines = [f"handoff {handoff.handoff_id}: {handoff.state}{since} (found so for {handoff.as_of_date}, run {handoff.run_id})"]
    lines += [f"  flag {code}: {status}" for code, status in handoff.flags]
    lines += [f"  {_ground(ground, is_in_bytes)}" for ground in handoff.grounds]
    return "\n".join(lines)


def _flag_lines(flag: FlagLineage, is_in_bytes: IsInBytes) -> Iterator[str]:
    due = f", day {flag.due_date}" if flag.due_date else ""
    whose = f"handoff {flag.handoff_id}" if flag.handoff_id else f"case {flag.case_number}"
    yield f"flag {flag.flag_code} of {whose}: {flag.status}, {flag.severity}{due} (run {flag.run_id})"
    yield f"  rule {flag.rule_version}; source {flag.source}"
    for parameter in flag.parameters:
        where = f"{parameter.name} {parameter.region} {parameter.residence} from {parameter.valid_from}"
        told = f"{parameter.amount}; {parameter.document} ({parameter.source})" if parameter.document else "not loaded any more"
        yield f"  parameter {where}: {told}"
    for ground in flag.grounds:
        yield f"  {_ground(ground, is_in_bytes)}"
    for event in flag.history:
        day = f", day {event.due_date}" if event.due_date else ""
        yield f"  {event.at:%Y-%m-%d %H:%M} {event.kind}: {event.severity}{day} (as of {event.as_of_date}, run {event.run_id})"


def _ground(ground: Ground, is_in_bytes: IsInBytes) -> str:
    row = f"row {ground.row_number}" if ground.row_number is not None else "left out of a snapshot"
    proof = "there" if is_in_bytes(ground) else "NOT THERE"
    return (
        f"{ground.feed} {ground.source_key} {ground.field}: {ground.value_class}; version {ground.version_id} of "
        f"{ground.source_updated_at:%Y-%m-%d %H:%M} -> batch {ground.batch_id} {ground.provider} {ground.batch_name} {row} "
        f"-> raw {ground.content_address} ({proof})"
    )
