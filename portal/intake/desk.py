"""Between the event loop, which talks to centres, and the one thread that takes batches in: whatever waits is taken in together."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Given = TypeVar("Given")
Got = TypeVar("Got")

MOST_TOGETHER = 64
# Taking a group in costs some milliseconds whatever its size. After a group of several, more are on their way: the desk waits for
# as many as the last two groups had, but no longer than others keep coming. A sender who comes alone never waits.
PAUSE_SECONDS, LONGEST_WAIT_SECONDS = 0.004, 0.025


@dataclass
class _Waiting(Generic[Given, Got]):
    given: Given
    loop: asyncio.AbstractEventLoop
    answer: asyncio.Future[Got]


class Desk(Generic[Given, Got]):
    """Hands what is submitted to `work`, in order, up to 64 at a time; `work` gives one result or exception for each."""

    def __init__(self, work: Callable[[Sequence[Given]], Sequence[Got | Exception]]) -> None:
        self._work = work
        self._waiting: deque[_Waiting[Given, Got]] = deque()
        self._news = threading.Condition()
        self._is_open = False
        self._expected = self._last = 1
        self._thread = threading.Thread(target=self._run, name="intake desk", daemon=True)

    def open(self) -> None:
        """Work begins."""
        self._is_open = True
        self._thread.start()

    def close(self) -> None:
        """What waits is finished, then the thread ends."""
        with self._news:
            self._is_open = False
            self._news.notify()
        self._thread.join()

    async def submit(self, given: Given) -> Got:
        """What `work` made of it, or the exception it gave."""
        loop = asyncio.get_running_loop()
        waiting: _Waiting[Given, Got] = _Waiting(given, loop, loop.create_future())
        with self._news:
            self._waiting.append(waiting)
            if len(self._waiting) in {1, self._expected}:
                self._news.notify()
        return await waiting.answer

    def _run(self) -> None:
        while together := self._next():
            for waiting, result in zip(together, self._done([one.given for one in together]), strict=True):
                waiting.loop.call_soon_threadsafe(_settle, waiting.answer, result)

    def _next(self) -> list[_Waiting[Given, Got]]:
        with self._news:
            while not self._waiting and self._is_open:
                self._news.wait()
            self._gather()
            count = min(len(self._waiting), MOST_TOGETHER)
            self._expected = 1 if count == 1 else min(count + self._last, MOST_TOGETHER)
            self._last = count
            return [self._waiting.popleft() for _ in range(count)]

    def _gather(self) -> None:
        """Others come as long as one came within the last pause."""
        until, seen = time.monotonic() + LONGEST_WAIT_SECONDS, 0
        while self._is_open and seen < len(self._waiting) < self._expected and time.monotonic() < until:
            seen = len(self._waiting)
            self._news.wait(PAUSE_SECONDS)

    def _done(self, given: Sequence[Given]) -> Sequence[Got | Exception]:
        try:
            return self._work(given)
        except Exception as error:  # noqa: BLE001 - every waiting request gets its answer, whatever went wrong
            return [error] * len(given)


def _settle(answer: asyncio.Future[Got], result: Got | Exception) -> None:
    if answer.done():  # its client is gone
        return
    if isinstance(result, Exception):
        answer.set_exception(result)
    else:
        answer.set_result(result)
