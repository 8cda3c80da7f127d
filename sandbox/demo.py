"""`python -m sandbox demo|notice|stop|status`: a fictional province through Airflow to what is published, on one machine.

Everything lies under var/ (GUITU_HOME). Running it again goes on where it stopped: what runs is kept, what landed is known.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import requests

from core.settings import PROJECT, local_state
from sandbox import airflow_server, centres, databases, intake, live_notice, mailbox, processes, progress, providers, summary
from sandbox.airflow_client import Airflow
from sandbox.choice import Choice, OtherDemo, choose, forget

MINUTES_TO_FINISH = 60
STATE = ("airflow", "centres", "keys", "logs", "mail", "postgres", "province", "providers", "raw", "reports", "run")
"""The folders of var/ that belong to the demo."""
SERVERS = (*airflow_server.COMPONENTS, intake.NAME, mailbox.NAME, providers.NAME)


def add_commands(commands: Any) -> None:
    """Adds `demo`, `stop` and `status` to the sub-commands of `python -m sandbox`."""
    parser = commands.add_parser("demo", help="a fictional province through Airflow to the published list")
    parser.add_argument("--persons", type=int, help="registered persons of the fictional province (default 400)")
    parser.add_argument("--seed", type=int, help="the same seed gives the same province (default 7)")
    given = Path(os.environ["PROVINCE"]) if os.environ.get("PROVINCE") else None
    parser.add_argument(
        "--province", type=Path, default=given, metavar="FOLDER", help="serve this province directory instead (default: PROVINCE)"
    )
    parser.add_argument(
        "--as-of", type=date.fromisoformat, help="the day that is today in the province (default: GUITU_AS_OF or 2026-11-20)"
    )
    parser.add_argument("--fresh", action="store_true", help="forget the demo that is here and begin anew")
    parser.set_defaults(run=demo)
    commands.add_parser("notice", help="push one more notice to the running demo and see its flags come").set_defaults(
        run=lambda _: notice()
    )
    commands.add_parser("stop", help="stop what the demo started; nothing is lost").set_defaults(run=lambda _: stop())
    commands.add_parser("status", help="what of the demo runs, and where").set_defaults(run=lambda _: status())


def demo(given: argparse.Namespace) -> int:
    """The province is published and its summary printed; the servers go on running. Returns the exit status."""
    try:
        with _interruptible():
            if given.fresh:
                _begin_anew()
            choice = choose(given.province, given.persons, given.seed, given.as_of)
            _run(choice, _Clock())
    except KeyboardInterrupt:
        print("\nInterrupted: stopping what was started (run `make demo` again to go on)", flush=True)
        stop()
        return 130
    except (OtherDemo, processes.NotStarted, progress.NotFinished, requests.RequestException) as error:
        print(f"\nThe demo did not come to its end: {error}", file=sys.stderr)
        print(f"What runs goes on running: `make stop` ends it; logs are in {local_state() / 'logs'}", file=sys.stderr)
        return 1
    return 0


def stop() -> int:
    """Nothing of the demo runs any more; everything it kept stays."""
    running = [*centres.stop(), *(name for name in SERVERS if processes.is_running(name))]
    airflow_server.stop()
    processes.stop(intake.NAME, mailbox.NAME, providers.NAME)
    databases.stop()
    print(f"stopped: {', '.join(running)}" if running else "nothing was running", flush=True)
    return 0


def status() -> int:
    """What runs is printed; 0 when all of it does."""
    for name in SERVERS:
        print(f"{name:24}{'running' if processes.is_running(name) else 'stopped'}")
    is_complete = all(map(processes.is_running, SERVERS))
    if is_complete:
        login = airflow_server.login()
        print(f"Airflow {login.address}  login {login.user} / {login.password}")
        print(f"intake  {intake.address()}  its keys {intake.keys_address()}")
    return 0 if is_complete else 3


def notice() -> int:
    """One more notice went through the intake to its flags, and how long that took is printed. Returns the exit status."""
    if not all(map(processes.is_running, SERVERS)):
        print("The demo does not run: `make demo` starts it", file=sys.stderr)
        return 1
    choice = choose(None, None, None, None)
    urls = databases.start()
    return 0 if _push_live(choice, urls, _task_environment(urls.warehouse, choice), _Clock()) else 1


def _run(choice: Choice, say: _Clock) -> None:
    say(f"Starting PostgreSQL in {local_state()}" if databases.is_embedded() else "Using the PostgreSQL of GUITU_DATABASE_URL")
    urls = databases.start()
    environment = _task_environment(urls.warehouse, choice)
    airflow, pushing = _bring_up(choice, urls, environment, say)
    say("Airflow runs: reading the five agencies")
    since = _read_everything(airflow)
    _tell_pushed(centres.wait_until_answered(pushing, MINUTES_TO_FINISH * 60), say)
    libpq = _libpq(urls)
    progress.follow(airflow, since, lambda: summary.rows_received(libpq), say, MINUTES_TO_FINISH * 60)
    if pushing and not live_notice.earlier_count(pushing[0]):
        _push_live(choice, urls, environment, say)
    report = local_state() / "reports" / "quality.html"
    report.parent.mkdir(parents=True, exist_ok=True)
    _warehouse(environment, "quality-report", str(report))
    say("Done")
    _print_summary(summary.read(libpq, choice.as_of), report)


def _bring_up(choice: Choice, urls: databases.Urls, environment: Mapping[str, str], say: _Clock) -> tuple[Airflow, list[centres.Centre]]:
    """Everything runs: warehouse, providers, mailbox, intake, Airflow; the centres that push have begun to."""
    airflow_server.choose_port()
    intake.choose_port()
    if not (processes.is_running(providers.NAME) and processes.is_running(mailbox.NAME)):
        airflow_server.stop()  # its tasks would look for them where they were
    migration = airflow_server.begin_migration(airflow_server.environment(urls.airflow, {}))
    say("Creating the warehouse: keys, roles, schemas, tables")
    for command in ("create-keys", "migrate"):
        _warehouse(environment, command)
    is_made_up_now = not choice.folder.exists()
    say(f"Making up a province of {choice.persons:,} registered persons" if is_made_up_now else f"Serving the province in {choice.folder}")
    providers.make_up(choice)
    pushing = centres.pushing(choice.folder)
    connections = providers.start(choice, urls.frontend, environment, [centre.code for centre in pushing])
    connections |= providers.variables(mailbox.start(environment))
    _open_intake(pushing, choice, environment)
    say("Five agencies serve on loopback, the intake is opening; starting Airflow (half a minute)")
    if migration.wait():
        raise processes.NotStarted(f"Airflow's tables could not be made:\n{processes.last_words('airflow-migrate')}")
    airflow_server.start(airflow_server.environment(urls.airflow, {**environment, **connections}))
    intake.wait_until_ready()
    if count := centres.begin_to_push(pushing, environment):
        say(f"{len(pushing)} detention centres push {count:,} batches of release notices, signed, to the intake")
    airflow_server.wait_until_ready()
    airflow = Airflow(airflow_server.login())
    _wait_for_dags(airflow)
    return airflow, pushing


def _open_intake(pushing: list[centres.Centre], choice: Choice, environment: Mapping[str, str]) -> None:
    """The intake is coming up and knows the keys of the centres that push; offices are registered that will be told of flags."""
    offices = mailbox.recipients((centre.code for centre in pushing), choice.as_of)
    _warehouse(environment, "load-recipients", str(offices))
    centres.register(pushing, lambda code, key: _warehouse(environment, "register-centre", code, str(key)))
    intake.start(environment)


def _tell_pushed(pushed: centres.Pushed, say: _Clock) -> None:
    say(
        f"Detention centres: {pushed.batches:,} batches acknowledged with a receipt; rows: {pushed.accepted:,} accepted, "
        f"{pushed.duplicates:,} known already, {pushed.refused:,} refused"
    )
    for name, count in pushed.unanswered.items():
        say(f"NO ANSWER to {count:,} batches, which the page below lacks; see {processes.log_file(name)}:\n{processes.last_words(name, 5)}")


def _push_live(choice: Choice, urls: databases.Urls, environment: Mapping[str, str], say: _Clock) -> bool:
    """One notice more went all the way while everything runs, and how long it took was said; False, and why, where it did not."""
    pushing = centres.pushing(choice.folder)
    if not pushing:
        say("This province has no notices by push, so that none is pushed live")
        return False
    say(f"{pushing[0].code} pushes one more notice: a release tomorrow that nobody has planned for")
    try:
        seen = live_notice.push(pushing[0], choice.as_of, _libpq(urls), environment, say)
    except live_notice.NotSeen as error:
        say(f"Not seen: {error}")
        return False
    say(
        f"Readers see {', '.join(seen.codes)}: {seen.to_flag_seconds:.1f} s after the receipt "
        f"({seen.to_receipt_seconds:.1f} s before it, with the start of the centre's client)"
    )
    return True


def _libpq(urls: databases.Urls) -> str:
    return urls.warehouse.replace("postgresql+psycopg://", "postgresql://", 1)


def _print_summary(found: summary.Summary, report: Path) -> None:
    login = airflow_server.login()
    print(
        f"\n{summary.render(found)}\n\nWHERE TO LOOK\n"
        f"  Airflow         {login.address}  login {login.user} / {login.password}\n"
        f"  intake          {intake.address()}  (centres push there; `python -m sandbox notice` pushes one more)\n"
        f"  receipt keys    {intake.keys_address()}\n"
        f"  receipts        {local_state() / 'centres'}\n"
        f"  letters         {mailbox.folder()}  ({mailbox.letter_count():,} so far)\n"
        f"  quality report  {report.as_uri()}\n"
        f"  logs            {local_state() / 'logs'}\n"
        "Everything goes on running: `make stop` ends it, `make demo` goes on from here.",
        flush=True,
    )


def _task_environment(warehouse_url: str, choice: Choice) -> dict[str, str]:
    """What every process of ours finds in its environment."""
    # The providers' servers are asked, also for a given province: PROVINCE would take the steps past them.
    kept = {name: value for name, value in os.environ.items() if name != "PROVINCE"}
    return kept | {"GUITU_DATABASE_URL": warehouse_url, "GUITU_HOME": str(local_state()), "GUITU_AS_OF": choice.as_of.isoformat()}


def _warehouse(environment: Mapping[str, str], *command: str) -> None:
    log = processes.log_file("warehouse")
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        result = subprocess.run(
            [sys.executable, "-m", "warehouse", *command],
            env=environment,
            cwd=PROJECT,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if result.returncode:
        raise processes.NotStarted(f"`python -m warehouse {command[0]}` failed:\n{processes.last_words('warehouse')}")


def _wait_for_dags(airflow: Airflow) -> None:
    wanted = progress.FOLLOWED
    deadline = time.monotonic() + airflow_server.SECONDS_TO_START
    while missing := wanted - airflow.dag_ids():
        if errors := airflow.import_errors():
            raise processes.NotStarted("DAG files do not load:\n" + "\n".join(errors))
        if time.monotonic() > deadline:
            raise processes.NotStarted(f"Airflow does not show these DAGs: {', '.join(sorted(missing))}")
        time.sleep(0.5)


def _read_everything(airflow: Airflow) -> progress.Since:
    """Every ingest has a run on its way; one cut off by a stop goes on by itself. Returns where the story of these runs begins."""
    on_the_way = airflow.unfinished_runs()
    earliest_at = min([datetime.now(UTC), *(run.run_after for run in on_the_way)]) - timedelta(seconds=30)
    since = progress.since(airflow, earliest_at)
    for dag_id in progress.INGESTS:
        if dag_id not in {run.dag_id for run in on_the_way}:
            airflow.trigger(dag_id)
    return since


def _begin_anew() -> None:
    if not databases.is_embedded():
        raise OtherDemo("--fresh would have to empty the database of GUITU_DATABASE_URL: do that yourself, or unset it")
    stop()
    forget()
    for name in STATE:
        shutil.rmtree(local_state() / name, ignore_errors=True)


class _Clock:
    """Prints lines with the seconds since it was made."""

    def __init__(self) -> None:
        self._started = time.monotonic()

    def __call__(self, line: str) -> None:
        print(f"[{time.monotonic() - self._started:4.0f} s] {line}", flush=True)


@contextmanager
def _interruptible() -> Iterator[None]:
    """SIGTERM ends the block as Ctrl-C does."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
