"""The processes of one queue's worker: `python -m pipelines.workers.process QUEUE CONCURRENCY`.

Celery's prefork pool: its processes have loaded Dagster and the definitions before the first run
comes, and execute one run after the other.
"""

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from celery import Celery, Task
from dagster._grpc.types import ExecuteRunArgs
from dagster._serdes import unpack_value
from dagster._utils.interrupts import capture_interrupts
from dagster_celery.tasks import create_execute_job_task

from pipelines.workers.broker import make_broker
from pipelines.workers.code import load_code
from pipelines.workers.consumer import LastingConsumer
from pipelines.workers.leases import executing
from pipelines.workers.queues import Queue
from resources.configuration.broker import broker_url
from resources.errors import ConfigurationError

RUNS_OF_A_PROCESS = 200
"""Then it makes room for a fresh one, forked in a moment: what libraries hoard doesn't add up."""
LOOK_AT_PARENT_S = 2
logger = logging.getLogger("callhouse.worker")


class RunTask(Task):  # type: ignore[misc]
    """Executes a run that Dagster's launcher has sent, unless another process does already."""

    def __call__(self, execute_job_args_packed: Any) -> Any:
        """Returns what Dagster's task does; 0 when there was nothing to do."""
        run_id = unpack_value(execute_job_args_packed, as_type=ExecuteRunArgs).run_id
        with whole_signals(), executing(run_id) as is_ours:
            if not is_ours:
                logger.warning("Run %s is being executed by another process.", run_id)
                return 0
            return super().__call__(execute_job_args_packed)


@contextmanager
def whole_signals() -> Iterator[None]:
    """For the length of the block SIGTERM interrupts the run, not the process; afterwards it is
    what it was. (Dagster leaves it as Celery has SIGINT: ignored.)
    """
    before = signal.getsignal(signal.SIGTERM)
    try:
        with capture_interrupts():
            yield
    finally:
        signal.signal(signal.SIGTERM, before)


def make_worker(broker: str) -> Celery:
    """The application of a worker. It knows one task, to execute a run that is in Dagster's
    storage: Dagster's others would import whatever a message names.
    """
    worker = make_broker(broker)
    worker.conf.worker_consumer = LastingConsumer
    worker.Task = RunTask
    create_execute_job_task(worker)
    return worker


def end_with_parent(parent: int) -> None:
    """Ends this worker, its runs at work excepted, when `callhouse worker` is gone."""
    while os.getppid() == parent:
        time.sleep(LOOK_AT_PARENT_S)
    os.kill(os.getpid(), signal.SIGTERM)


def main() -> None:
    queue, concurrency = Queue(sys.argv[1]), int(sys.argv[2])
    broker = broker_url()
    if not broker:
        raise ConfigurationError(["a worker needs a broker"])
    threading.Thread(target=end_with_parent, args=(os.getppid(),), daemon=True).start()
    load_code()
    worker = make_worker(broker)
    worker.worker_main([
        "--quiet", "worker", "--pool", "prefork", "--queues", queue.value,
        "--concurrency", str(concurrency), "--max-tasks-per-child", str(RUNS_OF_A_PROCESS),
        "--hostname", f"{queue}-{os.getpid()}@%h",
        "--loglevel", "WARNING", "--without-gossip", "--without-mingle", "--without-heartbeat",
    ])  # fmt: skip


if __name__ == "__main__":
    main()
