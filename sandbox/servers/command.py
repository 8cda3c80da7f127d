"""`python -m sandbox serve PROVINCE --state DIR`: the five providers until SIGINT or SIGTERM."""

from __future__ import annotations

import argparse
import signal
import threading
from pathlib import Path
from typing import Any

from sandbox.servers.serve import Places, serving


def add_command(commands: Any) -> None:
    """Adds `serve` to the sub-commands of `python -m sandbox`."""
    parser = commands.add_parser("serve", help="play the five providers of a province folder on loopback")
    parser.add_argument("province", type=Path, metavar="PROVINCE", help="a province directory (agreement section 10)")
    parser.add_argument("--state", type=Path, required=True, metavar="DIR", help="keys, served files and connections.json go here")
    parser.add_argument("--database", metavar="URL", help="a PostgreSQL database for civil affairs' schema share (replaced there)")
    parser.add_argument("--bind", default="127.0.0.1", help="address to listen on (default 127.0.0.1)")
    parser.add_argument("--name", default="127.0.0.1", help="host name by which others reach the servers (default 127.0.0.1)")
    parser.add_argument("--rest-port", type=int, default=0, help="port of the bureau (default: any free one)")
    parser.add_argument("--sftp-port", type=int, default=0, help="port of the SFTP server (default: any free one)")
    parser.add_argument("--requests-a-minute", type=int, default=60, help="what the bureau allows each app key (default 60)")
    parser.add_argument("--pushing", action="append", default=[], metavar="CENTRE", help="this centre pushes: none of its notices as files")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Serves until told to stop; prints one line when everything answers."""
    is_over = threading.Event()
    for wanted in (signal.SIGINT, signal.SIGTERM):
        signal.signal(wanted, lambda number, frame: is_over.set())
    places = Places(arguments.bind, arguments.name, arguments.rest_port, arguments.sftp_port, arguments.requests_a_minute)
    with serving(arguments.province, arguments.state, arguments.database, places, arguments.pushing) as connections:
        print(f"serving {', '.join(connections)}: {arguments.state / 'connections.json'}", flush=True)
        is_over.wait()
    return 0
