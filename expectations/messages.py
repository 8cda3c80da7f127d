"""What every code of the agreement means and what its sender does next, in Chinese and English; never with a received value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

import yaml

from expectations.promises import dropped_code

TABLE = Path(__file__).with_name("messages.yaml")
Kind = Literal["file", "hold", "row", "cell", "warning"]


@dataclass(frozen=True)
class CodeMeaning:
    """One code. `kind` says what it befalls (see messages.yaml); `means` and `next_step` in both languages."""

    code: str
    kind: Kind
    means_zh: str
    next_step_zh: str
    means_en: str
    next_step_en: str

    @property
    def text(self) -> str:
        """Both languages in one line, Chinese first."""
        return f"{self.means_zh}。{self.next_step_zh}。 / {self.means_en}. {self.next_step_en}."


@lru_cache(maxsize=1)
def meanings() -> Mapping[str, CodeMeaning]:
    """Every code: those of the agreement, then the warnings under which a refused value that is not due becomes null."""
    given = yaml.safe_load(TABLE.read_text("utf-8"))
    own = {code: _meaning(code, entry) for code, entry in given.items()}
    dropped = [_dropped(meaning) for meaning in own.values() if meaning.kind == "cell"]
    return own | {meaning.code: meaning for meaning in dropped}


def every_message() -> dict[str, str]:
    """Message by code, without a field."""
    return {code: meaning.text for code, meaning in meanings().items()}


def message(code: str, field: str | None, header: str | None) -> str:
    """What is wrong with a field (or the row or delivery as a whole) and the sender's next step.

    Raises:
        KeyError: the agreement has no such code.
    """
    where = f"{header}（{field}）：" if header and field else f"{header or field}：" if header or field else ""
    return where + meanings()[code].text


def _meaning(code: str, entry: Mapping[str, Mapping[str, str]]) -> CodeMeaning:
    zh, en, kind = entry["zh"], entry["en"], entry["kind"]
    return CodeMeaning(code, kind, zh["means"], zh["next"], en["means"], en["next"])  # type: ignore[arg-type]


def _dropped(refusal: CodeMeaning) -> CodeMeaning:
    return CodeMeaning(
        dropped_code(refusal.code),
        "warning",
        f"{refusal.means_zh}；此项在本行非必填，已按空值处理",
        refusal.next_step_zh,
        f"{refusal.means_en}; the value is not due in this row and counts as empty",
        refusal.next_step_en,
    )
