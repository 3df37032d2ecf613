"""What tests of the limiter share: a clock that they move, and waiters that look when told to."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import sqlalchemy as sa
from pydantic import SecretStr

import sql
from resources.account import Account, Limits, Options
from resources.http.permits import Limiter, Patience
from resources.postgres.warehouse import Warehouse
from resources.text import payload

NOON = datetime(2026, 3, 10, 17, tzinfo=UTC)
"""Noon in Bogotá."""
AT_ONCE = Patience(backfill=False, longest=timedelta(0), returns=False)
BEHIND = Patience(backfill=True, longest=timedelta(0), returns=False)

_names = itertools.count()


def account(name: str = "acme", token: str = "t0ken", **changes: Any) -> Account:
    """An account with no limit but one request in flight; `limits` sets more.

    Made without the vendors' modules, so that a helper process starts at once.
    """
    fields = {
        "name": name,
        "vendor": "wolkvox",
        "base_url": "https://vendor.example",
        "timezone": ZoneInfo("America/Bogota"),
        "start_date": date(2026, 3, 1),
        "streams": ("calls",),
        "currency": None,
        "country": "CO",
        "operation": name,
        "poll_every": timedelta(minutes=5),
        "credentials": {"token": SecretStr(token)},
        "limits": Limits.model_validate({"concurrency": 1} | changes.pop("limits", {})),
        "options": Options(),
    }
    return Account(**fields | changes)


def clear(warehouse: Warehouse) -> None:
    """A limiter with nothing in it is as good as new; its clock is the database's again."""
    with warehouse.transaction() as connection:
        connection.execute(
            sa.text("TRUNCATE ops.permits, ops.holds, ops.waiters, ops.quotas, ops.requests")
        )
        connection.execute(sa.text(sql.read("functions/now")))


class Clock:
    """The database's clock as far as the limiter is concerned: it stands still until moved."""

    def __init__(self, warehouse: Warehouse, at: datetime = NOON) -> None:
        self._warehouse = warehouse
        with warehouse.transaction() as connection:
            connection.execute(sa.text("DROP TABLE IF EXISTS public.clock"))
            connection.execute(sa.text("CREATE TABLE public.clock AS SELECT now() AS at"))
            connection.execute(
                sa.text(
                    "CREATE OR REPLACE FUNCTION ops.now() RETURNS timestamptz LANGUAGE sql"
                    " AS 'SELECT at FROM public.clock'"
                )
            )
        self.set(at)

    def set(self, at: datetime) -> None:
        self.at = at
        with self._warehouse.autocommit.connect() as connection:
            connection.execute(sa.text("UPDATE public.clock SET at = :at"), {"at": at})

    def move(self, seconds: float) -> None:
        self.set(self.at + timedelta(seconds=seconds))


class Waiter:
    """One thread of one process, whose looks don't sleep."""

    def __init__(
        self,
        warehouse: Warehouse,
        account: Account,
        report: str = "cdr_1",
        *,
        backfill: bool = False,
        returns: bool = False,
        patience_s: float = 1e6,
        name: str | None = None,
    ) -> None:
        self.account = account
        self.report = report
        self.credential = Limiter(warehouse).credential(account)
        self._warehouse = warehouse
        self.asked = {
            "credential": self.credential,
            "account": account.name,
            "stream": report,
            "report": report,
            "run_id": None,
            "holder": name or f"waiter-{next(_names)}",
            "backfill": backfill,
            "returns": returns,
            "patience_s": patience_s,
            "longest_sleep_s": 10,
            "lease_s": 15,
            "concurrency": account.limits.concurrency,
            "spacing_s": account.limits.min_interval_s,
            "rate": account.limits.requests_per_s,
            "bucket": account.operation,
            "timezone": account.timezone.key,
            "daily": account.limits.daily_requests,
            "reserve": account.limits.reserve,
        }

    def look(self, **changes: Any) -> Any:
        """One look: a grant, or why not and until when."""
        asked = payload.encode(self.asked | changes).decode()
        return self._warehouse.rows("limits/acquire_permits", asked=f"[{asked}]")[0]

    def is_granted(self) -> bool:
        return self.look().permit is not None

    def release(self, permit: int, **changes: Any) -> None:
        """The answer came at once, unless `changes` say otherwise."""
        self._warehouse.run("limits/release_permit", done=self.told(permit, **changes))

    def told(self, permit: int, **changes: Any) -> str:
        """What is told with a permit that is given back."""
        parameters: dict[str, Any] = {
            "permit": permit,
            "credential": self.credential,
            "reached_s": 0.0,
            "duration_s": 0.0,
            "status": 200,
            "bytes": 2,
            "records": 0,
            "url": "https://vendor.example/",
            "error": None,
            "hold_s": None,
            "hold_grows": False,
            "bucket": self.account.operation,
            "timezone": self.account.timezone.key,
            "exhausted_until": None,
        }
        return payload.encode(parameters | changes).decode()

    def ask(self) -> bool:
        """A request from its grant to its answer, both at this moment; False if it must wait."""
        permit = self.look().permit
        if permit is not None:
            self.release(permit)
        return permit is not None


@contextmanager
def round_trips(warehouse: Warehouse, folder: Path) -> Iterator[list[int]]:
    """How many the warehouse's only connection makes meanwhile."""
    with warehouse.autocommit.connect() as connection:
        driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    counted: list[int] = []
    with (folder / "wire").open("w+") as wire:
        driver.pgconn.trace(wire.fileno())
        yield counted
        driver.pgconn.untrace()
        wire.seek(0)
        counted.append(wire.read().count("ReadyForQuery"))


class InterruptedByTest(BaseException):
    """As a signal interrupts a run's process."""
