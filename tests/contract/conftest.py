"""A replaying server and a real database for the checks that every vendor must pass."""

from collections.abc import Iterator

import pytest
import stamina

from resources.http.transport import Transport
from resources.postgres.warehouse import Warehouse
from tests.contract.harness import Harness
from tests.support import Replay


@pytest.fixture(autouse=True)
def _no_backoff() -> Iterator[None]:
    """As many attempts as ever, without the pauses between them."""
    with stamina.set_testing(True, attempts=10, cap=True):
        yield


@pytest.fixture(scope="session")
def transport() -> Iterator[Transport]:
    transport = Transport()
    yield transport
    transport.close()


@pytest.fixture(scope="session")
def replay() -> Iterator[Replay]:
    with Replay() as replay:
        yield replay


@pytest.fixture(scope="session")
def shared_harness(transport: Transport, replay: Replay) -> Harness:
    return Harness(transport, replay)


@pytest.fixture
def harness(
    shared_harness: Harness,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> Harness:
    monkeypatch.setenv("CALLHOUSE_HOME", str(tmp_path_factory.mktemp("home")))
    return shared_harness


@pytest.fixture
def warehouse(database_url: str) -> Iterator[Warehouse]:
    warehouse = Warehouse(database_url)
    yield warehouse
    warehouse.close()
