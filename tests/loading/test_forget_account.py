"""Everything of an account is forgotten, whatever interrupts it."""

from pathlib import Path

import pytest

import sql.catalog
from assets.privacy import account, forget
from assets.privacy.account import KNOWN_BY
from assets.refresh import refresh_marts, stale_days
from resources.errors import CallhouseError
from resources.postgres.warehouse import Warehouse
from tests.loading.conftest import Open
from tests.model.system import Killed, System
from tests.privacy_site import site_of

pytestmark = pytest.mark.usefixtures("nobody_is_forgotten")


@pytest.fixture(scope="module")
def system(own_system: System) -> System:
    """All its tables are read."""
    return own_system


@pytest.mark.parametrize("last", ["ops.days", *KNOWN_BY])
@pytest.mark.parametrize("is_again", [False, True])
def test_killed_after_any_table_it_is_simply_run_again(
    scene: Open, last: str, is_again: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though `accounts.toml` doesn't have the account any more."""
    here = scene("evolux")
    here.put(here.thing(1), here.thing(2), here.thing(3, broken=True))
    here.later(days=30)
    here.backfill()
    warehouse, name = here.system.warehouse, here.account.name
    refresh_marts(warehouse)
    erase = account._erase_rows

    def dies_after(warehouse: Warehouse, table: str, account: str) -> int:
        done = erase(warehouse, table, account)
        if table == last:
            raise Killed
        return done

    with monkeypatch.context() as dying:
        dying.setattr(account, "_erase_rows", dies_after)
        with pytest.raises(Killed):
            forget.forget_account(site_of(warehouse, {}, tmp_path), name)
    if is_again:
        forget.forget_again(site_of(warehouse, {}, tmp_path))
    else:
        forget.forget_account(site_of(warehouse, {}, tmp_path), name)
        assert len(warehouse.rows("erase/ended")) == 1
    for table, columns in sql.catalog.tables().items():
        if any(column.name == "account" for column in columns):
            assert here.query(f"SELECT 1 FROM {table} WHERE account = :account") == [], table
    assert list(stale_days(warehouse)) == []


def test_one_that_was_never_read_is_told(scene: Open, tmp_path: Path) -> None:
    site = site_of(scene("evolux").system.warehouse, {}, tmp_path)
    with pytest.raises(CallhouseError, match="nothing was ever read of 'nobody'"):
        forget.forget_account(site, "nobody")
