"""What the desk's thread does with what waits: each request becomes a batch, each batch is taken in, each gets its answer or problem."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

from core.errors import RetryLater
from core.logs import log_event, timed
from portal.intake.deliveries import Received, push_of
from portal.intake.problems import Problem, broken, other_content, unavailable, unsigned
from portal.intake.settings import RETRY_AFTER_SECONDS
from warehouse.intake.push import Answer, Desk, Push, Refusal
from warehouse.intake.pushes import Intake, spend_nonce

OnTaken = Callable[[list[int]], None]


class Taking:
    """Takes batches in at a desk, and tells `on_taken` the landing numbers of those just decided, after their commit."""

    def __init__(self, desk: Desk, on_taken: OnTaken) -> None:
        self._intake, self._on_taken = Intake(desk), on_taken

    def __call__(self, requests: Sequence[Received]) -> list[Answer | Exception]:
        """An answer or a problem for each request."""
        with timed("batches taken in", requests=len(requests)) as facts:
            read = [self._read(request) for request in requests]
            pushes = [push for push in read if isinstance(push, Push)]
            taken = iter(self._intake.take_all(pushes))
            results = [_said(next(taken)) if isinstance(push, Push) else push for push in read]
            facts["answers"] = sum(isinstance(result, Answer) for result in results)
        new = [result.landing_batch_id for result in results if isinstance(result, Answer) and not result.is_repeat]
        if new:
            self._on_taken(new)
        return results

    def _read(self, request: Received) -> Push | Exception:
        try:
            return push_of(request)
        except Problem as problem:
            return refused(request.app_key, request.nonce, problem)
        except Exception as error:  # noqa: BLE001 - one strange batch must not take its neighbours along
            return problem_of(error)


def refused(app_key: str, nonce: str, problem: Problem) -> Problem:
    """What is answered to a signed request refused for what it says. Its nonce is used up: a captured request is never looked at twice."""
    try:
        is_first = spend_nonce(app_key, nonce)
    except RetryLater as error:
        return problem_of(error)
    if problem.status == 403:
        log_event("SECURITY: a key signed for another centre", app_key=app_key)
    return problem if is_first else _nonce_used()


def _said(result: Answer | Refusal | Exception) -> Answer | Exception:
    if isinstance(result, Refusal):
        return REFUSALS[result.reason]()
    return problem_of(result) if isinstance(result, Exception) else result


def problem_of(error: Exception) -> Problem:
    """What the sender sees of an error; of an unexpected one the log gets kind and place, never its text: that may hold values."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, RetryLater):
        log_event("intake not available", error=type(error).__name__)
        return unavailable(RETRY_AFTER_SECONDS)
    places = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)[-3:]]
    log_event("ERROR: a batch could not be taken in", error=type(error).__name__, at=" ".join(places))
    return broken()


def _nonce_used() -> Problem:
    return unsigned("this nonce was used before: every request, also a repeated one, needs a fresh nonce and `created`")


def _key_gone() -> Problem:
    return unsigned("keyid names no trusted key: it is not registered, not in force, or disabled")


REFUSALS: dict[str, Callable[[], Problem]] = {"key": _key_gone, "nonce": _nonce_used, "other_content": other_content}
