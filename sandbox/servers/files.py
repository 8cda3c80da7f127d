"""Puts a province's files where the servers serve them: SFTP folders, the community drop folder, and as agreed files the release
notices of centres that do not push."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import shutil
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from core.clock import SHANGHAI
from expectations.agreement import feed as agreed_feed


def fill(province: Path, state: Path, pushing: Collection[str] = ()) -> None:
    """`state`/sftp and `state`/community hold the province's files; what is there already and the same is left alone.

    Args:
        pushing: codes of centres that push their notices themselves and upload none.
    """
    for provider in ("detention_centers", "employment"):
        _copy(province / "files" / provider, state / "sftp" / provider)
        (state / "sftp" / "outbox" / provider).mkdir(parents=True, exist_ok=True)
    _copy(province / "files" / "community", state / "community")
    for name, content, row_count in notice_files(province / "push", pushing):
        target = state / "sftp" / "detention_centers" / name
        _write(target, content)
        _write(target.with_name(f"{name}.ok"), f"rows={row_count}\nsha256={hashlib.sha256(content).hexdigest()}\n".encode("ascii"))


def _copy(source: Path, target: Path) -> None:
    """Files first, their .ok after them, each whole or not at all; modification times are kept."""
    target.mkdir(parents=True, exist_ok=True)
    if not source.is_dir():
        return
    for path in sorted(source.iterdir(), key=lambda path: (path.suffix == ".ok", path.name)):
        to = target / path.name
        if path.is_symlink() or not path.is_file() or (to.exists() and to.read_bytes() == path.read_bytes()):
            continue
        shutil.copy2(path, target / ".draft")
        (target / ".draft").replace(to)


def _write(path: Path, content: bytes) -> None:
    if path.exists() and path.read_bytes() == content:
        return
    draft = path.with_name(f".draft.{os.getpid()}")
    draft.write_bytes(content)
    draft.replace(path)


def notice_files(push: Path, pushing: Collection[str] = ()) -> list[tuple[str, bytes, int]]:
    """(name, content, row count) of the release notices of all centres but those that push, as the files a centre would upload:
    one a sender and export day, the batches in the order they would have been pushed. A push that is no envelope cannot be
    written as a file and is left out."""
    groups: dict[tuple[str, str], list[Mapping[str, Any]]] = defaultdict(list)
    for path in sorted(push.glob("*.json")):
        try:
            envelope = json.loads(path.read_bytes())
            day = datetime.fromisoformat(envelope["exported_at"]).astimezone(SHANGHAI).strftime("%Y%m%d")
            if envelope["sender_code"] not in pushing:
                groups[envelope["sender_code"], day].extend(envelope["rows"])
        except (ValueError, KeyError, TypeError):
            continue
    return [(f"release_notices_{sender}_{day}_01.csv", _csv(rows), len(rows)) for (sender, day), rows in sorted(groups.items())]


def _csv(rows: Sequence[Mapping[str, Any]]) -> bytes:
    fields = agreed_feed("release_notices").fields
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(field.header for field in fields)
    writer.writerows([_cell(row.get(field.field)) for field in fields] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return ";".join(_cell(item) for item in value)
    return value if isinstance(value, str) else json.dumps(value)
