"""Several worker processes behind one address: together they take a batch in once, and none outlives the process that started them."""

import os
import signal
import threading

import psutil
import pytest
from serving import CENTRE, Centre, envelope, notice, running_intake
from sqlalchemy import text

from warehouse.database import Role, transaction


@pytest.mark.slow  # two processes load everything a judgement needs
@pytest.mark.usefixtures("intake_warehouse")
def test_two_workers_take_each_batch_in_once_and_end_with_their_parent(centre: Centre) -> None:
    with running_intake(GUITU_INTAKE_WORKERS="2") as intake:
        workers = [
            child for child in psutil.Process(intake.process.pid).children() if child.cmdline() and "spawn_main" in str(child.cmdline())
        ]
        answers = []

        def push(number: int) -> None:
            name = f"W-{number % 8}"  # each from four sides
            answers.append(intake.push(centre, envelope(name, [notice(name)]), name))

        pushing = [threading.Thread(target=push, args=(number,)) for number in range(32)]
        for one in pushing:
            one.start()
        for one in pushing:
            one.join()
        assert [answer.status_code for answer in answers] == [200] * 32
        assert len({answer.content for answer in answers}) == 8
        os.kill(intake.process.pid, signal.SIGKILL)
        intake.process.wait(30)
        assert len(workers) == 2
        assert psutil.wait_procs(workers, timeout=30)[1] == []
    with transaction(Role.ETL) as connection:
        count = text("select count(*) from sealed.release_notices where source_key like :keys")
        assert connection.execute(count, {"keys": f"{CENTRE}-TZ-W-%"}).scalar_one() == 8
