"""kill -9 at random moments, again and again, during one backfill; then tables are compared."""

import multiprocessing
import random
import time
from datetime import timedelta
from multiprocessing.context import ForkServerContext

import pytest

from tests.loading.conftest import DAY, Open, Scene
from tests.loading.tables import tables_of
from tests.loading.worker import backfill
from tests.model.system import System

DAYS = [DAY + timedelta(days=n) for n in range(-2, 2)]
RECORDS = 400
LATENCY_S = 0.02


@pytest.fixture(scope="module")
def processes() -> ForkServerContext:
    """Forked from a process that has imported all there is to import, and does nothing else."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.loading.worker", "resources.vendors.evolux"])
    return context


def fill(here: Scene) -> None:
    """Calls of four days, and the steps of those of one."""
    for number in range(RECORDS):
        thing = here.thing(number, minutes=-number - 24 * 60 * (number % len(DAYS) - 1))
        here.put(thing)
        if number % len(DAYS) == 0:
            task = {"task_id": "1", "task_name": "Menu", "start_time_epoch": 1741700000}
            here.tenant.put_detail(number, {"executed_tasks": [task] * (number % 3)})
    here.tenant.latency_s = LATENCY_S


def run(
    processes: ForkServerContext, system: System, here: Scene, kill_after: float | None
) -> bool:
    """One worker; returns whether it came to its end."""
    begun = processes.Event()
    url = system.warehouse.url.set(drivername="postgresql").render_as_string(hide_password=False)
    worker = processes.Process(target=backfill, args=(url, here.account, DAYS, begun))
    worker.start()
    assert begun.wait(30)
    worker.join(kill_after)
    is_done = worker.exitcode is not None
    worker.kill()
    worker.join()
    assert not is_done or worker.exitcode == 0
    return is_done


def kill_often(scene: Open, processes: ForkServerContext, system: System, times: int) -> None:
    names = ("calls", "call_details")
    limits = {"concurrency": 50}
    here, other = (scene("evolux", DAYS[0], streams=names) for _ in range(2))
    for each in (here, other):
        each.account = each.account.model_copy(
            update={"limits": each.account.limits.model_copy(update=limits)}
        )
        fill(each)
    started = time.monotonic()
    assert run(processes, system, other, None)
    longest = time.monotonic() - started

    moments = random.Random(times)
    for _ in range(times):
        run(processes, system, here, moments.uniform(0, longest))
    assert run(processes, system, here, None)

    killed, undisturbed = tables_of(system, here.account), tables_of(system, other.account)
    assert len(killed["facts.calls"]) == RECORDS
    assert len(killed["facts.call_events"]) > 0
    assert killed == undisturbed


@pytest.mark.long
def test_a_worker_killed_five_times_loses_and_doubles_nothing(
    scene: Open, processes: ForkServerContext, system: System
) -> None:
    kill_often(scene, processes, system, 5)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_a_worker_killed_sixty_times_loses_and_doubles_nothing(
    scene: Open, processes: ForkServerContext, system: System
) -> None:
    kill_often(scene, processes, system, 60)
