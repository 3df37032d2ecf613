"""The stand-in as these tests see it: over real HTTP, at a time that stands still."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from resources.standin import Clock, StandIn

FIXTURES = Path(__file__).parents[2] / "fixtures"
NOW = datetime(2026, 3, 10, 15, 30, tzinfo=UTC)


@pytest.fixture(scope="session")
def _server() -> Iterator[StandIn]:
    with StandIn(clock=Clock(NOW)) as server:
        yield server


@pytest.fixture
def standin(_server: StandIn) -> StandIn:
    _server.reset()
    _server.clock.set(NOW)
    return _server


@pytest.fixture
def http(standin: StandIn) -> Iterator[httpx.Client]:
    # Plain http to loopback: reading the certificates would take longer than the test.
    with httpx.Client(base_url=standin.base_url, timeout=5, verify=False) as client:
        yield client


@pytest.fixture
def sample() -> Callable[[str], Any]:
    """A recorded response by its name below `tests/fixtures`."""

    def read(name: str) -> Any:
        return json.loads((FIXTURES / name).read_text(encoding="utf-8"))

    return read


@pytest.fixture
def shape() -> Callable[[Any], Any]:
    """What a JSON value looks like, whatever it says: names and types."""

    def of(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: of(inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [of(inner) for inner in value]
        return type(value)

    return of
