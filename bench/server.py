"""What a Postgres server has spent: CPU of all its processes, WAL, rows written."""

import time
from contextlib import closing
from pathlib import Path
from typing import Any, Literal, LiteralString

import psutil
import psycopg
from psycopg import sql

CHANGED = """
SELECT t.relid::regclass::text FROM pg_stat_all_tables t JOIN pg_class c ON c.oid = t.relid
 WHERE c.relkind = 'r' AND t.schemaname <> 'pg_catalog'
   AND t.n_mod_since_analyze + t.n_ins_since_vacuum + t.n_dead_tup > 0
"""


class Server:
    """Looks at the server of `url` from the same machine; CPU times need Linux."""

    def __init__(self, url: str) -> None:
        self._url = url
        with closing(self._connect()) as connection:
            folder = _one(connection, "SHOW data_directory")
        pid = (Path(str(folder)) / "postmaster.pid").read_text().split()[0]
        self._postmaster = psutil.Process(int(pid))

    def cpu_s(self) -> float:
        """Seconds of all its processes since its start, those that have ended included."""
        times = self._postmaster.cpu_times()
        spent: float = times.user + times.system
        spent += getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0)
        for process in self._postmaster.children():
            try:
                own = process.cpu_times()
            except psutil.NoSuchProcess:
                continue
            spent += own.user + own.system
        return spent

    def wal_bytes(self) -> int:
        """Bytes of write-ahead log since its making."""
        with closing(self._connect()) as connection:
            return int(_one(connection, "SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn"))

    def rows_written(self) -> int:
        """Rows inserted, updated or deleted so far in the database's tables of raw and facts."""
        query = (
            "SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0) FROM pg_stat_user_tables"
            " WHERE schemaname ~ '^(raw|facts)(_partitions)?$'"
        )
        with closing(self._connect()) as connection:
            return int(_one(connection, query))

    def requests(self) -> int:
        """Requests in the ledger of the warehouse; 0 where there is none."""
        with closing(self._connect()) as connection:
            if _one(connection, "SELECT to_regclass('ops.requests')") is None:
                return 0
            return int(_one(connection, "SELECT count(*) FROM ops.requests"))

    def settle(self) -> None:
        """Everything written is on disk and every client gone: what follows isn't theirs."""
        others = (
            "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"
            " AND datname = current_database() AND pid <> pg_backend_pid()"
        )
        with closing(self._connect()) as connection:
            deadline = time.monotonic() + 10
            while _one(connection, others) and time.monotonic() < deadline:
                time.sleep(0.02)
            connection.execute("CHECKPOINT")

    def vacuum(self) -> None:
        """What autovacuum does a while after a load, for each table that has changed: hints set,
        statistics known.
        """
        with closing(self._connect()) as connection:
            for table in self.changed():
                connection.execute(sql.SQL("VACUUM (ANALYZE) {}").format(sql.SQL(table)))

    def changed(self) -> list[LiteralString]:
        """Tables that a vacuum has something to do in, as SQL."""
        with closing(self._connect()) as connection:
            return [table for (table,) in connection.execute(CHANGED)]

    def set_autovacuum(self, value: Literal["on", "off"]) -> None:
        """Whether it comes by itself, to all of the server's databases."""
        with closing(self._connect()) as connection:
            connection.execute(sql.SQL("ALTER SYSTEM SET autovacuum = {}").format(value))
            connection.execute("SELECT pg_reload_conf()")

    def version(self) -> str:
        """Such as 18.1."""
        with closing(self._connect()) as connection:
            return str(_one(connection, "SHOW server_version"))

    def _connect(self) -> psycopg.Connection:
        return psycopg.connect(self._url, autocommit=True)


def _one(connection: psycopg.Connection, query: LiteralString) -> Any:
    row = connection.execute(query).fetchone()
    assert row is not None
    return row[0]
