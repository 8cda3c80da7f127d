# ruff: noqa: SIM300, SIM102, SIM108 - it is laid out as the printed table is
"""A second, literal reading of states and flags: slow, flat, written from the rules alone and sharing nothing with the product's facts.

For tests only. Every flag is one `if` in the order of the table; where this reading and the product differ, one of them misread.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta, timezone
from typing import Any

SHANGHAI = timezone(timedelta(hours=8))
PRE = {"EXPECTED", "NOTICED", "ACKED", "PICKUP_SET"}
POST = {"TRANSFERRED", "IN_REHAB", "AGREED", "REPORTED", "ORDER_SERVED", "NO_ORDER", "PICKED_UP", "UNMET", "RELEASED"}
Param = Callable[[str, str | None, date], str | None]


def day(at: datetime) -> date:
    return at.astimezone(SHANGHAI).date()


def months(start: date, k: int) -> date:
    year, month = divmod(start.year * 12 + start.month - 1 + k, 12)
    return date(year, month + 1, min(start.day, monthrange(year, month + 1)[1]))


def last_of_month(d: date) -> date:
    return date(d.year, d.month, monthrange(d.year, d.month)[1])


class WorkingDays:
    """Working days from a table; every answer that needs a day outside of it is None."""

    def __init__(self, table: dict[date, bool]) -> None:
        self.table = table

    def _walk(self, d: date, step: int, n: int) -> date | None:
        while n:
            d += timedelta(days=step)
            if d not in self.table:
                return None
            n -= self.table[d]
        return d

    def wd(self, d: date | None, n: int) -> date | None:
        return None if d is None or d not in self.table else self._walk(d, 1, n)

    def before(self, d: date, n: int) -> date | None:
        return None if d not in self.table else self._walk(d, -1, n)

    def roll(self, d: date | None) -> date | None:
        while d is not None and d in self.table:
            if self.table[d]:
                return d
            d += timedelta(days=1)
        return None

    def last_working(self, d: date | None) -> date | None:
        while d is not None and d in self.table:
            if self.table[d]:
                return d
            d -= timedelta(days=1)
        return None


def plus(d: date, n: int) -> date:
    return d + timedelta(days=n)


def top(rows: Iterable[Any], key: Callable[[Any], Any]) -> Any:
    return max(rows, key=key, default=None)


def o(row: Any) -> tuple[Any, ...]:
    return (row.source_updated_at, row.source_key)


def literal_handoff(ep: Any, D: date, param: Param, cal: WorkingDays, directory: Iterable[Any]) -> Any:
    """(state, since, station, {flag code: (severity, due date)}) of an episode; None where it is not a handoff yet."""
    A = datetime(D.year, D.month, D.day, tzinfo=SHANGHAI) + timedelta(days=1)
    # ---- section 1
    valid = [n for n in ep.notices if n.notice_status_code in ("1", "2") and n.notice_date and n.notice_date <= D]
    N = top(valid, lambda n: (n.notice_date, *o(n)))
    W = top([n for n in ep.notices if n.notice_status_code == "3"], o)
    Ro = top([r for r in ep.roster if r.centre_entry_date <= D], lambda r: (r.centre_entry_date, *o(r)))
    CO = top([x for x in ep.orders if x.order_type_code == "2" and x.order_date <= D], lambda x: (x.order_date, x.source_key))
    CC = [c for c in ep.cases if c.decision_number == ep.decision_number or (CO and c.order_number == CO.order_number)]
    C = top([c for c in CC if not (c.transfer_accepted_date and c.transfer_accepted_date <= D)], o)
    P = None
    if ep.registered:
        with_number = [p for p in ep.registered if CO and p.registration_number == CO.registration_number]
        P = top(with_number or list(ep.registered), o)
    held = Ro is not None and Ro.custody_state_code in ("1", "2", "3", "4")
    tx = [d for d in (N.expected_release_date if N else None, Ro.expected_release_date if held else None) if d]
    Tx = min(tx) if tx else None
    told = [n for n in valid if n.release_type_code in ("1", "2", "3", "9") and n.actual_released_at and n.actual_released_at < A]
    gave = top(told, lambda n: (n.actual_released_at, *o(n)))
    if gave:
        R = day(gave.actual_released_at)
    elif Ro and Ro.custody_state_code == "6" and Ro.custody_state_date and Ro.custody_state_date <= D:
        R = Ro.custody_state_date
    else:
        R = None
    if R or Tx:
        T = R or Tx
    elif W and W.expected_release_date:
        T = W.expected_release_date
    elif Ro and Ro.custody_state_date:
        T = Ro.custody_state_date
    else:
        some = (
            [day(c.pickup_at) for c in CC if c.pickup_at] + ([CO.order_date] if CO else []) + [c.report_date for c in CC if c.report_date]
        )
        T = min(some) if some else None
    ack = min([c.notice_acknowledged_at for c in CC if c.notice_acknowledged_at and c.notice_acknowledged_at < A], default=None)
    plan = any(c.pickup_planned_at for c in CC)
    hand: str | None = None
    results = sorted([c for c in CC if c.pickup_result_code], key=o, reverse=True)
    if results:
        first = results[0]
        if first.pickup_result_code in ("1", "4", "5"):
            hand = "met" if first.pickup_at and first.pickup_at < A else None
        else:
            hand = "unmet"
    elif gave:
        hand = "met" if gave.receiver_type_code in ("1", "2", "3", "4", "9") else "unmet" if gave.receiver_type_code == "0" else None
    if hand == "unmet" and R is None:
        hand = None
    base = R or T
    served = CO.served_date if CO and CO.served_date and CO.served_date <= D else None
    reported = min([c.report_date for c in CC if c.report_date and c.report_date <= D], default=None)
    if reported is None and CO and CO.execution_start_date and CO.execution_start_date <= D:
        reported = CO.execution_start_date
    agreed = min([c.agreement_date for c in CC if c.agreement_date and c.agreement_date <= D], default=None)
    numbers = {c.case_number for c in CC}
    services = [s for s in ep.services if s.case_number in numbers]
    done = [s for s in services if s.service_result_code == "1" and s.service_done_at and s.service_done_at < A]
    talk = min([s.service_done_at for s in done if s.service_kind_code == "11"], default=None)
    in_force = False
    if CO:
        order_state = "1" if CO.order_state_date and CO.order_state_date > D else CO.order_state_code
        in_force = order_state in ("1", "5")
    # ---- section 2
    past = lambda d: bool(d) and d <= D  # noqa: E731
    died_days = [d for d in ep.death_dates if d <= D]
    died_days += [
        day(n.actual_released_at) for n in ep.notices if n.release_type_code == "7" and n.actual_released_at and n.actual_released_at < A
    ]
    if W and W.cancel_reason_code == "4" and past(W.notice_date):
        died_days.append(W.notice_date)
    if Ro and Ro.custody_state_code == "7" and past(Ro.custody_state_date):
        died_days.append(Ro.custody_state_date)
    if CO and CO.order_state_code == "3" and CO.order_state_reason_code == "5" and past(CO.order_state_date):
        died_days.append(CO.order_state_date)
    if P and P.control_state_code == "8" and past(P.control_state_date):
        died_days.append(P.control_state_date)

    def ordered(code: str) -> bool:
        return bool(CO) and CO.order_state_code == code and past(CO.order_state_date)

    def left(kind: str) -> date | None:
        days = [
            day(n.actual_released_at)
            for n in ep.notices
            if n.release_type_code == kind and n.actual_released_at and n.actual_released_at < A
        ]
        return max(days) if days else None

    def custody(code: str) -> date | None:
        return Ro.custody_state_date if Ro and Ro.custody_state_code == code and past(Ro.custody_state_date) else None

    planned = min([c.plan_date for c in CC if past(c.plan_date)], default=None)
    accepted = [c for c in CC if past(c.transfer_accepted_date)]
    moving = [c.transfer_date for c in CC if past(c.transfer_date) and not past(c.transfer_accepted_date)]
    told_no = any(n and n.rehabilitation_order_code == "0" for n in (N, gave))
    gone = None if N or not W else W.cancel_reason_code
    lines = [
        ("DECEASED", bool(died_days), min(died_days, default=None)),
        (
            "CONTROL_ENDED",
            bool(P and P.control_state_code == "7" and T and past(P.control_state_date) and T <= P.control_state_date),
            P and P.control_state_date,
        ),
        ("COMPLETED", ordered("4"), CO and CO.order_state_date),
        ("TERMINATED", ordered("3"), CO and CO.order_state_date),
        ("SUSPENDED", ordered("2"), CO and CO.order_state_date),
        ("REFUSED", ordered("6"), CO and CO.order_state_date),
        ("TRANSFERRED", bool(moving) or (ordered("5") and not accepted), max(moving) if moving else CO and CO.order_state_date),
        ("IN_REHAB", bool(agreed and talk and planned and CO), max([agreed, day(talk), planned]) if agreed and talk and planned else None),
        ("AGREED", bool(agreed and CO), agreed),
        ("REPORTED", bool(reported and CO), reported),
        ("ORDER_SERVED", bool(served), served),
        ("NO_ORDER", bool(R and not CO and told_no), R),
        ("PICKED_UP", hand == "met", None),
        ("UNMET", hand == "unmet", R),
        ("RELEASED", bool(R), R),
        ("CONVERTED", bool(left("4")), left("4")),
        ("JUSTICE", bool(left("6") or custody("5") or gone == "2"), left("6") or custody("5") or (W and W.notice_date)),
        ("OUT_HOSPITAL", bool(left("5") or custody("2") or gone == "3"), left("5") or custody("2") or (W and W.notice_date)),
        ("ESCAPED", bool(custody("4")), custody("4")),
        ("CANCELLED", gone in ("5", "9") and not held, W and W.notice_date),
        ("PICKUP_SET", plan, day(ack) if ack else N.notice_date if N else T and plus(T, -90)),
        ("ACKED", bool(ack), ack and day(ack)),
        ("NOTICED", bool(N), N and N.notice_date),
        ("EXPECTED", True, T and plus(T, -90)),
    ]
    if T is None or T > plus(D, 90):
        return None
    state, _, state_since = next(line for line in lines if line[1])
    if state == "PICKED_UP":
        state_since = day(results[0].pickup_at) if results else R
    # ---- places
    orgs = list(directory)

    def region_of(code: str | None, on: date) -> str | None:
        if not code:
            return None
        same = [x for x in orgs if x.organization_code == code]
        ok = [x for x in same if (x.valid_from_date or date.min) <= on <= (x.valid_to_date or date.max)] or same
        found = top(ok, lambda x: (x.valid_from_date or date.min, *o(x)))
        return found.region_code if found and found.region_code else code[:6]

    stations = [x for x in orgs if x.organization_type_code in ("21", "22", "23")]
    live = [x for x in stations if T and (x.valid_from_date or date.min) <= T <= (x.valid_to_date or date.max)]

    def find(code: str | None) -> tuple[str | None, bool]:
        if not code:
            return None, False
        hits = [(len(item), x) for x in live for item in x.served_region_codes if code.startswith(item)]
        if not hits:
            return None, False
        longest = max(n for n, _ in hits)
        best = {(x.organization_type_code, x.organization_code) for n, x in hits if n == longest}
        return min(best)[1], len({b[1] for b in best}) > 1

    station, tie, by_street = None, False, False
    if C and C.station_code:
        station = C.station_code
    else:
        of_street = [x.organization_code for x in live if CO and CO.street_code and x.parent_organization_code == CO.street_code]
        if of_street:
            station, by_street = min(of_street), True
        else:
            for code in (
                N and N.residence_region_code,
                Ro and Ro.residence_region_code,
                Ro and Ro.destination_region_code,
                P and P.residence_region_code,
                N and N.hukou_region_code,
                Ro and Ro.hukou_region_code,
                P and P.hukou_region_code,
            ):
                station, tie = find(code)
                if station:
                    break
    centre = next((x.centre_code for x in (N, Ro, W) if x is not None), None)

    def centre_number(name: str, on: date) -> str | None:
        return param(name, region_of(centre, on), on)

    def station_number(name: str, on: date) -> int:
        return int(param(name, region_of(station, on), on) or 0)

    def order_number(name: str, on: date) -> int:
        return int(param(name, CO.execution_region_code if CO else None, on) or 0)

    def legal_latest(t: date) -> date | None:
        n, kind = int(centre_number("notice_lead_days", t) or 0), centre_number("notice_lead_day_kind", t)
        return plus(t, -n) if kind == "calendar" else cal.before(t, n)

    out: dict[str, tuple[str, date | None]] = {}
    pre, post = state in PRE, state in POST
    # ---- PRE
    if pre:
        n = int(centre_number("precontact_days", T) or 0)
        if plus(T, -n) <= D < T and Ro and (not Ro.destination_region_code or Ro.diagnosis_result_code in (None, "0")):
            out["PRECONTACT_DUE"] = ("info", plus(T, -n))
        if not N and (Tx or W):
            legal = legal_latest(T)
            shown = cal.last_working(legal) or legal
            if shown and D >= shown:
                out["NOTICE_MISSING"] = ("critical" if legal and D >= legal else "warning", legal)
    if N and (pre or state in ("RELEASED", "UNMET")) and N.expected_release_date:
        legal = legal_latest(N.expected_release_date)
        if legal and N.notice_date > legal:
            out["NOTICE_LATE"] = ("info" if N.release_type_code == "2" else "warning", legal)
    if pre:
        dates = {n.expected_release_date for n in valid if n.expected_release_date}
        if len(dates) > 1 or (N and held and N.expected_release_date != Ro.expected_release_date and Ro.expected_release_date):
            out["NOTICE_CONFLICT"] = ("critical", legal_latest(Tx))
        decided = (N.decision_date if N else None) or (Ro.decision_date if Ro else None)
        if Tx and decided:
            most = plus(months(decided, 36), (Ro.escape_days or 0) if Ro else 0)
            if Tx < months(decided, 12) or Tx > most:
                out["TERM_IMPLAUSIBLE"] = ("warning", Tx)
        if N and not ack and not plan:
            due = cal.wd(N.notice_date, station_number("ack_working_days", N.notice_date))
            if due and D > due:
                out["ACK_OVERDUE"] = ("warning", due)
        if (Tx or W) and D >= plus(T, -1) and not plan:
            out["PICKUP_UNASSIGNED"] = ("critical", plus(T, -1))
        if D >= plus(T, -int(centre_number("no_receiver_days", T) or 0)) and Ro and not Ro.has_kin and not plan:
            out["NO_RECEIVER"] = ("warning", plus(T, -1))
        if station is None and D >= plus(T, -30):
            out["ROUTE_UNKNOWN"] = ("warning", plus(T, -1))
    if (pre or state in ("RELEASED", "UNMET", "PICKED_UP")) and not C and not by_street:
        a, b = find(N.residence_region_code if N else None)[0], find(P.residence_region_code if P else None)[0]
        if tie or (a and b and a != b):
            out["JURISDICTION_CONFLICT"] = ("critical", plus(T, -1))
    if pre:
        if Tx and D > Tx:
            out["RELEASE_NOT_CONFIRMED"] = ("critical", Tx)
        if Ro and held and Ro.missing_since and Ro.missing_since <= D:
            out["ROSTER_LEFT_UNKNOWN"] = ("warning", Ro.missing_since)
    # ---- POST
    report_due = None
    if served:
        report_due = cal.roll(plus(served, order_number("report_days", served)))
    if post:
        if hand == "unmet" and not reported and not any(day(s.service_done_at) > R for s in done):
            out["RELEASED_UNMET"] = ("critical", plus(R, 1))
        if hand is None and not reported and T < D:
            out["HANDOVER_UNKNOWN"] = ("warning", plus(base, 1))
        n = centre_number("docs_after_release_working_days", base) if base else None
        filed = {i for c in CC for i in c.file_item_codes}
        if n:
            due = cal.wd(base, int(n))
            if due and D > due and not {"01", "02"} <= filed:
                out["DOCS_OVERDUE"] = ("warning", due)
        no_order_told = any(x and x.rehabilitation_order_code == "0" for x in (N, gave))
        if R and D > R and not CO and not no_order_told:
            out["ORDER_UNDETERMINED"] = ("warning", plus(R, 1))
        if in_force and not served and not reported and R and D > R:
            out["ORDER_NOT_SERVED"] = ("info", plus(R, 1))
        if in_force and served and not reported and report_due:
            if plus(report_due, -5) <= D <= report_due:
                out["REPORT_DUE"] = ("info", report_due)
            if D > report_due:
                out["REPORT_OVERDUE"] = ("critical", report_due)
                due = cal.wd(report_due, order_number("refusal_report_working_days", report_due))
                if due and D > due and not any(c.police_report_date and c.police_report_date <= D for c in CC):
                    out["REFUSAL_UNREPORTED"] = ("critical", due)
        if in_force and reported and not agreed:
            due = cal.wd(reported, station_number("agreement_working_days", reported))
            if due and D > due:
                out["AGREEMENT_MISSING"] = ("warning", due)
        if in_force and agreed:
            due = plus(agreed, station_number("first_talk_days", agreed))
            if not talk:
                out["FIRST_TALK_DUE"] = ("warning" if D > due else "info", due)
            due = plus(agreed, station_number("benefit_check_days", agreed))
            if D > due and not any(s.service_kind_code == "32" for s in done):
                out["BENEFIT_CHECK_DUE"] = ("warning", due)
            due = plus(agreed, station_number("file_days", agreed))
            if D > due and not {f"0{i}" for i in range(1, 9)} <= filed:
                out["FILE_INCOMPLETE"] = ("info", due)
            visits = [day(s.service_done_at) for s in done if s.service_kind_code == "12"]
            this = (D.year, D.month)
            if (agreed.year, agreed.month) != this and D.day >= station_number("visit_due_from_day", D):
                if not any((v.year, v.month) == this for v in visits):
                    out["VISIT_DUE"] = ("info", last_of_month(D))
            before = months(D.replace(day=1), -1)
            if agreed < before and not any((v.year, v.month) == (before.year, before.month) for v in visits):
                out["VISIT_OVERDUE"] = ("warning", last_of_month(before))
        if in_force and reported:
            bounds, at = [reported], 0
            for year in (1, 2, 3):
                step = station_number(f"test_interval_months_year_{year}", reported)
                while at < 12 * year:
                    at += step
                    bounds.append(months(reported, at))
            windows = [(bounds[i], plus(bounds[i + 1], -1)) for i in range(len(bounds) - 1)]

            def covered(window: tuple[date, date]) -> bool:
                first, last = window
                return any(
                    (t.test_result_code in ("0", "1", "2") and t.test_date and first <= t.test_date <= last and t.test_date <= D)
                    or (
                        t.test_result_code == "5" and t.excuse_code and t.test_planned_date and first <= t.test_planned_date <= min(last, D)
                    )
                    for t in ep.tests
                )

            for window in windows:
                if window[0] <= D <= window[1] and (window[1] - D).days <= 7 and not covered(window):
                    out["TEST_DUE"] = ("info", window[1])
            ended = [w for w in windows if w[1] < D]
            if ended and not covered(ended[-1]):
                out["TEST_MISSED"] = ("warning", ended[-1][1])
            done_risk = [a.assessment_date for a in ep.assessments if a.assessment_date and reported <= a.assessment_date <= D]
            if done_risk:
                due = months(max(done_risk), order_number("risk_cycle_months", max(done_risk)))
            else:
                due = plus(reported, order_number("risk_first_days", reported))
            if D > due:
                out["RISK_REVIEW_DUE"] = ("warning", due)
        since = R or reported
        if in_force and since:
            bad = [
                t.test_date
                for t in ep.tests
                if t.test_result_code == "1" and t.confirmation_code != "2" and t.test_date and since <= t.test_date <= D
            ]
            if bad:
                out["TEST_POSITIVE"] = ("critical", plus(min(bad), 1))
        # section 6
        if in_force:
            events = [v for v in ep.violations if v.order_number == CO.order_number]
            refused = {}
            for v in events:
                if v.event_type_code in ("3", "4") and v.detected_at and v.detected_at < A:
                    refused.setdefault(day(v.detected_at), []).append(v)
            for t in ep.tests:
                when = t.test_planned_date or t.test_date
                if t.test_result_code in ("3", "4") and t.order_number == CO.order_number and when and when <= D:
                    refused.setdefault(when, [])
            leaves = [
                v
                for v in events
                if v.absence_start_date
                and v.absence_start_date <= D
                and (v.event_type_code == "2" or (v.event_type_code == "1" and v.approved_at and day(v.approved_at) > v.absence_start_date))
            ]
            away = set()
            for v in leaves:
                last = min(v.absence_end_date or D, D) if v.event_type_code == "2" else min(plus(day(v.approved_at), -1), D)
                d = v.absence_start_date
                while d <= last:
                    away.add(d)
                    d = plus(d, 1)
            times = order_number("violation_times", D)
            limit = order_number("violation_days", D)
            reached = []
            if len(refused) >= times:
                reached.append(sorted(refused)[times - 1])
            if len(leaves) >= times:
                reached.append(sorted(v.absence_start_date for v in leaves)[times - 1])
            if len(away) > limit:
                reached.append(sorted(away)[limit])
            if reached:
                first = min(reached)
                due = cal.wd(first, order_number("violation_report_working_days", first))
                out["SEVERE_VIOLATION"] = ("critical", due)
                counted = [v for rows in refused.values() for v in rows] + leaves
                police = any(v.police_reported_at and v.police_reported_at < A for v in counted)
                police = police or any(c.police_report_date and first <= c.police_report_date <= D for c in CC)
                if due and D > due and not police:
                    out["SEVERE_VIOLATION_UNREPORTED"] = ("critical", due)
            lost = [
                cal.wd(day(v.detected_at), 1)
                for v in events
                if v.event_type_code in ("2", "6")
                and v.detected_at
                and v.detected_at < A
                and not (v.police_reported_at and v.police_reported_at < A)
            ]
            lost = [d for d in lost if d and D > d]
            if lost:
                out["ABSENCE_UNREPORTED"] = ("critical", min(lost))
            if P and P.is_contact_lost and P.contact_lost_date and P.contact_lost_date <= D:
                out["CONTACT_LOST"] = ("critical", plus(P.contact_lost_date, 1))
        if gave and Ro and held and not (Ro.missing_since and Ro.missing_since <= D) and Ro.snapshot_date and Ro.snapshot_date > plus(R, 1):
            out["SOURCE_CONFLICT"] = ("warning", plus(R, 1))
        chain = [N, R, hand, served, reported, agreed]
        if state == "NO_ORDER":
            chain = chain[:3]
        if plus(D, -365) <= T <= D and any(not x and any(chain[i + 1 :]) for i, x in enumerate(chain)):
            out["SEQUENCE_GAP"] = ("info", None)
    if state == "TRANSFERRED":
        moved = [
            c.transfer_date
            for c in CC
            if c.transfer_date and c.transfer_date <= D and not (c.transfer_accepted_date and c.transfer_accepted_date <= D)
        ]
        since = max(moved) if moved else CO.order_state_date
        due = cal.roll(plus(since, order_number("report_days", since)))
        out["TRANSFER_PENDING"] = ("warning" if due and D > due else "info", due)
    if (post and in_force and CO.execution_end_date and CO.execution_end_date <= D) or (
        state == "COMPLETED" and not (CO.street_notified_date and CO.street_notified_date <= D)
    ):
        end = CO.execution_end_date or CO.order_state_date
        due = plus(end, order_number("end_notice_days", end))
        out["END_NOTICE_DUE"] = ("warning" if D > due else "info", due)
    if (post or state == "COMPLETED") and P and P.clean_since_date and P.control_state_code not in ("7", "8"):
        due = months(P.clean_since_date, 12 * order_number("control_end_years", P.clean_since_date))
        if due <= D:
            out["CONTROL_END_DUE"] = ("info", due)
    return state, state_since, station, out
