"""One collection of all figures, as Prometheus' text. A part that doesn't answer has no figures:
an old one is never shown for a new one.
"""

import logging
from collections import Counter
from collections.abc import Callable
from functools import cache

from dagster import DagsterInstance
from prometheus_client import generate_latest

from pipelines.metrics.families import Metrics
from pipelines.metrics.runs import add_runs
from pipelines.metrics.warehouse import add_warehouse
from pipelines.workers.queues import workers_of
from resources.configuration.home import Home
from resources.configuration.settings import read_settings
from resources.embedded.local_postgres import database_url
from resources.postgres.warehouse import Warehouse

_log = logging.getLogger(__name__)


@cache
def collection_of(home: Home, instance: DagsterInstance) -> "Collection":
    """That of this process: its one connection to the warehouse stays open."""
    return Collection(home, Warehouse(database_url(), pool_size=1), instance)


class Collection:
    """Asks the warehouse and Dagster, and says which of them answered."""

    def __init__(self, home: Home, warehouse: Warehouse, instance: DagsterInstance) -> None:
        self._home = home
        self._warehouse = warehouse
        self._instance = instance

    def text(self) -> bytes:
        """All figures, as they are now."""
        return generate_latest(self._figures())

    def _figures(self) -> Metrics:
        figures = Metrics()
        settings = read_settings(self._home, needs_secrets=False)
        accounts = settings.accounts
        figures.add("settings_faults", len(settings.sentences()))
        for vendor, count in Counter(account.vendor for account in accounts.values()).items():
            figures.add("accounts", count, vendor)
        parts: dict[str, Callable[[Metrics], None]] = {
            "warehouse": lambda part: add_warehouse(
                part, self._warehouse, accounts, has_workers=workers_of(self._instance) is not None
            ),
            "dagster": lambda part: add_runs(part, self._instance),
        }
        for name, add in parts.items():
            part = Metrics()
            try:
                add(part)
            except Exception as error:  # noqa: BLE001 - whatever it is, the others are told
                _log.warning("No metrics of %s: %s", name, type(error).__name__)
                figures.add("up", 0, name)
            else:
                figures.merge(part)
                figures.add("up", 1, name)
        return figures
