"""Loads the heavy libraries once where Airflow's tasks are forked from, so that no task pays for them again.

Airflow imports a module of this name at the start of every process if its folder is on PYTHONPATH. Only a process that
forks tasks (the scheduler with its LocalExecutor, a Celery worker) wants the libraries: Great Expectations and Splink alone
take 6 to 8 seconds and 800 MiB. Only libraries: our own modules are read afresh by every task.
"""

import importlib
import sys

FORKS_TASKS = {"scheduler", "celery"}
HEAVY_LIBRARIES = (
    "pandas",
    "pyarrow",
    "duckdb",
    "sqlalchemy",
    "great_expectations",
    "splink",
    "xgboost",
    "openpyxl",
    "requests",
    "asyncssh",
    "fsspec",
    "rapidfuzz",
    "pyarrow.csv",
)

__all__: list[str] = []

if len(sys.argv) > 1 and sys.argv[1] in FORKS_TASKS:
    for library in HEAVY_LIBRARIES:
        importlib.import_module(library)
