"""The fictional detention centres: most push their release notices, signed, with the real client; the last one still uploads files.

Each pushing centre has a folder of its own with its key pair, its spool and its receipts, as it would have at home.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.settings import PROJECT, local_state
from sandbox import intake, processes

PREFIX = "centre-"
"""What the names of the clients' background processes begin with."""
SECONDS_UNTIL_A_KEY_IS_KNOWN = 3.0


@dataclass(frozen=True)
class Centre:
    """One centre that pushes. `batches`: batch_id to its file in the province, in the order of sending."""

    code: str
    batches: Mapping[str, Path]

    @property
    def folder(self) -> Path:
        """Where its client keeps everything."""
        return local_state() / "centres" / self.code

    @property
    def name(self) -> str:
        """Its client as a background process."""
        return f"{PREFIX}{self.code}"

    def is_answered(self, batch_id: str) -> bool:
        """True when its receipt is there."""
        return (self.folder / "receipts" / f"{batch_id}.json").exists()

    @property
    def waiting(self) -> list[Path]:
        """Batches that have no answer yet."""
        return [path for batch_id, path in self.batches.items() if not self.is_answered(batch_id)]


@dataclass(frozen=True)
class Pushed:
    """What the centres were answered: batches, and rows as the receipts count them. `unanswered`: a client's name to its batches."""

    batches: int
    accepted: int
    duplicates: int
    refused: int
    unanswered: Mapping[str, int]


def pushing(province: Path) -> list[Centre]:
    """The centres that push: all that send notices but the last by code, which shows the other agreed way, files over SFTP."""
    found: dict[str, dict[str, Path]] = defaultdict(dict)
    for path in sorted((province / "push").glob("*.json")):
        try:
            envelope = json.loads(path.read_bytes())
            found[str(envelope["sender_code"])][str(envelope["batch_id"])] = path
        except (ValueError, KeyError, TypeError):
            continue  # whose it is, nobody can tell
    codes = sorted(found)
    return [Centre(code, found[code]) for code in (codes[:-1] if len(codes) > 1 else codes)]


def register(centres: Sequence[Centre], register_key: Callable[[str, Path], None]) -> None:
    """Every centre has a key pair for the intake's present address, and the registry knows it.

    Raises:
        processes.NotStarted: the client could not make a pair.
    """
    is_new = False
    for centre in centres:
        if _settings(centre).get("url") != intake.address():
            _client(centre, "keygen", "--centre", centre.code, "--url", intake.address())
            is_new = True
        elif not centre.waiting:
            continue
        register_key(centre.code, centre.folder / f"{_settings(centre)['app_key']}.pub.pem")
    if is_new and processes.is_running(intake.NAME):
        time.sleep(SECONDS_UNTIL_A_KEY_IS_KNOWN)


def begin_to_push(centres: Sequence[Centre], environment: Mapping[str, str]) -> int:
    """Each centre's client is sending what has no answer yet, in the background; returns how many batches that are."""
    for centre in centres:
        if waiting := centre.waiting:
            processes.start(centre.name, push_command(centre, waiting), environment)
    return sum(len(centre.waiting) for centre in centres)


def push_command(centre: Centre, files: Sequence[Path]) -> list[str]:
    """The centre's own client, sending these files."""
    return [sys.executable, "-m", "portal.centre_client", "--folder", str(centre.folder), "push", *map(str, files)]


def wait_until_answered(centres: Sequence[Centre], patience_seconds: float) -> Pushed:
    """No client sends any more, or patience ended; what has no receipt then (a damaged batch, say) is told as unanswered."""
    deadline = time.monotonic() + patience_seconds
    for centre in centres:
        while processes.is_running(centre.name) and time.monotonic() < deadline:
            time.sleep(0.5)
    answers = [json.loads(path.read_text("utf-8")) for centre in centres for path in (centre.folder / "receipts").glob("*.json")]
    refused = sum(len({line["row_number"] for line in answer["rejected"]}) for answer in answers)
    unanswered = {centre.name: len(centre.waiting) for centre in centres if centre.waiting}
    return Pushed(len(answers), sum(a["accepted"] for a in answers), sum(a["duplicates"] for a in answers), refused, unanswered)


def stop() -> list[str]:
    """No client runs; what is in a spool stays there. Returns those that did."""
    return processes.stop(*processes.recorded(PREFIX))


def _settings(centre: Centre) -> dict[str, str]:
    try:
        found: dict[str, str] = json.loads((centre.folder / "client.json").read_text("utf-8"))
    except FileNotFoundError:
        return {}
    return found


def _client(centre: Centre, *command: str) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "portal.centre_client", "--folder", str(centre.folder), *command],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode:
        raise processes.NotStarted(f"the client of {centre.code} could not {command[0]}:\n{result.stderr}")
