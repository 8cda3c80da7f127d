"""What a file's name and its .ok file say (agreement sections 3 and 6). The bytes of the file itself are decoded next door."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Literal

from core.errors import AgreementBroken
from expectations.agreement import feeds

_ORGANIZATION = r"(?P<sender>[0-9]{6}[A-Z][0-9]{3})"
_DAY = r"(?P<day>[0-9]{8})"
_DAILY_NUMBER = r"(?P<number>0[1-9]|[1-9][0-9])"
_PERIOD = r"(?P<period>[0-9]{4}(?:0[1-9]|1[0-2])|[0-9]{4}W[0-9]{2})"
_PART = r"(?:_p(?P<part>0[1-9]|[1-9][0-9]))?"
_EITHER = r"\.(?P<ending>[A-Za-z0-9]{1,8})"
_CSV = r"\.(?P<ending>csv)"

AGREED_NAMES = {
    "detention_centers": (
        re.compile(rf"(?P<feed>release_notices)_{_ORGANIZATION}_{_DAY}_{_DAILY_NUMBER}{_EITHER}"),
        re.compile(rf"(?P<feed>centre_roster)_{_ORGANIZATION}_{_DAY}{_CSV}"),
    ),
    "employment": (
        re.compile(
            r"(?P<feed>job_seekers|job_placements|trainings|insurance_contributions)"
            rf"_(?P<region>[0-9]{{6}})_{_PERIOD}_(?P<extent>full|incr)_{_DAY}{_PART}{_EITHER}"
        ),
    ),
    "community": (
        re.compile(rf"(?P<feed>aftercare_cases|aftercare_services|points_ledger)_{_ORGANIZATION}_{_DAY}_{_DAILY_NUMBER}{_EITHER}"),
        re.compile(rf"(?P<feed>station_directory)_{_DAY}{_CSV}"),
    ),
}
SPREADSHEETS_NOT_READ = {"xls", "xlsm", "xlsb", "xltx", "xltm", "et", "ett", "ods"}

_OK_LINES = re.compile(r"rows=(?P<rows>[0-9]{1,9})\r?\nsha256=(?P<sha256>[0-9a-f]{64})(?:\r?\nparts=(?P<parts>[0-9]{1,2}))?(?:\r?\n)*")


@dataclass(frozen=True)
class NamedFile:
    """What the name of a file says about it.

    `sender_code`: the centre or station of the name, None for employment and station_directory. `snapshot_date`: the day of the
    name where the file is a full snapshot, else None. `scope`: what the snapshot is complete for (centre, region, or "" for the
    whole feed and for increments). `part`: the number of `_pNN`, None without; how many there are stands in the last part's .ok.
    `sequence`: the number within the day (nn), 1 where names carry none. `file_date`: the day in the name. `period`: yyyymm or
    yyyyWww of employment files.
    """

    feed: str
    sender_code: str | None
    snapshot_date: date | None
    scope: str
    part: int | None
    sequence: int
    form: Literal["csv", "xlsx"]
    file_date: date
    period: str | None = None


@dataclass(frozen=True)
class OkFile:
    """What an .ok file declares: data rows without header, SHA-256 of the file's bytes, and on a last part how many parts there are."""

    rows: int
    sha256: str
    parts: int | None


def parse_name(provider: str, file_name: str) -> NamedFile:
    """The name of a provider's file, read; a leading folder of the provider's own name is allowed.

    Raises:
        AgreementBroken: E_NAME where no agreed name fits, E_FORMAT where only the ending is a spreadsheet kind that is not read.
    """
    base = file_name.removeprefix(f"{provider}/")
    for pattern in AGREED_NAMES.get(provider, ()):
        if found := pattern.fullmatch(base):
            return _named(found.groupdict())
    raise AgreementBroken("E_NAME", f"no agreed file name of {provider}; send the file again under a name of agreement sections 3 and 6")


def _named(said: dict[str, str | None]) -> NamedFile:
    feed_name, ending = said["feed"] or "", said["ending"] or ""
    if ending.lower() in SPREADSHEETS_NOT_READ:
        raise AgreementBroken("E_FORMAT", "only .csv and .xlsx are read; save the sheet as .xlsx or .csv and send it again")
    if ending not in {"csv", "xlsx"}:
        raise AgreementBroken("E_NAME", "the file's ending is not .csv or .xlsx")
    file_date, period = _day(said["day"] or ""), said.get("period")
    if period:
        _check_period(period)
    is_snapshot = feeds()[feed_name].snapshot == "always" or said.get("extent") == "full"
    return NamedFile(
        feed=feed_name,
        sender_code=said.get("sender"),
        snapshot_date=file_date if is_snapshot else None,
        scope=(said.get("sender") or said.get("region") or "") if is_snapshot else "",
        part=int(said["part"]) if said.get("part") else None,  # type: ignore[arg-type]
        sequence=int(said.get("number") or 1),
        form="xlsx" if ending == "xlsx" else "csv",
        file_date=file_date,
        period=period,
    )


def _day(text: str) -> date:
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError as error:
        raise AgreementBroken("E_NAME", "the day in the file name does not exist") from error


def _check_period(period: str) -> None:
    try:
        year = int(period[:4])
        date.fromisocalendar(year, int(period[5:]), 1) if "W" in period else date(year, int(period[4:]), 1)
    except ValueError as error:
        raise AgreementBroken("E_NAME", "the period in the file name does not exist") from error


def parse_ok(text: str | bytes) -> OkFile:
    """The two (on a last part three) lines of an .ok file, read.

    Raises:
        AgreementBroken: E_NO_OK; a broken .ok file vouches for nothing, so the file it stands beside still waits for one.
    """
    try:
        found = _OK_LINES.fullmatch(text if isinstance(text, str) else text.decode("ascii"))
    except UnicodeDecodeError as error:
        raise AgreementBroken("E_NO_OK", "the .ok file is not ASCII; write rows=, sha256= and on a last part parts=") from error
    if not found or found["parts"] in {"0", "00"}:
        raise AgreementBroken("E_NO_OK", "the .ok file does not hold the lines rows= and sha256= (and on a last part parts=)")
    return OkFile(int(found["rows"]), found["sha256"], int(found["parts"]) if found["parts"] else None)


def forms_of_files(feed_name: str) -> tuple[Literal["csv", "xlsx"], ...]:
    """In which forms a feed may come as a file; empty for feeds that never do."""
    for pattern in (pattern for patterns in AGREED_NAMES.values() for pattern in patterns):
        if re.search(rf"\b{feed_name}\b", pattern.pattern):
            return ("csv",) if pattern.pattern.endswith(_CSV) else ("csv", "xlsx")
    return ()
