"""Every DAG loads by itself, quickly, without the heavy libraries, and says what to do when it is red."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from expectations.agreement import feeds, providers

PROJECT = Path(__file__).resolve().parents[2]
INGESTS = {f"ingest_{provider}" for provider in providers()}
EXPECTED = INGESTS | {
    "link_persons",
    "work_out_handoffs",
    "work_out_benefits",
    "publish",
    "check_conservation",
    "reconcile_sources",
    "tell_corrections",
    "receive_release_notices",
    "notify",
    "look_for_unsent",
    "daily_manifests",
}
ERRORS = (
    "SourceUnavailable",
    "LeaseLost",
    "SourceChanged",
    "FixConfiguration",
    "MissingSecret",
    "ConnectionResetError",
    "OperationalError",
    "ProgrammingError",
    "ValueError",
)
SECONDS_TO_PARSE = 2.0

# In a process of its own: Airflow configures itself for good when it is imported, and what a parse loads must be seen alone.
LOOK = """
import json, sys
import airflow.sdk
from airflow.dag_processing.dagbag import DagBag
before = set(sys.modules)
bag = DagBag(sys.argv[1])
loaded = {name.partition(".")[0] for name in set(sys.modules) - before}
from airflow.serialization.serialized_objects import DagSerialization
from dags.chain import RETRY_BY_ERROR_FAMILY
import builtins
import sqlalchemy.exc
from core import errors
def make(name):
    if hasattr(sqlalchemy.exc, name):
        return getattr(sqlalchemy.exc, name)("select", {}, Exception("x"))
    return getattr(errors, name, getattr(builtins, name, None))("x")

made = {name: make(name) for name in sys.argv[2].split(",")}
def assets(condition):
    if condition is None:
        return set()
    return {name for part in condition.objects for name in assets(part)} if hasattr(condition, "objects") else {condition.name}

def stored(dag):
    try:
        return DagSerialization.to_dict(dag)["dag"]["dag_id"]
    except Exception as error:
        return repr(error)

print("LOOKED" + json.dumps({
    "import_errors": bag.import_errors,
    "loaded": sorted(loaded),
    "seconds": {stat.file: stat.duration.total_seconds() for stat in bag.dagbag_stats},
    "verdicts": {name: RETRY_BY_ERROR_FAMILY.evaluate(error, 1, 5).action.value for name, error in made.items()},
    "dags": {dag.dag_id: {
        "doc": dag.doc_md, "catchup": dag.catchup, "max_active_runs": dag.max_active_runs,
        "awaits": sorted(assets(dag.timetable.asset_condition)),
        "tasks": {task.task_id: {
            "retries": task.retries, "has_policy": task.retry_policy == RETRY_BY_ERROR_FAMILY,
            "retry_seconds": task.retry_delay.total_seconds(),
            "outlets": [asset.name for asset in task.outlets],
        } for task in dag.tasks},
        "stored": stored(dag),
    } for dag in bag.dags.values()},
}))
"""


@pytest.fixture(scope="module")
def looked(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What Airflow's own DAG bag finds in the absolute path of dags/."""
    environment = os.environ | {
        "AIRFLOW_HOME": str(tmp_path_factory.mktemp("airflow")),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "PYTHONPATH": str(PROJECT),
    }
    command = [sys.executable, "-c", LOOK, str(PROJECT / "dags"), ",".join(ERRORS)]
    answer = subprocess.run(command, env=environment, cwd=PROJECT, capture_output=True, text=True, timeout=300, check=False)
    assert answer.returncode == 0, answer.stderr[-3000:]
    found: dict[str, Any] = json.loads(answer.stdout.rpartition("LOOKED")[2].splitlines()[0])
    return found


def test_every_dag_file_loads_and_no_other_is_there(looked: dict[str, Any]) -> None:
    assert looked["import_errors"] == {}
    assert set(looked["dags"]) == EXPECTED


def test_parsing_a_dag_file_is_quick_and_loads_nothing_of_the_work(looked: dict[str, Any]) -> None:
    heavy = {"pipeline", "warehouse", "connectors", "expectations", "pandas", "pyarrow", "duckdb", "great_expectations", "splink"}
    assert heavy & set(looked["loaded"]) == set()
    # Seen to load something, so that an empty look is not taken for a clean one.
    assert {"core", "dags"} <= set(looked["loaded"])
    assert len(looked["seconds"]) == len(EXPECTED)
    assert max(looked["seconds"].values()) < SECONDS_TO_PARSE


