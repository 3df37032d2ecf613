"""A scene for each test: one account of one vendor, read by a clock that the test moves."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import pytest
import stamina

from assets.loading import plan
from assets.loading.result import Result
from pipelines.commands.accept import accept
from resources.account import Account
from resources.postgres.warehouse import Warehouse
from resources.standin import Clock, StandIn, Tenant
from resources.standin.apis import APIS
from resources.standin.faults import TOKEN
from resources.vendor_api.vendor import Stream
from tests.conftest import fresh_database
from tests.model.practice import PRACTICE, SERVERS
from tests.model.system import System
from tests.model.vendors import HANDLED, KINDS, UNCONNECTED, Kind, Thing
from tests.practice import practised

DAY = date(2025, 3, 12)
NOON = datetime(2025, 3, 12, 15, 0, tzinfo=UTC)
"""Daytime in every vendor's zone."""


@pytest.fixture(autouse=True)
def _busy_machines_are_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """How much a poll catches up at once goes by how long it takes: here it is quick, always."""
    monkeypatch.setattr(plan, "QUICK_S", 60.0)


@dataclass
class Scene:
    """What a test of one account needs to say, in its own words."""

    system: System
    kind: Kind
    tenant: Tenant
    account: Account
    stream: Stream
    _asked: int = 0

    def thing(self, number: int, minutes: int = 0, **changes: Any) -> Thing:
        """Something that happened at the vendor, `minutes` after eleven, and is over."""
        start = NOON + timedelta(minutes=minutes - 60)
        return replace(Thing(number, start, start + timedelta(minutes=1), 10 + number), **changes)

    def put(self, *things: Thing) -> None:
        """From now on the vendor has these, too, or in this state."""
        for thing in things:
            self.kind.put(self.tenant, thing)

    def remove(self, thing: Thing) -> None:
        """The vendor doesn't have it any more."""
        self.kind.remove(self.tenant, thing)

    def at(self, moment: datetime) -> None:
        """It is this moment now."""
        self.system.clock.set(moment)

    def later(self, **passed: float) -> None:
        """So much time has passed."""
        self.system.clock.advance(timedelta(**passed))

    def poll(self) -> Result:
        """What the schedule does."""
        return self.system.poll(self.account, self.stream)

    def poll_until(self, is_so: Callable[[], bool]) -> None:
        """Polls, each five minutes later by the limiter's clock, until it is so: older days have
        every other turn, newest first.
        """
        for _ in range(20):
            for table in ("permits", "waiters"):
                self.query(f"DELETE FROM ops.{table} WHERE account = :account RETURNING 1")
            self.poll()
            if is_so():
                return
        raise AssertionError("it never was so")

    def confirm(self, day: date = DAY) -> None:
        """Polls when the day is due until it is as settled as it gets: with the same answer some
        hours later.
        """
        while (known := self.day(day)).state == "settling":
            self.at(max(known.next_read_at, self.system.clock.now()))
            self.poll()
            assert self.day(day).read_at > known.read_at, "it wasn't due"

    def backfill(self, *days: date) -> Result:
        """What somebody asks for."""
        return self.system.backfill(self.account, self.stream, list(days or [DAY]))

    def rebuild(self, *days: date) -> Result:
        """Facts from raw alone."""
        return self.system.rebuild(self.account, self.stream, list(days or [DAY]))

    def accept(self, day: date = DAY) -> str:
        """An operator's word that what is lacking of the day is gone."""
        with practised():
            return accept(
                self.system.warehouse,
                {self.account.name: self.account},
                self.account.name,
                self.stream.name,
                day,
                self.system.clock.now(),
            )

    def query(self, text: str) -> list[Any]:
        """Rows of the account; `:account` is its name."""
        return [tuple(row) for row in self.system.query(text, self.account)]

    def requests(self) -> int:
        """How often the vendor was asked since this was last called, or since the beginning; not
        counting that it gave an access token.
        """
        mine = [
            seen
            for seen in self.system.standin.requests
            if seen.tenant == self.tenant.name and (seen.report, seen.status) != (TOKEN, 200)
        ]
        before, self._asked = self._asked, len(mine)
        return self._asked - before

    def day(self, day: date = DAY) -> Any:
        """The day's line in `ops.days`."""
        rows = self.system.query("SELECT * FROM ops.days WHERE account = :account", self.account)
        return next(row for row in rows if row.call_date == day)

    def facts(self, *columns: str) -> list[Any]:
        """Of the account's facts."""
        listed = ", ".join(columns)
        where = "WHERE account = :account ORDER BY 1, 2"
        return self.query(f"SELECT {listed} FROM facts.{self.kind.table} {where}")

    def versions(self) -> list[Any]:
        """Every version in raw: the record's key, the version's number and the value's field."""
        return self.query(
            f"SELECT record_key, version, payload ->> '{self.kind.value_field}' FROM raw.records "
            "WHERE account = :account ORDER BY 1, 2"
        )

    def rejects(self) -> list[Any]:
        """Open rejects: key, field, reason."""
        return self.query(
            "SELECT record_key, field, reason FROM ops.rejects "
            "WHERE account = :account AND resolved_at IS NULL ORDER BY 1, 2"
        )

    def unreconciled(self, day: date = DAY) -> list[str]:
        """What the check of the warehouse says of the day."""
        rows = self.system.warehouse.rows(
            "checks/reconciled",
            self.stream.target,
            accounts=[self.account.name],
            stream=self.stream.name,
            days=[day],
            replaces=self.stream.replaces,
        )
        return [row.note for row in rows]

    def implausible(self) -> list[date]:
        """Days that the check `plausible` names."""
        names = {"accounts": [self.account.name], "stream": self.stream.name}
        return [row.call_date for row in self.system.warehouse.rows("checks/plausible", **names)]

    def faults(self) -> list[Any]:
        """Fields that couldn't be read: field, reason, of how many records."""
        return self.query(
            "SELECT field, reason, records FROM ops.field_faults WHERE account = :account "
            "ORDER BY 1, 2"
        )


