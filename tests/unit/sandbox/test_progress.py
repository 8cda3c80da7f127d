"""What the demo says from one look at Airflow to the next."""

from sandbox.airflow_client import Task
from sandbox.progress import lines

ROWS = {"drug_tests": 1234, "trainings": 66}


def said(before: Task | None, after: Task) -> list[str]:
    seen = {(before.dag_id, before.run_id, before.task_id): before} if before else {}
    return list(lines(seen, [after], ROWS))


def reading(state: str | None) -> Task:
    return Task("ingest_public_security", "manual", "receive_drug_tests", state)


def test_a_feed_that_begins_and_one_that_ended_are_named_with_their_rows() -> None:
    assert said(None, reading("running")) == ["Public security: reading drug_tests"]
    assert said(reading("running"), reading("success")) == ["Public security: drug_tests read, 1,234 rows (rows so far 1,300)"]


def test_a_task_too_quick_to_be_seen_running_is_told_whole() -> None:
    assert len(said(reading("queued"), reading("success"))) == 2


def test_nothing_is_said_twice() -> None:
    assert said(reading("running"), reading("running")) == []
    assert said(reading("success"), reading("success")) == []


def test_waiting_in_a_queue_is_not_worth_a_line() -> None:
    assert said(None, reading(None)) == said(reading(None), reading("scheduled")) == said(reading("scheduled"), reading("queued")) == []


def test_a_retry_says_that_nobody_has_to_act() -> None:
    assert said(reading("running"), reading("up_for_retry")) == [
        "Public security: reading drug_tests: not possible just now, will be tried again"
    ]


def test_a_provider_that_delivers_files_is_told_as_one() -> None:
    task = Task("ingest_employment", "manual", "receive", "success")
    assert said(Task("ingest_employment", "manual", "receive", "running"), task) == ["Employment service: files read (rows so far 1,300)"]


def test_the_later_steps_have_words_of_their_own() -> None:
    task = Task("publish", "asset", "switch", "success")
    assert said(None, task) == ["Publishing", "Published"]
