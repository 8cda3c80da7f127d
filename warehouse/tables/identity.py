"""Schema identity: persons, which row of which feed is whose, and what stewards decided, are asked and told the providers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Double, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped

from warehouse.tables.base import Table, column, serial


class Person(Table):
    """One row per person we know of; the id is opaque and stays."""

    __tablename__ = "person"
    __table_args__ = (
        Index("person_merged_into_ix", "merged_into", postgresql_where=text("merged_into is not null")),
        {"schema": "identity", "comment": "One row per person we know of; the id is opaque and stays"},
    )

    person_id: Mapped[str] = column("Opaque id, never reused", primary_key=True)
    created_at: Mapped[datetime] = column("When first seen", DateTime(timezone=True))
    created_by_run: Mapped[int] = column("Run that made it", BigInteger, ForeignKey("ops.run.run_id"))
    merged_into: Mapped[str | None] = column("The person this one turned out to be", ForeignKey("identity.person.person_id"))


class Link(Table):
    """One row per source record of a person feed: whose it is and by which evidence."""

    __tablename__ = "link"
    __table_args__ = (
        CheckConstraint("link_status in ('linked', 'review', 'unlinked')", name="status"),
        Index("link_person_id_ix", "person_id"),
        Index("link_decided_by_run_ix", "decided_by_run"),
        {"schema": "identity", "comment": "One row per source record of a person feed: whose it is and by which evidence"},
    )

    feed: Mapped[str] = column("The feed", primary_key=True)
    source_key: Mapped[str] = column("The row's key", primary_key=True)
    person_id: Mapped[str] = column("The person", ForeignKey("identity.person.person_id"))
    link_status: Mapped[str] = column("linked, review or unlinked")
    rule: Mapped[str] = column("Evidence rule that decided (identity rules 1 to 11), or steward")
    evidence: Mapped[dict[str, Any]] = column("Classes of evidence, never values", JSONB, server_default="{}")
    is_loose: Mapped[bool] = column(
        "True where no sure number holds the row: it is asked again when somebody like it comes", server_default="true"
    )
    decided_at: Mapped[datetime] = column("When", DateTime(timezone=True))
    decided_by_run: Mapped[int] = column("Run that decided", BigInteger, ForeignKey("ops.run.run_id"))


class LinkHistory(Table):
    """One row per change of a link."""

    __tablename__ = "link_history"
    __table_args__ = (
        Index("link_history_feed_source_key_ix", "feed", "source_key"),
        Index("link_history_person_id_ix", "person_id"),
        {"schema": "identity", "comment": "One row per change of a link"},
    )

    feed: Mapped[str] = column("The feed", primary_key=True)
    source_key: Mapped[str] = column("The row's key", primary_key=True)
    changed_by_run: Mapped[int] = column("Run that changed it", BigInteger, ForeignKey("ops.run.run_id"), primary_key=True)
    person_id: Mapped[str | None] = column("The person before")
    link_status: Mapped[str | None] = column("The status before")
    rule: Mapped[str | None] = column("The rule before")
    decided_at: Mapped[datetime | None] = column(
        "When what was before had been decided; empty = not known, before anything else told of the row", DateTime(timezone=True)
    )
    changed_at: Mapped[datetime] = column("When it ceased to hold", DateTime(timezone=True))


class PersonEvent(Table):
    """One row per thing that happened to a person as a whole."""

    __tablename__ = "person_event"
    __table_args__ = (
        CheckConstraint("kind in ('created', 'merged', 'split', 'revived')", name="kind"),
        Index("person_event_person_id_ix", "person_id"),
        Index("person_event_run_id_ix", "run_id"),
        {"schema": "identity", "comment": "One row per thing that happened to a person as a whole; never changed"},
    )

    event_id: Mapped[int] = serial("Number in order of happening")
    person_id: Mapped[str] = column("The person it happened to", ForeignKey("identity.person.person_id"))
    kind: Mapped[str] = column("created, merged (into the other), split (made of rows of the other) or revived (a merged id is used again)")
    other_person_id: Mapped[str | None] = column("The other person of a merge or split", ForeignKey("identity.person.person_id"))
    run_id: Mapped[int] = column("Run that did it", BigInteger, ForeignKey("ops.run.run_id"))
    at: Mapped[datetime] = column("When", DateTime(timezone=True))


class PairDecision(Table):
    """One row per decision of a steward that two source records are, or are never, one person."""

    __tablename__ = "steward_decision"
    __table_args__ = (
        CheckConstraint("kind in ('same', 'never')", name="kind"),
        CheckConstraint(
            '(feed_a collate "C", source_key_a collate "C") < (feed_b collate "C", source_key_b collate "C")', name="pair_is_in_order"
        ),
        CheckConstraint("btrim(reason) <> '' and reason !~ '[0-9]{15}'", name="reason_names_no_number"),
        CheckConstraint("withdrawal_reason is null or withdrawal_reason !~ '[0-9]{15}'", name="withdrawal_reason_names_no_number"),
        CheckConstraint("num_nulls(withdrawn_at, withdrawn_by, withdrawal_reason) in (0, 3)", name="withdrawal_is_whole"),
        Index(
            "steward_decision_open_uq",
            "feed_a",
            "source_key_a",
            "feed_b",
            "source_key_b",
            unique=True,
            postgresql_where=text("withdrawn_at is null"),
        ),
        Index("steward_decision_open_other_ix", "feed_b", "source_key_b", postgresql_where=text("withdrawn_at is null")),
        Index("steward_decision_act_ix", "act"),
        {"schema": "identity", "comment": "One row per decision of a steward on two source records; withdrawn, never removed"},
    )

    decision_id: Mapped[int] = serial("Number in order of deciding")
    act: Mapped[str] = column("Decisions taken in one act share it: they are undone together")
    kind: Mapped[str] = column("same: one person; never: two persons, whatever their rows say")
    feed_a: Mapped[str] = column("Feed of the row that comes first by feed and key")
    source_key_a: Mapped[str] = column("Its key")
    feed_b: Mapped[str] = column("Feed of the other row")
    source_key_b: Mapped[str] = column("Its key")
    decided_by: Mapped[str] = column("Who decided")
    reason: Mapped[str] = column("Why, in the steward's words; no run of 15 digits")
    decided_at: Mapped[datetime] = column("When", DateTime(timezone=True))
    known_to_run: Mapped[int | None] = column("First linking that knew it", BigInteger, ForeignKey("ops.run.run_id"))
    withdrawn_at: Mapped[datetime | None] = column("When it was taken back; empty while it stands", DateTime(timezone=True))
    withdrawn_by: Mapped[str | None] = column("Who took it back")
    withdrawal_reason: Mapped[str | None] = column("Why it was taken back")
    withdrawal_known_to_run: Mapped[int | None] = column(
        "First linking that knew it was taken back", BigInteger, ForeignKey("ops.run.run_id")
    )


class NeverGuard(Table):
    """One row per decision that two rows are never one person: what the guard looks at when a transaction ends."""

    __tablename__ = "never_guard"
    __table_args__ = ({"schema": "identity", "comment": "One row per never decision: the guard's own; only its triggers write here"},)

    decision_id: Mapped[int] = column(
        "The decision", BigInteger, ForeignKey("identity.steward_decision.decision_id"), primary_key=True, autoincrement=False
    )
    touched: Mapped[int] = column("Rises with every write to a link of the pair; makes concurrent writers meet", BigInteger)


CASE_KINDS = ("doubtful_match", "number_conflict", "two_numbers", "key_conflict", "broken_cluster")


class ReviewCase(Table):
    """One row per question to a steward: is this row the same person as that one?"""

    __tablename__ = "review_case"
    __table_args__ = (
        CheckConstraint(f"kind in {CASE_KINDS}", name="kind"),
        CheckConstraint("status in ('open', 'decided', 'stale')", name="status"),
        CheckConstraint("model_said in ('same', 'never')", name="model_said"),
        CheckConstraint("(status = 'decided') = (decision_id is not null)", name="decided_by_a_decision"),
        CheckConstraint("(status = 'open') = (closed_at is null)", name="closed_when_not_open"),
        Index(
            "review_case_open_uq",
            "feed",
            "source_key",
            "other_feed",
            "other_source_key",
            "kind",
            unique=True,
            postgresql_where=text("status = 'open'"),
            postgresql_nulls_not_distinct=True,
        ),
        Index("review_case_value_ix", text("value desc"), "case_id", postgresql_where=text("status = 'open'")),
        {"schema": "identity", "comment": "One row per question to a steward; closed, never removed"},
    )

    case_id: Mapped[int] = serial("Number in order of opening")
    feed: Mapped[str] = column("Feed of the row in doubt")
    source_key: Mapped[str] = column("Its key")
    other_feed: Mapped[str | None] = column("Feed of the row that stands for the candidate; empty where the row contradicts itself")
    other_source_key: Mapped[str | None] = column("Its key")
    person_id: Mapped[str | None] = column("The candidate person, where there is one")
    kind: Mapped[str] = column("What is doubtful: doubtful_match, number_conflict, two_numbers, key_conflict or broken_cluster")
    rule: Mapped[str] = column("Evidence rule that raised it")
    odds: Mapped[float | None] = column("Natural logarithm of the model's odds that they are one person", Double)
    value: Mapped[float] = column("What a decision is worth; the greatest is asked first", Double)
    evidence: Mapped[dict[str, Any]] = column("Classes of evidence, never values", JSONB, server_default="{}")
    model_said: Mapped[str | None] = column("What the model leaned to: same or never; empty where no model was asked")
    status: Mapped[str] = column("open, decided, or stale (the facts changed before anybody decided)", server_default="open")
    opened_at: Mapped[datetime] = column("When", DateTime(timezone=True))
    opened_by_run: Mapped[int] = column("Linking that raised it", BigInteger, ForeignKey("ops.run.run_id"))
    closed_at: Mapped[datetime | None] = column("When it was decided or became stale", DateTime(timezone=True))
    decision_id: Mapped[int | None] = column("The decision", BigInteger, ForeignKey("identity.steward_decision.decision_id"))


class Correction(Table):
    """One row per thing a provider was asked to check about one of its rows."""

    __tablename__ = "correction"
    __table_args__ = (
        Index("correction_batch_id_ix", "batch_id"),
        {"schema": "identity", "comment": "One row per thing a provider was asked to check about one of its rows; told once"},
    )

    feed: Mapped[str] = column("The feed", primary_key=True)
    source_key: Mapped[str] = column("The row's key", primary_key=True)
    code: Mapped[str] = column("What is to be checked", primary_key=True)
    said_hash: Mapped[bytes] = column("Hash of what the row said of the person; the same saying is told about once", primary_key=True)
    field: Mapped[str] = column("The field to check")
    batch_id: Mapped[int] = column("Delivery of the row's version", BigInteger, ForeignKey("landing.batch.batch_id"))
    row_number: Mapped[int] = column("Data row in the delivery")
    told_by_run: Mapped[int] = column("Run that told", BigInteger, ForeignKey("ops.run.run_id"))
    told_at: Mapped[datetime] = column("When it was added to the delivery's receipt", DateTime(timezone=True))
