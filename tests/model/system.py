"""The real thing under test: loader, Postgres and stand-in vendors, by a clock that the test moves.

It also listens: what the vendors really served, and to whom it can't have got through.
"""

import copy
import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import psycopg
import sqlalchemy as sa
from pydantic import SecretStr

from assets.loading.load import Loader
from assets.loading.result import Result
from resources.account import Account, Limits
from resources.postgres.warehouse import Warehouse
from resources.standin import Clock, StandIn, Tenant
from resources.standin.answer import Answer, Ask
from resources.vendor_api.vendor import Stream
from resources.vendors import discover
from tests.model.vendors import Kind
from tests.practice import practised

_numbers = itertools.count()


class Killed(BaseException):
    """The worker's end, at any statement: nothing of it may be caught."""


@dataclass(frozen=True)
class Served:
    """Records of one answer that arrived whole, and the day that was asked for."""

    rows: list[Any]
    day: date


class System:
    """One warehouse and one server for all histories; each has an account of its own."""

    def __init__(self, warehouse: Warehouse, standin: StandIn, clock: Clock) -> None:
        self.warehouse = warehouse
        self.standin = standin
        self.clock = clock
        self.served: list[Served] = []
        self._statements = 0
        self._trouble: dict[int, BaseException] = {}
        self._serve = standin._answer
        standin._answer = self._listen  # type: ignore[method-assign]
        sa.event.listen(warehouse.engine, "before_cursor_execute", self._count)
        with practised():
            self.vendors = discover()
        self.loaders = self._processes()

    def _processes(self) -> dict[str, Loader]:
        """What loads: each vendor's loader."""
        return {
            name: Loader(self.warehouse, vendor, "model", clock=self.clock.now)
            for name, vendor in self.vendors.items()
        }

    def close(self) -> None:
        for loader in self.loaders.values():
            loader.close()

    def open(self, kind: Kind, start_date: date) -> tuple[Tenant, Account, Stream]:
        """A customer without records, and the account that reads it."""
        tenant = self.standin.tenant(
            kind.vendor, f"model-{next(_numbers)}", timezone=kind.zone.key,
            requests_per_s=None, concurrency=None, min_interval_s=0, daily_requests=None,
        )  # fmt: skip
        vendor = self.vendors[kind.vendor]
        secrets = zip(vendor.credentials, (tenant.token, tenant.key), strict=False)
        limits = {"requests_per_s": None, "min_interval_s": 0, "daily_requests": None}
        account = Account(
            name=tenant.name,
            vendor=vendor.name,
            base_url=self.standin.url(tenant),
            timezone=tenant.zone,
            start_date=start_date,
            streams=(kind.stream,),
            currency="COP",
            country=vendor.country,
            operation=tenant.name,
            poll_every=timedelta(minutes=5),
            credentials={name: SecretStr(value) for name, value in secrets},
            limits=Limits.model_validate(vendor.limits.model_dump() | limits),
            options=vendor.options(),
        )  # fmt: skip
        stream = vendor.stream(kind.stream)
        assert isinstance(stream, Stream)
        return tenant, account, stream

    def poll(self, account: Account, stream: Stream) -> Result:
        """What a limit put off is due: limits go by the database's clock, years after this one."""
        for table, column in (("days", "next_read_at"), ("streams", "next_due_at")):
            self.query(
                f"UPDATE ops.{table} SET {column} = '{self.clock.now()}' WHERE account = :account "
                f"AND {column} > '{self.clock.now() + timedelta(days=30)}' RETURNING account",
                account,
            )
        return self.loaders[account.vendor].poll([account], [stream])[0]

    def backfill(self, account: Account, stream: Stream, days: list[date]) -> Result:
        return self.loaders[account.vendor].backfill([account], [stream], days)[0]

    def rebuild(self, account: Account, stream: Stream, days: list[date]) -> Result:
        return self.loaders[account.vendor].rebuild([account], [stream], days)[0]

    @contextmanager
    def trouble(self, kill_at: int | None, deadlock_at: int | None) -> Iterator[Callable[[], bool]]:
        """The worker dies at a statement of its load, or Postgres calls a deadlock at one. Yields
        what tells whether it died.
        """
        trouble: dict[int, BaseException] = {}
        if deadlock_at is not None:
            trouble[deadlock_at] = psycopg.errors.DeadlockDetected("as the test wants")
        if kill_at is not None:
            trouble[kill_at] = Killed()
        self.disturb(trouble)
        killed = False
        try:
            yield lambda: killed
        except Killed:
            killed = True
            self.close()  # nobody goes on with a loader that was killed
            self.loaders = self._processes()
        finally:
            self._trouble = {}

    def disturb(self, trouble: dict[int, BaseException]) -> None:
        """What is raised at which of the loads' next statements."""
        self._statements, self._trouble = 0, trouble

    def query(self, text: str, account: Account) -> list[Any]:
        with self.warehouse.autocommit.connect() as connection:
            return list(connection.execute(sa.text(text), {"account": account.name}))

    def _count(self, *_: Any) -> None:
        self._statements += 1
        if (error := self._trouble.pop(self._statements, None)) is not None:
            raise error

    def _listen(self, tenant: Tenant, report: str, ask: Ask, broken: list[str]) -> Answer:
        answer = self._serve(tenant, report, ask, broken)
        is_whole = answer.status == 200 and answer.body is None and answer.share_sent == 1
        if is_whole and not answer.reset and _holds_rows(answer):
            day = _day_asked_for(ask)
            self.served.append(Served(copy.deepcopy(answer.rows), day))
        return answer


def _holds_rows(answer: Answer) -> bool:
    """Not where a fault put a failure's envelope in their place."""
    inside = answer.payload.values() if isinstance(answer.payload, dict) else [answer.payload]
    return any(part is answer.rows for part in inside)


def _day_asked_for(ask: Ask) -> date:
    """Of a report whose records don't say their day."""
    text = ask.query.get("date_ini", "20000101")
    return datetime.strptime(text[:10].replace("-", "")[:8], "%Y%m%d").date()  # noqa: DTZ007
