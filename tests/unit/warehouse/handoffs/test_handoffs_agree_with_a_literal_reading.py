"""States, stations and flags beside a second reading of the rules that shares no code with the product, on random episodes."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest
from episodes import DAYS, PARAMETERS, deadlines
from literal_handoff import WorkingDays, literal_handoff
from random_episodes import DIRECTORY, RandomEpisodes

from core.errors import ParameterNotInForce
from warehouse.handoffs.flags import FLAGS
from warehouse.handoffs.handoff import handoff_of
from warehouse.handoffs.routing import Stations

# Told by arrival and by linking, which an episode alone does not show.
ELSEWHERE = {"DELIVERY_LATE", "IDENTITY_CONFLICT"}
# The 3rd is an ordinary day; on the 20th visits fall due; the others lie beside holidays and make-up work days.
LOOKED_AT = (date(2026, 11, 20), date(2026, 11, 3), date(2026, 10, 8), date(2026, 2, 28))
EPISODES = 1200


def _amount(name: str, region: str | None, day: date) -> str | None:
    try:
        value = PARAMETERS.find(name, region, day)
    except ParameterNotInForce:
        return None
    return value.amount if value else None


@pytest.mark.parametrize("today", LOOKED_AT, ids=str)
def test_both_readings_come_to_the_same_state_station_and_flags(today: date) -> None:
    rules, stations, days = deadlines(*DIRECTORY), Stations(DIRECTORY), WorkingDays(DAYS)
    episodes = RandomEpisodes(today, seed=today.toordinal())
    differences: list[str] = []
    opened: Counter[str] = Counter()
    for number in range(EPISODES):
        episode = episodes.next()
        worked = handoff_of(episode, today, rules, stations).handoff
        read = literal_handoff(episode, today, _amount, days, DIRECTORY)
        if worked is None or read is None:
            assert worked is read, f"episode {number} is a handoff to one of them only"
            continue
        state, since, station, theirs = read
        found = (worked.state.state, worked.state.since_date, worked.route.station_code)
        if found != (state, since, station):
            differences.append(f"episode {number}: rules {found}, literal {(state, since, station)}")
        ours = {flag.flag_code: (flag.severity, flag.due_date) for flag in worked.flags if flag.flag_code not in ELSEWHERE}
        opened.update(ours.keys())
        for code in sorted(ours.keys() | theirs.keys()):
            if ours.get(code) != theirs.get(code):
                differences.append(f"episode {number} {state} {code}: rules {ours.get(code)}, literal {theirs.get(code)}")
    assert not differences, "\n".join(differences[:20])
    # A flag that never opened would prove nothing; a visit is not due before the 20th of a month.
    not_today = {"VISIT_DUE"} if today.day < 20 else set()
    assert set(opened) >= {rule.code for rule in FLAGS} - ELSEWHERE - not_today