def test_every_dag_says_what_it_reads_and_writes_and_what_to_do_if_red(looked: dict[str, Any]) -> None:
    words = ("Reads ", "Writes ", "Rerun ", "If red ")
    assert {dag_id: word for dag_id, dag in looked["dags"].items() for word in words if f"\n{word}" not in (dag["doc"] or "")} == {}


def test_every_place_a_dag_sends_a_reader_to_is_in_the_runbook(looked: dict[str, Any]) -> None:
    headings = re.findall(r"^#+ (.+)$", (PROJECT / "docs" / "runbook.md").read_text("utf-8"), re.M)
    anchors = {re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    sent = {dag_id: set(re.findall(r"docs/runbook\.md#([a-z0-9-]+)", dag["doc"])) for dag_id, dag in looked["dags"].items()}
    assert all(sent.values())
    assert {dag_id: places - anchors for dag_id, places in sent.items() if places - anchors} == {}


def test_no_dag_catches_up_or_runs_beside_itself(looked: dict[str, Any]) -> None:
    assert [dag_id for dag_id, dag in looked["dags"].items() if dag["catchup"] or dag["max_active_runs"] != 1] == []


def test_every_task_retries_by_the_one_rule(looked: dict[str, Any]) -> None:
    tasks = {(dag_id, task_id): task for dag_id, dag in looked["dags"].items() for task_id, task in dag["tasks"].items()}
    assert [name for name, task in tasks.items() if not task["has_policy"] or task["retries"] < 1] == []


def test_a_notice_is_tried_again_within_seconds(looked: dict[str, Any]) -> None:
    assert looked["dags"]["receive_release_notices"]["tasks"]["carry_through"]["retry_seconds"] <= 5


def test_what_can_pass_is_retried_and_what_needs_somebody_is_red_at_once(looked: dict[str, Any]) -> None:
    assert looked["verdicts"] == {
        "SourceUnavailable": "retry",
        "LeaseLost": "retry",
        "SourceChanged": "fail",
        "FixConfiguration": "fail",
        "MissingSecret": "fail",
        "ConnectionResetError": "retry",
        "OperationalError": "retry",
        "ProgrammingError": "fail",
        "ValueError": "fail",
    }


@pytest.mark.parametrize("provider", providers())
def test_each_provider_is_ingested_feed_by_feed_as_agreed(looked: dict[str, Any], provider: str) -> None:
    written = [name for task in looked["dags"][f"ingest_{provider}"]["tasks"].values() for name in task["outlets"]]
    assert sorted(written) == sorted(f"warehouse/staging/{f.feed}" for f in feeds().values() if f.provider == provider)


def test_assets_chain_ingest_to_link_to_handoffs_to_publish(looked: dict[str, Any]) -> None:
    awaits = {dag_id: dag["awaits"] for dag_id, dag in looked["dags"].items()}
    assert awaits["link_persons"] == sorted(f"warehouse/staging/{feed}" for feed in feeds())
    assert awaits["work_out_handoffs"] == ["warehouse/identity/links"]
    assert awaits["work_out_benefits"] == ["warehouse/handoffs"]
    assert awaits["publish"] == ["warehouse/benefits", "warehouse/handoffs"]
    assert awaits["receive_release_notices"] == ["intake/release_notices"]
    assert awaits["notify"] == ["warehouse/published"]
    assert [dag_id for dag_id in INGESTS if awaits[dag_id]] == []
    written = {
        dag_id: [name for task in looked["dags"][dag_id]["tasks"].values() for name in task["outlets"]] for dag_id in EXPECTED - INGESTS
    }
    assert written["link_persons"] == ["warehouse/identity/links"]
    assert written["work_out_handoffs"] == ["warehouse/handoffs"]
    assert written["work_out_benefits"] == ["warehouse/benefits"]


def test_every_dag_can_be_stored_by_the_scheduler(looked: dict[str, Any]) -> None:
    assert {dag_id: dag["stored"] for dag_id, dag in looked["dags"].items()} == {dag_id: dag_id for dag_id in EXPECTED}