Open = Callable[..., Scene]
ALL = (*KINDS, HANDLED, UNCONNECTED, *PRACTICE)
STREAMS = [str(kind) for kind in ALL]
"""All that are read by windows, as `scene` takes them."""


@pytest.fixture(scope="session")
def system(postgres_url: str, template_database: str) -> Iterator[System]:
    with fresh_database(postgres_url, template_database) as url, open_system(url) as system:
        yield system


@pytest.fixture(scope="module")
def own_system(postgres_url: str, template_database: str) -> Iterator[System]:
    """One that holds nothing of other modules' tests."""
    with fresh_database(postgres_url, template_database) as url, open_system(url) as system:
        yield system


@pytest.fixture
def nobody_is_forgotten(system: System) -> Iterator[None]:
    """Once the test is over: others have the same warehouse."""
    yield
    with system.warehouse.transaction() as connection:
        connection.exec_driver_sql("TRUNCATE ops.suppressed, ops.suppressed_records, ops.erasures")


@pytest.fixture(autouse=True)
def _no_pauses() -> Iterator[None]:
    """Between attempts; for these tests alone, whatever else their session runs."""
    with stamina.set_testing(True, attempts=4, cap=True):
        yield


@pytest.fixture
def real_pauses(_no_pauses: None) -> Iterator[None]:
    """They are wanted after all."""
    with stamina.set_testing(False):
        yield


@contextmanager
def open_system(url: str) -> Iterator[System]:
    """A system on the warehouse at `url`."""
    clock = Clock(NOON)
    with StandIn(clock=clock, apis=APIS | SERVERS) as standin:
        warehouse = Warehouse(url)
        system = System(warehouse, standin, clock)
        yield system
        system.close()
        warehouse.close()


@pytest.fixture
def scene(system: System) -> Open:
    """Opens a scene at a vendor (or at one of its streams, as `vendor.stream`): it is noon, and
    nothing has been read yet.
    """
    return partial(open_scene, system)


def open_scene(system: System, vendor: str, start_date: date = DAY, **changes: Any) -> Scene:
    """As the fixture `scene` does, on any system."""
    system.clock.set(NOON)
    kind = next(kind for kind in ALL if vendor in (kind.vendor, str(kind)))
    tenant, account, stream = system.open(kind, start_date)
    return Scene(system, kind, tenant, account.model_copy(update=changes), stream)
