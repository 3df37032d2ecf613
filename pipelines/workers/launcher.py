"""Sends runs to workers by Dagster's own Celery launcher; how they are, Postgres says.

Celery's word isn't taken for it: to Celery the run of a worker that was killed is at work for ever.
"""

import os
from contextlib import suppress
from functools import cached_property
from typing import Any

from dagster import DagsterRun, DagsterRunStatus
from dagster._core.launcher import CheckRunHealthResult, LaunchRunContext, WorkerStatus
from dagster._grpc.types import ExecuteRunArgs
from dagster._serdes import ConfigurableClassData, pack_value
from dagster_celery.config import TASK_EXECUTE_JOB_NAME
from dagster_celery.launcher import CeleryRunLauncher
from dagster_celery.tags import DAGSTER_CELERY_TASK_ID_TAG
from kombu.exceptions import OperationalError

from pipelines.recovery import PROCESS_TAG, is_over
from pipelines.workers.broker import make_broker
from pipelines.workers.leases import execution, read_slots
from pipelines.workers.queues import Queue, SendsToWorkers
from resources.configuration.broker import BrokerError, require_broker
from resources.postgres.database import URL
from resources.postgres.warehouse import Warehouse


class WorkersLauncher(CeleryRunLauncher, SendsToWorkers):
    """`dagster.workers.yaml` names this class."""

    def __init__(
        self, broker: str, inst_data: ConfigurableClassData | None = None, **others: Any
    ) -> None:
        super().__init__(broker=broker, inst_data=inst_data, **others)
        self.celery = make_broker(broker)
        self._url = broker

    @property
    def supports_resume_run(self) -> bool:
        """A run whose worker was lost is repeated: what it has read stays."""
        return False

    def launch_run(self, context: LaunchRunContext) -> None:
        """Sends the run. The message says which one it is; a worker has its own instance."""
        run = context.dagster_run
        assert run.job_code_origin
        arguments = ExecuteRunArgs(
            job_origin=run.job_code_origin,
            run_id=run.run_id,
            instance_ref=None,
            set_exit_code_on_failure=True,
        )
        message = self.celery.signature(
            TASK_EXECUTE_JOB_NAME,
            kwargs={"execute_job_args_packed": pack_value(arguments)},
            immutable=True,
        )
        self._launch_celery_task_run(run, message, TASK_EXECUTE_JOB_NAME)

    def terminate(self, run_id: str) -> bool:
        """Interrupts the run on its worker; one that no worker has begun is over at once.

        Dagster's own doesn't say that somebody asked for it: the run would be called failed.
        """
        run = self._instance.get_run_by_id(run_id)
        if run is None or run.is_finished:
            return False
        self._instance.report_run_canceling(run)
        with suppress(OperationalError):  # the run looks every two seconds what it is called
            if task := run.tags.get(DAGSTER_CELERY_TASK_ID_TAG):
                self.celery.control.revoke(task, terminate=True)
        if run.status == DagsterRunStatus.STARTING and not execution(self._warehouse, run_id):
            self._instance.report_run_canceled(run, "No worker had begun it.")
        return True

    @cached_property
    def _warehouse(self) -> Warehouse:
        return Warehouse(os.environ[URL], pool_size=1)

    def slots(self) -> dict[Queue, int]:
        """How many runs may be at work at once, by queue: none while the broker is away, as what
        is sent to it would fail.
        """
        found = read_slots(self._warehouse)
        try:
            if any(found.values()):
                require_broker(self._url)
        except BrokerError:
            return dict.fromkeys(Queue, 0)
        return found

    def check_run_worker_health(self, run: DagsterRun) -> CheckRunHealthResult:
        """Whether the run's process still says that it executes it.

        A pass has its runs in a process of its own (`callhouse sync`), on any host: of those only
        this host's are known to have ended.
        """
        if PROCESS_TAG in run.tags:
            ended = WorkerStatus.FAILED if is_over(run) else WorkerStatus.RUNNING
            return CheckRunHealthResult(ended)
        found = execution(self._warehouse, run.run_id)
        if found is None:
            return CheckRunHealthResult(WorkerStatus.NOT_FOUND, "No worker executes this run.")
        if not found.lives:
            said = f"Nothing was heard of its worker on {found.host} for a minute."
            return CheckRunHealthResult(WorkerStatus.FAILED, said)
        return CheckRunHealthResult(WorkerStatus.RUNNING)

    def get_run_worker_debug_info(
        self,
        run: DagsterRun,
        include_container_logs: bool | None = True,  # noqa: ARG002
    ) -> str | None:
        """Where the run was at work."""
        found = execution(self._warehouse, run.run_id)
        return f"Its worker is on {found.host}." if found else None

    def dispose(self) -> None:
        """Lets go of the database."""
        self._warehouse.close()
