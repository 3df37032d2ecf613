"""Dagster's storage in Postgres, on connections that stay open.

Its own opens one for every query: a poll made a hundred of them, each dearer than what was asked.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

import sqlalchemy as sa
from dagster._serdes import ConfigurableClassData
from dagster_postgres import DagsterPostgresStorage

from pipelines.backfills import RunsAndBackfills


class PooledStorage(DagsterPostgresStorage):
    """Dagster's own, on the connections of this process (`dagster.yaml` names this class)."""

    def __init__(self, postgres_url: str, inst_data: ConfigurableClassData | None = None) -> None:
        super().__init__(postgres_url, inst_data=inst_data)
        self._run_storage = RunsAndBackfills(postgres_url, should_autocreate_tables=False)
        for part in (self._run_storage, self._event_log_storage, self._schedule_storage):
            part._engine = _engine(postgres_url)  # noqa: SLF001 - there is no other way in

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> "PooledStorage":
        """What Dagster makes of `dagster.yaml`."""
        return cls(config_value["postgres_url"], inst_data)


@cache
def _engine(url: str) -> sa.Engine:
    """One for the process: Dagster opens an instance for each tick of a schedule.

    A connection is tried before it is used, as Postgres may have been started again since.
    """
    return sa.create_engine(url, isolation_level="AUTOCOMMIT", max_overflow=-1, pool_pre_ping=True)


def disconnect(url: str) -> None:
    """Closes this process' connections; whoever still asks opens others."""
    _engine(url).dispose()
