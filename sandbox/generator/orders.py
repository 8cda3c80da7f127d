"""Community orders: those after an isolation come with the journey, others stand alone; both as the police platform tells them."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from sandbox.generator.chance import Chance
from sandbox.generator.journeys import Journey, Order
from sandbox.generator.people import Population
from sandbox.generator.places import Places, bureau_of
from sandbox.generator.rows import Row, make_row


def orders_of_their_own(chance: Chance, population: Population, journeys: list[Journey], as_of: date) -> list[Order]:
    """Orders of community treatment for persons without an isolation episode."""
    inside = {journey.person.number for journey in journeys}
    found: list[Order] = []
    for person in population.registered:
        if person.number in inside or not chance.happens(0.14):
            continue
        ordered = chance.day_between(as_of - timedelta(days=1300), as_of - timedelta(days=5))
        county = (person.registration_number or "")[3:7]
        order = Order(f"晋公({county})责社戒决字〔{ordered.year}〕第{len(found) + 1:05d}号", person, "1", ordered)
        order.served_date = min(chance.days_after(ordered, 0, 3), as_of)
        order.term_months = chance.choice((24, 36, 36, 36))
        if chance.happens(0.9) and (as_of - order.served_date).days > 14:
            order.reported_date = chance.days_after(order.served_date, 1, 14)
            end = _end_date(order.reported_date, order.term_months)
            if end < as_of:
                order.state_code, order.state_reason_code, order.state_date = "4", "1", end
        found.append(order)
    return found


def _end_date(start: date, months: int) -> date:
    return start.replace(year=start.year + months // 12, day=min(start.day, 28)) - timedelta(days=1)


def order_rows(chance: Chance, orders: list[Order], places: Places, as_of: date) -> list[Row]:
    """One row per order; every fourth also with the version written when it was made."""
    rows: list[Row] = []
    for serial, order in enumerate(orders, 1):
        street, person = places.street(order.person.region), order.person
        start = order.reported_date
        end = _end_date(start, order.term_months) if start else None
        made_at = chance.office_time(order.order_date)
        latest = max(d for d in (order.order_date, order.served_date, start, order.state_date) if d)
        row = make_row(
            "community_orders", person, f"GA-SQ-{serial:08d}", max(made_at, _within(chance, latest, as_of)), order_number=order.number,
            registration_number=person.registration_number, decision_number=order.decision_number, order_type_code=order.type_code,
            deciding_organization_code=bureau_of(person.registration_number or ""), order_date=order.order_date,
            served_date=order.served_date, term_months=order.term_months, street_code=street.code, execution_region_code=street.county.code,
            execution_start_date=start, execution_end_date=end, credit_days=0, order_state_code=order.state_code,
            order_state_date=order.state_date or order.order_date, order_state_reason_code=order.state_reason_code,
        )  # fmt: skip
        if order.state_code == "4" and order.state_date:
            row.values["completion_document_number"] = f"晋公解字〔{order.state_date.year}〕第{serial:05d}号"
            row.values["street_notified_date"] = min(order.state_date + timedelta(days=chance.randint(0, 6)), as_of)
        if latest > order.order_date and chance.happens(0.25):
            rows.append(row.copy(**_as_made(order), source_updated_at=made_at))
            row.values["operation_code"] = "U"
            row.values["source_updated_at"] = max(row.updated_at, made_at + timedelta(minutes=1))
        rows.append(row)
    return rows


def _as_made(order: Order) -> dict[str, object]:
    """What the row said on the day of the order."""
    unknown = dict.fromkeys(
        (
            "served_date",
            "execution_start_date",
            "execution_end_date",
            "order_state_reason_code",
            "completion_document_number",
            "street_notified_date",
        )
    )
    return unknown | {"order_state_code": "1", "order_state_date": order.order_date, "operation_code": "I"}


def _within(chance: Chance, day: date, as_of: date) -> datetime:
    """A working moment one or two days after `day`, never after the evening of `as_of`."""
    return min(chance.office_time(chance.days_after(day, 0, 2)), datetime.combine(as_of, time(20, 30)))
