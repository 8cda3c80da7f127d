"""Which province this folder's demo shows; made on the first run and kept, because one warehouse holds one province."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path

from core.settings import local_state

PERSONS, SEED, AS_OF = 400, 7, "2026-11-20"


@dataclass(frozen=True)
class Choice:
    """`folder`: the province directory; `is_given`: the user's own, not made up by us from `persons` and `seed`."""

    folder: Path
    is_given: bool
    persons: int
    seed: int
    as_of: date


class OtherDemo(RuntimeError):
    """Another province than the one asked for is in this folder's warehouse."""


def choose(province: Path | None, persons: int | None, seed: int | None, as_of: date | None) -> Choice:
    """The province to show: what is asked for, else what was shown here before, else the usual one.

    Raises:
        OtherDemo: something else is asked for than what the warehouse of this folder holds.
    """
    kept = _kept()
    usual = kept or Choice(_made_up_folder(), False, PERSONS, SEED, date.fromisoformat(os.environ.get("GUITU_AS_OF") or AS_OF))
    wanted = replace(usual, as_of=as_of or usual.as_of)
    if province:
        wanted = replace(wanted, folder=province.resolve(), is_given=True)
    elif persons is not None or seed is not None:
        wanted = Choice(_made_up_folder(), False, persons or PERSONS, SEED if seed is None else seed, wanted.as_of)
    if wanted.is_given and not wanted.folder.is_dir():
        raise OtherDemo(f"there is no province directory {wanted.folder}")
    if kept and kept != wanted:
        raise OtherDemo(
            f"this folder's warehouse holds {_words(kept)}, not {_words(wanted)}. "
            "Begin anew with `make demo ARGS=--fresh` and your options, or set GUITU_HOME to another folder"
        )
    _path().parent.mkdir(parents=True, exist_ok=True)
    _path().write_text(json.dumps(asdict(wanted), default=str))
    return wanted


def forget() -> None:
    """The next run may choose freely."""
    _path().unlink(missing_ok=True)


def _kept() -> Choice | None:
    try:
        kept = json.loads(_path().read_text())
    except FileNotFoundError:
        return None
    return Choice(Path(kept["folder"]), kept["is_given"], kept["persons"], kept["seed"], date.fromisoformat(kept["as_of"]))


def _made_up_folder() -> Path:
    return local_state() / "province"


def _words(choice: Choice) -> str:
    what = (
        f"the province in {choice.folder}" if choice.is_given else f"a made-up province of {choice.persons:,} persons, seed {choice.seed}"
    )
    return f"{what}, on {choice.as_of}"


def _path() -> Path:
    return local_state() / "demo.json"
