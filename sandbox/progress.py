"""What the demo says while Airflow works: one line when a step begins, one when it ends. Counts and names of feeds, no person."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sandbox.airflow_client import ENDED, Airflow, Run, Task

# Many small files take longest: they begin first.
PROVIDERS = {
    "community": "Aftercare stations",
    "detention_centers": "Detention centres",
    "employment": "Employment service",
    "public_security": "Public security",
    "civil_affairs": "Civil affairs",
}
INGESTS = tuple(f"ingest_{provider}" for provider in PROVIDERS)
STEPS = {
    "link_persons": ("Linking records to persons", "Records linked to persons"),
    "work_out_handoffs": ("Working out releases and their flags", "Releases and flags worked out"),
    "work_out_benefits": ("Working out who may be entitled to what", "Findings worked out"),
    "publish": ("Publishing", "Published"),
}
CHAIN = tuple(STEPS)
EVENT_PATH = "receive_release_notices"
WORDS = STEPS | {EVENT_PATH: ("Carrying pushed notices through to their flags", "Pushed notices carried through")}
# What runs every few minutes anyway, mail and checks, is no part of the story.
FOLLOWED = {*INGESTS, *CHAIN, EVENT_PATH}

POLL_SECONDS = 2.0
SECONDS_OF_SILENCE = 10.0
QUIET_POLLS = 3
"""Asset events become runs within a second; three quiet looks in a row mean that nothing more is coming."""


class NotFinished(RuntimeError):
    """The chain of DAGs did not come to a good end."""


@dataclass(frozen=True)
class Since:
    """Every run due from `at` on, but those that had `ended` before: they are an earlier demo's story."""

    at: datetime
    ended: frozenset[str]


def since(airflow: Airflow, at: datetime) -> Since:
    """The story that begins now with runs due from `at` on."""
    return Since(at, frozenset(run.run_id for run in airflow.runs(at) if run.state in ENDED))


def follow(
    airflow: Airflow, since: Since, rows: Callable[[], Mapping[str, int]], say: Callable[[str], None], patience_seconds: float
) -> None:
    """Every run since then has ended well, and nothing more is on its way; progress was told to `say`.

    Raises:
        NotFinished: a run failed, or patience ended; the message holds the page where a person sees why.
    """
    started = last_said = time.monotonic()
    quiet = 0
    seen = {_name(task): task for task in airflow.tasks(since.at) if task.run_id in since.ended}
    while quiet < QUIET_POLLS:
        time.sleep(POLL_SECONDS)
        runs = [run for run in airflow.runs(since.at) if run.dag_id in FOLLOWED and run.run_id not in since.ended]
        tasks, received = [task for task in airflow.tasks(since.at) if task.dag_id in FOLLOWED], rows()
        said = list(lines(seen, tasks, received))
        if not said and time.monotonic() - last_said > SECONDS_OF_SILENCE:
            said = [f"... rows so far {sum(received.values()):,}"]
        for line in said:
            say(line)
            last_said = time.monotonic()
        seen = {_name(task): task for task in tasks}
        if failed := [run for run in runs if run.state == "failed"]:
            raise NotFinished("".join(f"\n  {run.dag_id} failed: {airflow.address_of(run)}" for run in failed))
        is_quiet = all(run.state in ENDED for run in runs) and any(run.dag_id == "publish" for run in runs)
        quiet = quiet + 1 if is_quiet and not airflow.has_waiting_assets((*CHAIN, EVENT_PATH)) else 0
        if time.monotonic() - started > patience_seconds:
            raise NotFinished(f"not finished after {patience_seconds:.0f} s; it goes on meanwhile, see {airflow.login.address}/dags")


def lines(seen: Mapping[tuple[str, str, str], Task], now: Iterable[Task], rows: Mapping[str, int]) -> Iterator[str]:
    """What changed from one look to the next, in words."""
    for task in now:
        before = seen.get(_name(task))
        was = before.state if before else None
        if task.state == was:
            continue
        if task.state == "running":
            yield _begins(task)
        elif task.state == "success":
            if was != "running":
                yield _begins(task)
            yield _ends(task, rows)
        elif task.state == "up_for_retry":
            yield f"{_begins(task)}: not possible just now, will be tried again"


def provider_of(run: Run | Task) -> str | None:
    """The provider this run takes in, or None for a later step."""
    provider = run.dag_id.removeprefix("ingest_")
    return provider if provider in PROVIDERS else None


def _begins(task: Task) -> str:
    provider = provider_of(task)
    if provider is None:
        return WORDS[task.dag_id][0]
    feed = _feed(task)
    return f"{PROVIDERS[provider]}: reading {feed}" if feed else f"{PROVIDERS[provider]}: reading files"


def _ends(task: Task, rows: Mapping[str, int]) -> str:
    provider = provider_of(task)
    if provider is None:
        return WORDS[task.dag_id][1]
    feed = _feed(task)
    so_far = f"rows so far {sum(rows.values()):,}"
    return (
        f"{PROVIDERS[provider]}: {feed} read, {rows.get(feed, 0):,} rows ({so_far})"
        if feed
        else f"{PROVIDERS[provider]}: files read ({so_far})"
    )


def _feed(task: Task) -> str | None:
    return task.task_id.removeprefix("receive_") if task.task_id.startswith("receive_") else None


def _name(task: Task) -> tuple[str, str, str]:
    return task.dag_id, task.run_id, task.task_id
