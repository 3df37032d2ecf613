"""Runs of the code server begin in a process that has everything imported.

Dagster starts each by Python's `spawn`: a new interpreter, whose imports cost more than a poll.
Python's `forkserver` makes them copies of a process that has imported the same once, and made the
definitions of the accounts file as it was.
"""

import multiprocessing
import os
import sys
from multiprocessing.context import ForkServerProcess, SpawnProcess

from resources.vendors import discover

WARM = "CALLHOUSE_WARM_RUNS"
"""`no`: each run begins in a new interpreter."""
IMPORTED = [
    "dagster._core.execution.api",
    "dagster._core.instance.factory",
    "dagster._core.secrets.env_file",
    "dagster._core.storage.root",
    "dagster._grpc.impl",
    "dagster._utils.test",
    "psycopg2.extras",
    "upath.core",
    "assets.maintenance.asset",
    "assets.report_page",
    "pipelines.alerts",
    "pipelines.maintenance",
    "pipelines.refreshes",
    "pipelines.report",
    "pipelines.run_queue",
    "pipelines.schedules",
    "pipelines.sensors",
    "pipelines.storage",
]
"""What the definitions and a run import, also what Dagster imports late."""
DEFINITIONS = "pipelines.warm_definitions"


def ask_for_warm_runs() -> None:
    """For the processes that this one starts. Linux alone: elsewhere a fork isn't safe."""
    os.environ.setdefault(WARM, "yes" if sys.platform == "linux" else "no")


def make_runs_warm() -> None:
    """Where it was asked for, what this process spawns comes from the fork server."""
    if os.environ.get(WARM) == "yes":
        vendors = [f"resources.vendors.{name}" for name in discover()]
        multiprocessing.set_forkserver_preload([*IMPORTED, *vendors, DEFINITIONS])
        # Dagster names the context: what that does is changed. Both take the same arguments.
        popen = staticmethod(ForkServerProcess._Popen)  # noqa: SLF001
        SpawnProcess._Popen = popen  # type: ignore[assignment, method-assign]  # noqa: SLF001
