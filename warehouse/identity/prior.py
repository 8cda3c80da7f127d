"""What a working-out starts from beside the records: where rows stand, what stewards decided, which model is in use. Reads only."""

from __future__ import annotations

import pandas as pd
from sqlalchemy import Connection, text

from core.settings import LinkScorer, link_scorer
from warehouse.identity import memory as stewards_memory
from warehouse.identity.decision import Memory
from warehouse.identity.loading import Loaded
from warehouse.identity.model import LinkModel, Model, Training, packaged, train

SPLINK_SAYS = b'"probability_two_random_records_match"'
STANDING = "select r.record_id, l.person_id from identity.record r join identity.link l using (feed, source_key)"


def standing_persons(connection: Connection, loaded: Loaded) -> pd.Series:
    """The person each row stands with, None = nobody's yet."""
    if loaded.near is not None:
        return loaded.near["person_id"]
    found = connection.execute(text(STANDING)).all()
    persons = pd.Series([row[1] for row in found], index=[row[0] for row in found], dtype=object)
    return pd.Series(persons.reindex(loaded.record_id).to_numpy(), index=loaded.records.rows.index)


def told_by_stewards(connection: Connection, rows: pd.DataFrame) -> Memory:
    """What stewards decided, as positions of these rows (columns feed, source_key)."""
    told = stewards_memory.read_memory(connection)
    wanted = {key for pair in (*told.same, *told.never) for key in pair}
    if not wanted:
        return Memory()
    mine = rows[rows["source_key"].isin({key for _, key in wanted})]
    at = {key: place for place, key in zip(mine.index, zip(mine["feed"].astype(str), mine["source_key"], strict=True), strict=True)}

    def places(pairs: list[tuple[stewards_memory.Key, stewards_memory.Key]]) -> tuple[tuple[int, int], ...]:
        return tuple((at[one], at[other]) for one, other in pairs if one in at and other in at)

    return Memory(places(told.same), places(told.never))


def active_model(connection: Connection) -> Model | None:
    """The model that a linking here trained; None: the packaged one is in use."""
    body = connection.execute(text("select body from identity.model where is_active")).scalar()
    return None if body is None else model_of(bytes(body))


def model_in_use(connection: Connection) -> Model:
    """The model that decides."""
    return active_model(connection) or packaged()


def model_of(body: bytes) -> Model:
    """The model that a body is of."""
    if SPLINK_SAYS in body:
        from warehouse.identity.splink_model import SplinkModel

        return SplinkModel(body)
    return LinkModel(body)


def training() -> Training:
    """How a model is made here (settings.link_scorer). Splink is loaded only where it is asked for."""
    if link_scorer() is LinkScorer.OURS:
        return train
    from warehouse.identity.splink_model import train as train_splink

    return train_splink
