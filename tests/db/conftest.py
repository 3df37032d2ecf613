"""A warehouse, stand-in vendors and accounts that fit together, for tests of loading."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from resources.account import Account, Limits
from resources.postgres.warehouse import Warehouse
from resources.standin.server import StandIn
from resources.standin.tenant import Tenant
from resources.vendors import discover
from tests.conftest import fresh_database
from tests.db.facts import DAY, OLD, put_call, put_raw

START = date(2026, 3, 1)
AccountOf = Callable[..., Account]


@pytest.fixture
def warehouse(database_url: str) -> Iterator[Warehouse]:
    warehouse = Warehouse(database_url)
    yield warehouse
    warehouse.close()


@pytest.fixture(scope="module")
def shared_warehouse(postgres_url: str, template_database: str) -> Iterator[Warehouse]:
    """One for a module whose tests clear what they use: cheaper than a database each."""
    with fresh_database(postgres_url, template_database) as url:
        warehouse = Warehouse(url)
        yield warehouse
        warehouse.close()


@pytest.fixture(scope="session")
def _serving() -> Iterator[StandIn]:
    with StandIn() as standin:
        yield standin


@pytest.fixture
def standin(_serving: StandIn) -> Iterator[StandIn]:
    """Fresh stand-in vendors; a breach of a documented limit fails the test."""
    _serving.reset()
    yield _serving
    breaches = list(_serving.breaches)
    _serving.reset()
    assert not breaches, breaches


@pytest.fixture
def account_of(standin: StandIn) -> AccountOf:
    """Makes the account that belongs to a tenant; keywords override. Unless its limits say a rate,
    neither side counts requests by the second.
    """

    def make(tenant: Tenant, **changes: Any) -> Account:
        vendor = discover()[tenant.vendor]
        if "requests_per_s" not in changes.get("limits", {}):
            tenant.limits = replace(tenant.limits, requests_per_s=None)
        secrets = {"token": tenant.token, "key": tenant.key}
        limits = vendor.limits.model_dump() | {"requests_per_s": None, "min_interval_s": 0}
        fields: dict[str, Any] = {
            "name": tenant.name,
            "vendor": vendor.name,
            "base_url": standin.url(tenant),
            "timezone": tenant.zone,
            "start_date": START,
            "streams": vendor.default_streams,
            "currency": "COP",
            "country": vendor.country,
            "operation": tenant.name,
            "poll_every": timedelta(minutes=5),
            "credentials": {name: SecretStr(secrets[name]) for name in vendor.credentials},
            "limits": Limits.model_validate(limits | changes.pop("limits", {})),
            "options": vendor.options(),
        }
        return Account(**fields | changes)

    return make


@pytest.fixture
def loaded(warehouse: Warehouse) -> Warehouse:
    """Raw records of two old days and a new one."""
    warehouse.make_days({*OLD, DAY})
    with warehouse.transaction() as c:
        for day in (*OLD, DAY):
            put_raw(c, day)
            put_call(c, "1", call_date=day)
    return warehouse
