"""Stand-in vendors over real HTTP, for tests of one vendor's module."""

from collections.abc import Iterator

import pytest
import stamina

from resources.standin import StandIn


@pytest.fixture(scope="session")
def _vendors() -> Iterator[StandIn]:
    with StandIn() as standin:
        yield standin


@pytest.fixture
def vendors(_vendors: StandIn) -> StandIn:
    """As good as new, on the real clock."""
    _vendors.reset()
    return _vendors


@pytest.fixture
def once() -> Iterator[None]:
    """Nothing is tried again."""
    with stamina.set_testing(True, attempts=1):
        yield
