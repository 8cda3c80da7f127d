"""One million insurance rows, from the file's bytes to published staging, beside what could be had more cheaply.

    python -m benchmarks.ingest [--rows 1000000] [--write]

Three ways over the same rows in one run, each in a process of its own: ours (land raw, decode, read, judge, seal, stage, receipt),
plain pandas (`read_csv` and `to_sql`, which checks and seals nothing), and a bare COPY of the UTF-8 text into text columns (the
limit of the database). `--write` puts the lines into docs/figures.md.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import platform
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

from expectations.agreement import feed

FEED = "insurance_contributions"
FILE_NAME = f"{FEED}_140000_202610_incr_20261112.csv"
FIGURES = Path(__file__).parent.parent / "docs" / "figures.md"
SURNAMES, GIVEN = "王李张刘陈杨黄赵吴周徐孙马朱胡", "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英"
WEIGHTS, CHECKS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2), "10X98765432"
KINDS_PER_PERSON = 3  # an employee's month: pension, medical care, unemployment


def _person(chance: random.Random) -> tuple[str, str]:
    birth = date(1960, 1, 1) + timedelta(days=chance.randrange(17000))
    number = f"14{chance.randrange(1, 12):02}{chance.randrange(1, 30):02}{birth:%Y%m%d}{chance.randrange(1000):03}"
    number += CHECKS[sum(int(c) * w for c, w in zip(number, WEIGHTS, strict=True)) % 11]
    return number, chance.choice(SURNAMES) + "".join(chance.sample(GIVEN, chance.choice((1, 2))))


def insurance_csv(rows: int, seed: int = 5) -> bytes:
    """A file of fictional contributions as the employment bureau writes it: GB18030, commas, agreed headers, three rows a person."""
    chance = random.Random(seed)
    lines = [",".join(f.header for f in feed(FEED).fields)]
    for i in range(rows):
        if i % KINDS_PER_PERSON == 0:
            number, name = _person(chance)
        base = chance.randrange(3500, 9000)
        values = {
            "source_key": f"RS-SB-{i:010}",
            "operation_code": "I",
            "source_updated_at": f"2026-11-{chance.randrange(1, 12):02} {chance.randrange(24):02}:{chance.randrange(60):02}:{i % 60:02}",
            "id_type_code": "111",
            "id_number": number,
            "name": name,
            "sex_code": "1" if int(number[16]) % 2 else "2",
            "birth_date": f"{number[6:10]}-{number[10:12]}-{number[12:14]}",
            "insurance_kind_code": "135"[i % KINDS_PER_PERSON],
            "contribution_month": "202610",
            "employer_credit_number": f"91140100MA{chance.randrange(10**7):07}X",
            "employer_name": f"样例{chance.randrange(5000)}有限公司",
            "contribution_base_yuan": f"{base}.00",
            "personal_contribution_yuan": f"{base * 0.08:.2f}",
            "employer_contribution_yuan": f"{base * 0.16:.2f}",
            "contribution_state_code": "1",
            "contributed_months": str(chance.randrange(1, 400)),
            "is_subsidized": "0",
            "first_contribution_month": f"20{chance.randrange(10, 26)}03",
            "last_contribution_month": "202610",
            "insurance_region_code": number[:6],
        }
        lines.append(",".join(values.get(f.field, "") for f in feed(FEED).fields))
    return "\n".join([*lines, ""]).encode("gb18030")


def ours(content: bytes, url: str) -> str:
    """Land and accept one delivery; returns what became of it."""
    from expectations.delivery import Delivery
    from warehouse.landing.batches import land
    from warehouse.landing.raw import RawStore
    from warehouse.staging.accept import accept

    store = RawStore()
    rows = content.count(b"\n") - 1
    batch_id, _ = land(Delivery("employment", FEED, FILE_NAME, "csv", content, declared_rows=rows), store)
    return accept(batch_id, store).state


def with_pandas(content: bytes, url: str) -> str:
    """What a script of ten lines would do."""
    import pandas as pd
    from sqlalchemy import create_engine

    frame = pd.read_csv(io.BytesIO(content), dtype=str, encoding="gb18030")
    frame.to_sql("plain_insurance", create_engine(url), if_exists="replace", index=False, chunksize=10_000)
    return "loaded"


def bare_copy(content: bytes, url: str) -> str:
    """COPY of the same text into text columns of a table."""
    import psycopg

    text = content.decode("gb18030").encode()
    columns = ", ".join(f"c{i} text" for i in range(len(feed(FEED).fields)))
    with psycopg.connect(url.replace("postgresql+psycopg", "postgresql")) as connection:
        connection.execute(f"create table bare_insurance ({columns})")
        with connection.cursor().copy("copy bare_insurance from stdin (format csv, header)") as copy:
            for start in range(0, len(text), 1 << 20):
                copy.write(text[start : start + (1 << 20)])
    return "loaded"


WAYS: dict[str, Callable[[bytes, str], str]] = {"ours": ours, "pandas": with_pandas, "copy": bare_copy}


def measure(way: str, path: Path) -> None:
    """In the child: run one way and print its figures as JSON."""
    content = path.read_bytes()
    started = time.monotonic()
    outcome = WAYS[way](content, os.environ["GUITU_DATABASE_URL"])
    seconds = time.monotonic() - started
    own, children = (resource.getrusage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(json.dumps({"outcome": outcome, "seconds": seconds, "peak_mib": own, "worker_peak_mib": children}))


def main() -> int:
    """Measure all three ways and print (and with --write keep) one line each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--write", action="store_true", help="put the lines into docs/figures.md")
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.way:
        measure(given.way, given.file)
        return 0
    return compare(given.rows, given.write)


