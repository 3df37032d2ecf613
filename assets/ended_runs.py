"""Runs that Dagster calls ended while their process goes on: its host was cut off, or nobody could
tell it that it is cancelled.
"""

import dagster as dg
from dagster._core.errors import DagsterExecutionInterruptedError


def require_run(instance: dg.DagsterInstance, run_id: str) -> None:
    """Raises what a cancelled run raises once Dagster has marked the run as ended, or has deleted
    it: the next one may have begun already.
    """
    try:
        run = instance.get_run_by_id(run_id)
    except Exception:  # noqa: BLE001 - Dagster's storage is away: nobody can say
        return
    if run is None or run.is_finished or run.status == dg.DagsterRunStatus.CANCELING:
        raise DagsterExecutionInterruptedError
