"""Whoever was forgotten is so again, after a restore of an old dump, whatever interrupts it."""

from pathlib import Path

import pytest

from assets.privacy import forget
from assets.privacy.forget import Person
from tests.loading.conftest import Open
from tests.loading.forgetting import NUMBERS, open_site, put_caller, searched
from tests.model.system import Killed, System

pytestmark = pytest.mark.usefixtures("nobody_is_forgotten")


@pytest.fixture(scope="module")
def system(own_system: System) -> System:
    """All its tables are read."""
    return own_system


def test_interrupted_it_says_of_nobody_that_nothing_is_left(
    scene: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A restore of what is dumped then goes by that."""
    field, number, spelling = NUMBERS["evolux"]
    here = scene("evolux")
    warehouse = here.system.warehouse
    put_caller(here, here.thing(3), field, spelling)
    here.later(days=30)
    forget.forget_person(open_site(here, tmp_path), Person(number))
    with warehouse.transaction() as connection:
        connection.exec_driver_sql("TRUNCATE ops.suppressed, ops.erasures")
    here.backfill()
    site = open_site(here, tmp_path)

    def dies(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as dying:
        dying.setattr(forget, "_erase", dies)
        with pytest.raises(Killed):
            forget.forget_again(site)
    assert warehouse.rows("erase/ended") == []
    assert searched(here, tmp_path, number)
    forget.forget_again(site)
    assert searched(here, tmp_path, number) == {}
    assert len(warehouse.rows("erase/ended")) == 1