def compare(rows: int, write: bool) -> int:
    """Each way in a fresh process against a fresh database of one server."""
    from core.sealing import KeyFolder
    from sandbox import postgres
    from warehouse.migrations import migrate

    with (
        tempfile.TemporaryDirectory(prefix="guitu-bench-", ignore_cleanup_errors=True) as folder,
        postgres.running_postgres(Path(folder) / "pg") as server,
    ):
        home = Path(folder)
        path = home / FILE_NAME
        path.write_bytes(insurance_csv(rows))
        print(f"{rows:,} rows, {path.stat().st_size / 1e6:.0f} MB GB18030")
        KeyFolder(home / "keys").create_missing()
        figures = {}
        for way in ("copy", "pandas", "ours"):
            url = postgres.create_database(server, way)
            if way == "ours":
                migrate(url)
            environment = os.environ | {
                "GUITU_DATABASE_URL": url,
                "GUITU_KEYS": str(home / "keys"),
                "GUITU_RAW_URL": (home / "raw").as_uri(),
                "GUITU_AS_OF": "2026-11-20",
            }
            command = [sys.executable, "-m", "benchmarks.ingest", "--way", way, "--file", str(path)]
            figures[way] = json.loads(
                subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout.splitlines()[-1]
            )
            print(f"  {way:7} {rows / figures[way]['seconds']:>9,.0f} rows/s  {figures[way]['seconds']:6.1f} s  {figures[way]['outcome']}")
    line = figure_line(rows, figures)
    print(line)
    if write:
        keep(line)
    return 0 if figures["ours"]["outcome"] == "accepted" else 1


def figure_line(rows: int, figures: dict[str, dict[str, float]]) -> str:
    """The line of docs/figures.md."""
    rate = {way: f"{rows / told['seconds']:,.0f}" for way, told in figures.items()}
    told = figures["ours"]
    return (
        f"| receive, validate, seal and stage {rows:,} insurance rows | {rate['ours']} rows/s ({told['seconds']:.1f} s), peak "
        f"{told['peak_mib']:.0f} MiB, "
        f"largest worker {told['worker_peak_mib']:.0f} MiB | pandas read_csv + to_sql {rate['pandas']} rows/s; bare COPY "
        f"{rate['copy']} rows/s | 40,000 rows/s | "
        f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, {date.today():%Y-%m-%d} | `make bench-ingest` |"  # noqa: DTZ011
    )


def keep(line: str) -> None:
    """The figure's line in docs/figures.md is replaced, or added."""
    name = line.split("|")[1]
    lines = [old for old in FIGURES.read_text("utf-8").splitlines() if not old.startswith(f"|{name}|")]
    FIGURES.write_text("\n".join([*lines, line, ""]), "utf-8")


if __name__ == "__main__":
    sys.exit(main())
