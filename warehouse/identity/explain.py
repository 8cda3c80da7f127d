"""Why a row is whose it is, and why two rows are one person or not: `python -m warehouse explain link`. Reads; changes nothing.

Only classes, feeds and keys are told, never a value of a person. Who may not see sealed feeds gets what would be said if there were
none: everything is decided again without their rows, and a sealed row is unknown.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pandas as pd
from sqlalchemy import Connection, text

from core.clock import today_date
from core.errors import NotAllowed
from warehouse.identity.births import BirthLikeness
from warehouse.identity.clusters import REVIEW
from warehouse.identity.decision import Decision
from warehouse.identity.explanation import Explanation, Line, Sentence
from warehouse.identity.memory import Key
from warehouse.identity.names import Likeness
from warehouse.identity.recorded import cases, decisions, history, named, person_of, standing
from warehouse.identity.records import BUSINESS_KEYS, NOTHING, person_feeds
from warehouse.identity.residue import LINK_FROM, SHOW_FROM
from warehouse.identity.sight import Sight, plain_lines, sight
from warehouse.identity.surroundings import Surroundings, surroundings
from warehouse.identity.what_if import are_one, changes, is_asked

ALL = frozenset(feed.feed for feed in person_feeds())
OPEN = frozenset(feed.feed for feed in person_feeds() if feed.schema != "sealed")
TWINS = frozenset({("name", "different"), ("birth", "same")})
BY_LIKENESS = frozenset({"7", "8", "9", "model"})


class RowUnknown(NotAllowed):
    """No row of this feed and key is known, or the caller may not know of it: the same answer for both."""


def explain_row(connection: Connection, one: Key, *, sees: frozenset[str] = ALL, as_of: date | None = None) -> Explanation:
    """Whose the row is, by which rule, since when, and what is decided or asked about it.

    Args:
        sees: the feeds the caller may know of; ALL or OPEN.

    Raises:
        RowUnknown: the row is not linked, or is of another feed.
    """
    around = _around(connection, [one], sees, as_of)
    place, decided = around.places[one], around.decided
    stands = standing(connection, one) if sees == ALL else None
    status, rule = (stands.link_status, stands.rule) if stands else (decided["link_status"].iat[place], decided["rule"].iat[place])
    reasons = [Sentence(status, {"one": named(one)}), Sentence("row_by_rule", {"row": named(one), "rule": rule})]
    reasons += _number_evidence(one, decided, place)
    reasons += _persons(connection, one, sees, around)
    if stands:
        reasons += [Sentence("decided", {"day": f"{stands.decided_at:%Y-%m-%d}", "run": stands.decided_by_run}), *history(connection, one)]
        if (stands.link_status, stands.rule) != (decided["link_status"].iat[place], decided["rule"].iat[place]):
            reasons.append(Sentence("next_linking", {"status": decided["link_status"].iat[place]}))
    reasons += decisions(connection, [one], sees)
    reasons += cases(connection, [one]) if stands else []
    evidence: tuple[Line, ...] = ()
    if rule in BY_LIKENESS and (partner := _partner(decided, around.before, place)) is not None:
        looked = _look(around, place, partner)
        if looked is not None:
            reasons += _likelihood(one, looked)
            evidence = looked.lines
    return Explanation(status, tuple(reasons), evidence)


def explain_pair(
    connection: Connection, one: Key, other: Key, *, sees: frozenset[str] = ALL, as_of: date | None = None, with_changes: bool = True
) -> Explanation:
    """Why the two rows are one person, or why not.

    Args:
        with_changes: also every single change that would alter it; the engine then decides up to ten times, a second or more.

    Raises:
        NotAllowed: both are the same row.
        RowUnknown: as `explain_row`.
    """
    if one == other:
        raise NotAllowed("name two different rows")
    around = _around(connection, [one, other], sees, as_of)
    mine, theirs, decided = around.places[one], around.places[other], around.decided
    says_one, asked = are_one(decided, mine, theirs), is_asked(around.world.records, decided, mine, theirs)
    verdict = "one_person" if says_one else "in_review" if asked else "apart"
    reasons = decisions(connection, [one, other], sees)
    if any(sentence.code == "steward_never" for sentence in reasons):
        asked, verdict = False, "apart"
    if sees == ALL:
        asked_of = cases(connection, [one, other])
        stands = person_of(connection, one) == person_of(connection, other)
        if stands != says_one:
            reasons.append(Sentence("next_linking", {"status": verdict}))
        verdict = "one_person" if stands else "in_review" if asked or asked_of else "apart"
        reasons += asked_of
    for key, place in ((one, mine), (other, theirs)):
        reasons.append(Sentence("row_by_rule", {"row": named(key), "rule": str(decided["rule"].iat[place])}))
        reasons += _number_evidence(key, decided, place)
    evidence = list(plain_lines(around.before, mine, theirs))
    reasons += _shared(around.before, mine, theirs, evidence, is_one=verdict == "one_person")
    looking = [(one, mine, theirs), (other, theirs, mine)]
    looks = [
        (key, _look(around, place, partner)) for key, place, partner in looking if decided["rule"].iat[place] in BY_LIKENESS | {"3", "11"}
    ]
    for key, looked in [(key, looked) for key, looked in looks if looked is not None][:1]:
        reasons += _likelihood(key, looked)
        evidence = list(looked.lines)
    if says_one and len(reasons) == 2:
        reasons.append(Sentence("through_others"))
    altered = tuple(changes(around.world, decided, mine, theirs)) if with_changes else ()
    said = {"one": named(one), "other": named(other)}
    return Explanation(verdict, (Sentence(verdict, said), *reasons), tuple(evidence), altered)


def _around(connection: Connection, keys: list[Key], sees: frozenset[str], as_of: date | None) -> Surroundings:
    for feed, source_key in keys:
        if feed not in sees or standing(connection, (feed, source_key)) is None:
            raise RowUnknown(f"no row {feed} {source_key} is known: check feed and key; what came since the last linking is not known yet")
    return surroundings(connection, keys, as_of or today_date(), None if sees == ALL else sees)


def _number_evidence(key: Key, decided: pd.DataFrame, place: int) -> Iterator[Sentence]:
    name, birth = decided["name_class"].iat[place], decided["birth_class"].iat[place]
    is_plain = name == Likeness.SAME.word and birth in {BirthLikeness.SAME.word, BirthLikeness.NONE.word}
    if name and not is_plain and decided["rule"].iat[place] in {"1", "2", "3"}:
        unknown = {BirthLikeness.NONE.word: "not known"}
        yield Sentence("number_evidence", {"row": named(key), "name": unknown.get(name, name), "birth": unknown.get(birth, birth)})


def _persons(connection: Connection, one: Key, sees: frozenset[str], around: Surroundings) -> Iterator[Sentence]:
    """Whose the row is. Without sealed rows the person is the one that is left, and has no id here."""
    if sees == ALL:
        person_id = person_of(connection, one)
        yield Sentence("person", {"person": str(person_id)})
        mine = connection.execute(text("select feed from identity.link where person_id = :person"), {"person": person_id}).scalars().all()
    else:
        cluster = around.decided["cluster"]
        mine = around.decided.loc[cluster == cluster.iat[around.places[one]], "feed"].astype(str).tolist()
    many: dict[str, str | int] = {"rows": len(mine), "feeds": ", ".join(sorted(set(mine)))}
    yield Sentence("rows_of_person", many) if len(mine) > 1 else Sentence("only_row")


def _shared(before: Decision, one: int, other: int, lines: list[Line], *, is_one: bool) -> Iterator[Sentence]:
    """What two rows have in common, or what keeps them apart, before anybody's likeness is asked."""
    number, rows = before.number, before.records.rows
    equal_keys = [key for key in BUSINESS_KEYS if rows[key].iat[one] == rows[key].iat[other] != NOTHING]
    yield from (Sentence("key_equal", {"key": key.replace("_", " ")}) for key in equal_keys)
    if NOTHING in (number[one], number[other]):
        return
    if number[one] == number[other]:
        yield Sentence("numbers_equal")
    elif not is_one and not before.is_contested[[one, other]].any():
        yield Sentence("numbers_differ")
        if {(line.level, line.said) for line in lines} >= TWINS:
            yield Sentence("born_alike")


def _look(around: Surroundings, place: int, partner: int) -> Sight | None:
    return sight(around.before, around.world.model, place, partner)


def _likelihood(key: Key, looked: Sight) -> Iterator[Sentence]:
    percents = {"percent": round(100 * looked.posterior), "link": round(100 * LINK_FROM), "show": round(100 * SHOW_FROM)}
    yield Sentence("likely", percents)
    if not looked.has_ground:
        yield Sentence("no_ground")
    if looked.rivals:
        yield Sentence("other_candidates", {"count": looked.rivals, "row": named(key)})


def _partner(decided: pd.DataFrame, before: Decision, place: int) -> int | None:
    """The row whose person the row joined by likeness, or, waiting, might be."""
    if decided["link_status"].iat[place] == REVIEW and decided["rival"].iat[place] != NOTHING:
        return int(decided["rival"].iat[place])
    group = before.groups.roots()[before.node]
    mine = decided["cluster"].to_numpy() == decided["cluster"].iat[place]
    others = [position for position in mine.nonzero()[0].tolist() if group[position] != group[place]]
    return min(others, key=lambda position: (group[position] >= before.anchor_count, position), default=None)
