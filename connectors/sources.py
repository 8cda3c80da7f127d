"""Where a provider's deliveries come from in this installation: its real server, or a province directory (PROVINCE)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from connectors import civil_affairs, community, detention_centers, employment, province, public_security
from connectors.folder import IsKnown
from connectors.frontend_database import BatchDifference
from core.errors import FixConfiguration
from core.settings import provider_connection, province_folder
from expectations.agreement import feeds, providers
from expectations.delivery import Delivery

FILES = "files"


@dataclass(frozen=True)
class Source:
    """What the pipeline can ask of one provider.

    `streams`: what is fetched, watermarked and retried by itself, so that a sick feed hurts only itself: each feed of a pulled
    provider; the one stream ``files`` of a provider that delivers files. `has_watermark`: whether `since` means anything.
    `fetch(stream, since, is_known)`: `since` is the stream's stored watermark (greatest source_updated_at of the last completed
    run, not beyond now); the overlap of 48 hours is the connector's. `is_known(name, size, modified_at)` is asked once per file.
    `keys(feed)`: all keys with their times, for the monthly comparison. `differences(since)`: loads that do not hold what they
    say. `put_receipt(file name, receipt, rejected rows)`: to the sender's outbox. None where the provider has no such thing.
    """

    provider: str
    streams: tuple[str, ...]
    has_watermark: bool
    fetch: Callable[[str, datetime | None, IsKnown | None], Iterator[Delivery]]
    keys: Callable[[str], Iterator[list[tuple[str, datetime]]]] | None = None
    differences: Callable[[datetime | None], list[BatchDifference]] | None = None
    put_receipt: Callable[[str, bytes, bytes | None], None] | None = None


def open_source(provider: str) -> Source:
    """The source of one provider. Nothing is connected before something is fetched.

    Raises:
        FixConfiguration: there is no such provider.
        MissingSecret: no province directory is set and the provider has no connection.
    """
    if provider not in providers():
        raise FixConfiguration(f"there is no provider {provider}")
    folder = province_folder()
    if folder is not None:
        return _from_province(provider, folder)
    connection = provider_connection(provider)
    if provider == "community":
        drop = Path(connection.get("folder", "")) if connection.get("folder") else None
        if drop is None:
            raise FixConfiguration("the connection of community has no folder")
        return Source(provider, (FILES,), False, lambda stream, since, is_known: community.fetch(drop, is_known))
    if provider == "public_security":
        return Source(
            provider,
            _feeds_of(provider),
            True,
            lambda stream, since, is_known: public_security.fetch(stream, since, connection),
            keys=lambda feed: public_security.keys(feed, connection),
        )
    if provider == "civil_affairs":
        return Source(
            provider,
            _feeds_of(provider),
            True,
            lambda stream, since, is_known: civil_affairs.fetch(stream, since, connection),
            keys=lambda feed: civil_affairs.keys(feed, connection),
            differences=lambda since: civil_affairs.differences(connection, since),
        )
    dialect = {"detention_centers": detention_centers, "employment": employment}[provider]
    return Source(
        provider,
        (FILES,),
        False,
        lambda stream, since, is_known: dialect.fetch(connection, is_known),
        put_receipt=lambda name, receipt, rejected: dialect.put_receipt(connection, name, receipt, rejected),
    )


def _from_province(provider: str, folder: Path) -> Source:
    """Everything in the directory each time: what landed before is a duplicate by content."""
    is_pulled = provider in province.PULLED_FROM
    return Source(
        provider,
        _feeds_of(provider) if is_pulled else (FILES,),
        is_pulled,
        lambda stream, since, is_known: province.fetch(provider, folder, None if stream == FILES else stream, is_known),
    )


def _feeds_of(provider: str) -> tuple[str, ...]:
    return tuple(agreed.feed for agreed in feeds().values() if agreed.provider == provider)
