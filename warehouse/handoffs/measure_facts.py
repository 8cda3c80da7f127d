"""What the measures ask of a handoff's facts: what was seen lately, whether the order ran, who is left out, the pickup's hours."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import date, timedelta

from warehouse.handoffs.calendar import add_months
from warehouse.handoffs.facts import Facts
from warehouse.handoffs.measure_months import Month
from warehouse.handoffs.rows import DrugTest, LeaveViolation
from warehouse.handoffs.situation import Situation
from warehouse.handoffs.states import Phase
from warehouse.handoffs.testing_windows import POSITIVE, TESTED, YEARS, Window, bounds_of
from warehouse.handoffs.today import day_of, starts_at

IN_FORCE = {"1", "5"}
RESUMED = "8"
LEFT_OUT = {"DECEASED", "CONTROL_ENDED", "TRANSFERRED"}
RELAPSE_EVENT, CONFIRMED, IN_ISOLATION = "7", "1", "4"
PICKUP_WITHIN, ONE_DAY = timedelta(hours=24), timedelta(days=1)
LOOKED_BACK_MONTHS = 14  # a year, seen from the first day of the month before


@dataclass(slots=True)
class Recent:
    """What was seen of a person lately, each once by its day: services tried (day, kind, result), tests, events found.

    `test_days`: days on which a test was done or planned, of any result. `tested_days`: of tests with a result, in order.
    """

    services: list[tuple[date, str | None, str | None]]
    tests: list[tuple[date, DrugTest]]
    test_days: list[date]
    tested_days: tuple[date, ...]
    events: list[tuple[date, LeaveViolation]]
    _bounds: tuple[date, ...] | None = None
    _seen: dict[date, tuple[bool, bool]] = field(default_factory=dict)

    def seen_within_year(self, facts: Facts, month: Month) -> tuple[bool, bool]:
        """Whether the person was tested with a result, and relapsed, within the year up to the month's end."""
        found = self._seen.get(month.first_date)
        if found is None:
            found = self._seen[month.first_date] = (self._is_tested(month), self._has_relapsed(facts, month))
        return found

    def _is_tested(self, month: Month) -> bool:
        """A test with a result within the year up to the month's end."""
        return month.is_within_year(_last_by_end(month, self.tested_days))

    def is_service_within(self, month: Month, days: int, result: str | None = None) -> bool:
        """A service (with this result) was tried on the month's end or the `days` - 1 days before it."""
        last = _last_by_end(month, tuple(sorted([day for day, _, told in self.services if result is None or told == result])))
        return last is not None and month.is_within_days(last, days)

    def _has_relapsed(self, facts: Facts, month: Month) -> bool:
        """Within the year, and since the release: a confirmed positive test, an event of relapse, or isolation again."""
        since = facts.release_date or facts.reported_date or date.max
        person = facts.person
        isolated = person.control_state_date if person and person.control_state_code == IN_ISOLATION else None
        if isolated and isolated > since and month.is_within_year(isolated):
            return True
        if any(e.event_type_code == RELAPSE_EVENT and day >= since and month.is_within_year(day) for day, e in self.events):
            return True
        return any(
            t.test_result_code == POSITIVE and t.confirmation_code == CONFIRMED and day >= since and month.is_within_year(day)
            for day, t in self.tests
        )

    def bounds(self, s: Situation) -> tuple[date, ...]:
        """First day of each test window of the order, counted from the report, and the day after the last; empty without either.

        Raises:
            ParameterMissing: no interval is loaded for the region and day.
        """
        if self._bounds is None:
            self._bounds = _bounds(s)
        return self._bounds


def _bounds(s: Situation) -> tuple[date, ...]:
    reported = s.facts.reported_date
    if s.facts.order is None or reported is None:
        return ()
    steps = (s.terms.order_days(f"test_interval_months_year_{year}", add_months(reported, 12 * (year - 1))) for year in YEARS)
    return bounds_of(reported, tuple(steps))


