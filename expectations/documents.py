"""The page of each provider in docs/providers, made from its feeds: how it travels, every field, joins, code lists, receipt codes.

Pages of providers whose feeds are neutral name no other provider's feed and leave out remarks meant for those who know the whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from expectations.agreement import SCHEMA_VERSION, CodeList, Feed, Field, feeds, providers
from expectations.messages import CodeMeaning, meanings
from expectations.neutral import NEUTRALITY_CODE
from expectations.promises import due_words

PAGES = Path(__file__).with_name("pages")
# Shared between feeds, but never a way from one row to another: a person is linked in the identity layer, a worker is staff.
NOT_A_JOIN = {"id_number", "worker_number"}
DIRECTORY_CODE = "station_directory.organization_code"
_NOT_FOR_NEUTRAL_PAGES = re.compile(r"treatment|centre|measure|station|statutory|population_changes")


def pages() -> Mapping[str, str]:
    """Markdown by file name, one page per provider."""
    environment = Environment(loader=FileSystemLoader(PAGES), undefined=StrictUndefined, keep_trailing_newline=True, autoescape=False)  # noqa: S701 - Markdown of our own text
    environment.filters |= {
        "cell": _cell,
        "type_words": _type_words,
        "codes_words": _codes_words,
        "note_words": _note_words,
        "due_cell": _due_cell,
        "personal_words": _personal_words,
    }
    template = environment.get_template("provider.md.j2")
    return {f"{provider}.md": template.render(_page(provider)) for provider in providers()}


def write(folder: Path) -> list[Path]:
    """Every page stands in the folder as the feeds now say; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, page in pages().items():
        (folder / name).write_text(page, "utf-8")
    return [folder / name for name in pages()]


def _page(provider: str) -> dict[str, object]:
    own = [feed for feed in feeds().values() if feed.provider == provider]
    lists = {field.codes.name: field.codes for feed in own for field in feed.fields if field.codes}
    return {
        "provider": provider,
        "schema_version": SCHEMA_VERSION,
        "transport": (PAGES / f"transport_{provider}.md").read_text("utf-8"),
        "feeds": own,
        "joins": {feed.feed: list(_joins(feed)) for feed in own},
        "code_lists": [_whole(codes, own) for codes in lists.values()],
        "meanings": [meaning for meaning in meanings().values() if _concerns(meaning, own)],
    }


def _whole(codes: CodeList, own: list[Feed]) -> CodeList:
    """The list with every code that any of the provider's fields takes (a field may leave some out)."""
    every = {c: label for feed in own for f in feed.fields if f.codes and f.codes.name == codes.name for c, label in f.codes.codes.items()}
    return CodeList(codes.name, every, codes.synonyms, codes.by_first_digit, codes.pattern)


def _concerns(meaning: CodeMeaning, own: list[Feed]) -> bool:
    if meaning.code == NEUTRALITY_CODE:
        return any(field.neutral_text for feed in own for field in feed.fields)
    is_sent = own[0].provider not in {"public_security", "civil_affairs"}  # the other two we fetch ourselves, row by row
    return is_sent or meaning.kind not in {"file", "hold"}


def _joins(feed: Feed) -> Iterator[str]:
    others = [other for other in feeds().values() if other.feed != feed.feed and (other.is_neutral or not feed.is_neutral)]
    for field in feed.fields:
        if field.refers_to == DIRECTORY_CODE and not feed.is_neutral:
            yield f"`{field.field}` → `{field.refers_to}`, valid on the day of the event"
        elif field.field.endswith("_number") and field.field not in NOT_A_JOIN:
            same = [f"`{other.feed}`" for other in others if field.field in other.by_name]
            if same:
                yield f"`{field.field}` = the same field of {', '.join(same)}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _type_words(field: Field) -> str:
    kind = field.type if field.form in {field.type, "organization"} or field.type == "list" else f"{field.type}: {field.form}"
    return f"{kind}, {field.unit}" if field.unit else kind


def _codes_words(field: Field, feed: Feed) -> str:
    if field.codes:
        return f"[{field.codes.name}](#codes-{field.codes.name})"
    return "organisation code" if field.refers_to == DIRECTORY_CODE and feed.is_neutral else field.refers_to or ""


def _note_words(field: Field, feed: Feed) -> str:
    remarks = (field.note or "").split("; ")
    return _cell("; ".join(r for r in remarks if not (feed.is_neutral and _NOT_FOR_NEUTRAL_PAGES.search(r))))


def _due_cell(field: Field) -> str:
    if field.required == "never":
        return "optional"
    return "see note" if field.required == "when" and field.when is None else _cell(due_words(field))


def _personal_words(field: Field) -> str:
    return f"{field.personal}, sealed" if field.is_sealed else field.personal
