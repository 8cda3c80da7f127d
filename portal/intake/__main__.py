"""`python -m portal.intake`: serve the intake until it is told to stop (SIGTERM lets what is inside finish)."""

from __future__ import annotations

import argparse
import gc
import os
import signal
import sys
import threading
from multiprocessing import parent_process

import uvicorn
from fastapi import FastAPI

from core.errors import GuituError
from core.logs import show_events
from portal.intake.settings import __doc__ as settings_said
from portal.intake.settings import settings

KEPT_CONNECTIONS = 4
# The desk's thread and the event loop take turns; at the interpreter's usual 5 ms each answer of the database would wait that long.
SWITCH_SECONDS = 0.0005


def served() -> FastAPI:
    """The application of one worker process, with everything heavy loaded before the first batch."""
    from expectations.agreement import feed
    from expectations.suites import warm
    from portal.intake.app import create_app
    from portal.intake.settings import FEED
    from warehouse.database import keep_connections

    show_events()
    _end_with_the_parent()
    keep_connections(KEPT_CONNECTIONS)
    sys.setswitchinterval(SWITCH_SECONDS)
    warm(feed(FEED))
    app = create_app(settings().public_url)
    # What was loaded so far is never garbage, and going through all of it would stop every request for a tenth of a second.
    gc.collect()
    gc.freeze()
    return app


def _end_with_the_parent() -> None:
    """One of several workers stops, like on SIGTERM, when the process that started it was killed: nobody else would ever stop it."""
    parent = parent_process()
    if parent is None:
        return

    def wait_for_its_end() -> None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait_for_its_end, name="parent", daemon=True).start()


def main() -> int:
    """Serve; an expected error is one clear line and exit status 1."""
    parser = argparse.ArgumentParser(
        prog="python -m portal.intake",
        description=f"Serve the intake until SIGTERM. It takes no options.\n\n{settings_said}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.parse_args()
    show_events()
    try:
        found = settings()
    except GuituError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    uvicorn.run(
        "portal.intake.__main__:served",
        factory=True,
        host=found.host,
        port=found.port,
        workers=found.workers,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        log_level="warning",
        timeout_keep_alive=30,
        timeout_graceful_shutdown=10,
        h11_max_incomplete_event_size=16 * 1024,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