def windows_ended_in(bounds: tuple[date, ...], month: Month) -> list[Window]:
    """The test windows whose last day lies in the month and is not after its end."""
    first, after = bisect_right(bounds, month.first_date), bisect_right(bounds, month.last_date + ONE_DAY)
    windows = [Window(bounds[place - 1], bounds[place] - ONE_DAY) for place in range(max(first, 1), after)]
    return [window for window in windows if month.holds(window.last_date)]


def last_window_ended(bounds: tuple[date, ...], month: Month) -> Window | None:
    """The last test window that ended before the month's end; None while the first one runs."""
    place = month.days_by_end(bounds) - 1
    return Window(bounds[place - 1], bounds[place] - ONE_DAY) if place >= 1 else None


def _last_by_end(month: Month, days: tuple[date, ...]) -> date | None:
    """The last of the days, given in order, that is not after the month's end."""
    count = month.days_by_end(days)
    return days[count - 1] if count else None


def recent_of(facts: Facts, since: date) -> Recent:
    """What was seen since the day (services) or at all (tests and events; their rows are few)."""
    since_at = starts_at(since)
    services = [
        (day_of(s.service_done_at), s.service_kind_code, s.service_result_code)
        for s in facts.services
        if s.service_done_at and s.service_done_at >= since_at
    ]
    tests = [(t.test_date, t) for t in facts.tests if t.test_date]
    return Recent(
        services=services,
        tests=tests,
        tested_days=tuple(sorted([day for day, test in tests if test.test_result_code in TESTED])),
        test_days=[day for t in facts.tests if (day := t.test_date or t.test_planned_date)],
        events=[(day_of(e.detected_at), e) for e in facts.violations if e.detected_at],
    )


def is_long_over(s: Situation) -> bool:
    """The handoff is over, and neither that nor a test or an event lies in the year before either month: it adds to no measure."""
    if s.state.phase is not Phase.CLOSED or s.state.since_date is None:
        return False
    days = [s.state.since_date, *(t.test_date for t in s.facts.tests if t.test_date)]
    days += [day_of(e.detected_at) for e in s.facts.violations if e.detected_at]
    return s.today.has_come(add_months(max(days), LOOKED_BACK_MONTHS))


def is_in_force_at_end(facts: Facts, month: Month) -> bool:
    """The order ran at the month's end; a state that came later is read as if it had not come."""
    order = facts.order
    if order is None or not month.is_by_end(order.order_date):
        return False
    return order.order_state_code in IN_FORCE or (order.order_state_date is not None and not month.is_by_end(order.order_state_date))


def is_in_force_from_start(facts: Facts, month: Month) -> bool:
    """The order, which ran at the month's end, ran since its first day; one that was resumed in the month did not."""
    order = facts.order
    if order is None or order.order_date > month.first_date:
        return False
    is_resumed = order.order_state_code == "1" and order.order_state_reason_code == RESUMED
    return not (is_resumed and order.order_state_date is not None and order.order_state_date > month.first_date)


def is_left_out(s: Situation, month: Month) -> bool:
    """The person had died, was handed to another place or out of control by the month's end."""
    if s.state.state in LEFT_OUT and (s.state.since_date is None or month.is_by_end(s.state.since_date)):
        return True
    if s.facts.case is not None or not s.facts.cases:
        return False
    accepted = [c.transfer_accepted_date for c in s.facts.cases if c.transfer_accepted_date]
    return bool(accepted) and month.is_by_end(max(accepted))


def pickup_in_time(facts: Facts) -> bool | None:
    """Met within 24 hours of the release; None where nobody says, or the hours that would decide are not known."""
    if facts.handover is None:
        return None
    if facts.handover == "unmet":
        return False
    if facts.picked_up_at is None or facts.release_date is None:
        return True
    if facts.released_at is not None:
        return facts.picked_up_at - facts.released_at <= PICKUP_WITHIN
    days = (day_of(facts.picked_up_at) - facts.release_date).days
    return True if days <= 0 else None if days == 1 else False
