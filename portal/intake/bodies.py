"""Request bodies, read with a cap on size, time and the memory of all of them together; nothing is parsed here."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from starlette.requests import ClientDisconnect, Request

from portal.intake.problems import malformed, too_large, too_many, too_slow, unavailable
from portal.intake.settings import MAX_WAITING, MAX_WAITING_BYTES, MAX_WAITING_PER_KEY, RETRY_AFTER_SECONDS

SECONDS_TO_DRAIN = 2.0


class Room:
    """How many requests, and how many of their bytes, this process holds at once."""

    def __init__(self) -> None:
        self.held_bytes = 0
        self._held: Counter[str] = Counter()

    @contextmanager
    def place(self, app_key: str) -> Iterator[None]:
        """One request of this key is inside for the time of the block.

        Raises:
            Problem: 429 where the key, 503 where all keys together have too many inside.
        """
        if self._held[app_key] >= MAX_WAITING_PER_KEY:
            raise too_many(RETRY_AFTER_SECONDS)
        if self._held.total() >= MAX_WAITING:
            raise unavailable(RETRY_AFTER_SECONDS)
        self._held[app_key] += 1
        try:
            yield
        finally:
            self._held[app_key] -= 1
            if not self._held[app_key]:
                del self._held[app_key]

    @contextmanager
    def body(self, request: Request, limit: int) -> Iterator[Body]:
        """The body of a request; its bytes count as held until the block ends."""
        body = Body(self, request, limit)
        try:
            yield body
        finally:
            self.held_bytes -= body.size


class Body:
    """One request's body; `size` bytes of it are held so far."""

    def __init__(self, room: Room, request: Request, limit: int) -> None:
        self._room, self._request, self._limit = room, request, limit
        self.size = 0

    async def read(self, seconds: float) -> bytes:
        """The whole body.

        Raises:
            Problem: 413 over the limit, 408 after `seconds`, 503 where all bodies together are too large, 400 when it broke off.
        """
        try:
            async with asyncio.timeout(seconds):
                return await self._read()
        except TimeoutError:
            raise too_slow() from None
        except ClientDisconnect:
            raise malformed("the body broke off") from None

    async def _read(self) -> bytes:
        chunks: list[bytes] = []
        async for chunk in self._request.stream():
            self.size += len(chunk)
            self._room.held_bytes += len(chunk)
            if self.size > self._limit:
                raise too_large(self._limit)
            if self._room.held_bytes > MAX_WAITING_BYTES:
                raise unavailable(RETRY_AFTER_SECONDS)
            chunks.append(chunk)
        return b"".join(chunks)


async def drain(request: Request) -> None:
    """Let a refused sender finish for a moment, so that it reads our answer instead of a broken connection; nothing is kept."""
    with suppress(TimeoutError, ClientDisconnect, RuntimeError):
        async with asyncio.timeout(SECONDS_TO_DRAIN):
            async for _ in request.stream():
                pass
