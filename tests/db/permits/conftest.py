"""The limiter: each test finds a warehouse without a permit."""

import signal
from collections.abc import Iterator

import pytest

from resources.http.permits import Limiter
from resources.postgres.warehouse import Warehouse
from tests.db.permits.waiter import Clock, InterruptedByTest, clear


@pytest.fixture
def warehouse(shared_warehouse: Warehouse) -> Warehouse:
    clear(shared_warehouse)
    return shared_warehouse


@pytest.fixture
def clock(warehouse: Warehouse) -> Clock:
    return Clock(warehouse)


@pytest.fixture
def limiter(warehouse: Warehouse) -> Iterator[Limiter]:
    limiter = Limiter(warehouse, "a-run")
    yield limiter
    limiter.close()


@pytest.fixture
def lonely(warehouse: Warehouse) -> Iterator[Warehouse]:
    """The same with one connection, which is there already."""
    lonely = Warehouse(warehouse.url.render_as_string(hide_password=False), pool_size=1)
    lonely.rows("limits/credential_key")
    yield lonely
    lonely.close()


@pytest.fixture
def _interruptible() -> Iterator[None]:
    def stop(*_: object) -> None:
        raise InterruptedByTest

    before = signal.signal(signal.SIGUSR1, stop)
    yield
    signal.signal(signal.SIGUSR1, before)
