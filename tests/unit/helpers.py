"""What tests of vendors need without a database: accounts, clients, facts to look at."""

import itertools
import json
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

import pandas as pd
from pydantic import SecretStr

from resources.account import Account
from resources.http.client import Http
from resources.http.permits import POLL, Limiter, Patience, Permit, RequestOutcome
from resources.http.transport import Transport
from resources.standin import StandIn, Tenant
from resources.vendor_api.vendor import Facts
from resources.vendors import discover

FIXTURES = Path(__file__).parents[1] / "fixtures"
EXPECTED = Path(__file__).parent / "facts"


def sample(name: str) -> Any:
    """A recorded answer by its path below `tests/fixtures`."""
    return json.loads((FIXTURES / name).read_text(encoding="utf-8"))


def expected(name: str) -> Any:
    """The facts that a careful reader expects of a sample, by its path below `facts`."""
    return json.loads((EXPECTED / name).read_text(encoding="utf-8"))


def account(vendor: str, **changes: Any) -> Account:
    """An account with every default of its vendor; keywords override."""
    module = discover()[vendor]
    fields: dict[str, Any] = {
        "name": f"test-{vendor}",
        "vendor": vendor,
        "base_url": "https://vendor.example",
        "timezone": ZoneInfo(module.timezone),
        "start_date": date(2020, 1, 1),
        "streams": module.default_streams,
        "currency": None,
        "country": module.country,
        "operation": f"test-{vendor}",
        "poll_every": timedelta(minutes=5),
        "credentials": {name: SecretStr(f"secret-{name}") for name in module.credentials},
        "limits": module.limits,
        "options": module.options(),
    }
    return Account(**fields | changes)


def account_of(standin: StandIn, tenant: Tenant, **changes: Any) -> Account:
    """The account that belongs to a stand-in's tenant."""
    secrets = {"token": SecretStr(tenant.token), "key": SecretStr(tenant.key)}
    credentials = {name: secrets[name] for name in discover()[tenant.vendor].credentials}
    fields = {
        "name": tenant.name,
        "base_url": standin.url(tenant),
        "timezone": tenant.zone,
        "credentials": credentials,
    }
    return account(tenant.vendor, **fields | changes)


class Grants:
    """A limiter that grants at once, and keeps what the ledger would be told."""

    def __init__(self) -> None:
        self.outcomes: list[RequestOutcome] = []
        self._numbers = itertools.count(1)

    @contextmanager
    def permit(
        self, account: Account, stream: str, report: str, patience: Patience
    ) -> Iterator[Permit]:
        permit = Permit(next(self._numbers), datetime.now(UTC), RequestOutcome())
        try:
            yield permit
        finally:
            self.outcomes.append(permit.outcome)

    def in_a_row(self) -> AbstractContextManager[None]:
        """Nothing is told later than it happens."""
        return nullcontext()

    def let_go(self) -> None:
        """There is nothing."""


@contextmanager
def client(account: Account, stream: str = "calls", grants: Grants | None = None) -> Iterator[Any]:
    """The vendor's client for one account, over real HTTP and without a database."""
    transport = Transport()
    limiter = cast("Limiter", grants or Grants())
    try:
        http = Http(transport, limiter, account, stream, POLL)
        yield discover()[account.vendor].client(account, http)
    finally:
        transport.close()


def rows(facts: Facts) -> dict[str, list[dict[str, Any]]]:
    """Facts as plain values, by table: instants as ISO 8601, what is missing as None."""
    return {
        table: [
            {str(name): _plain(value) for name, value in row.items()}
            for row in frame.astype(object).to_dict("records")
        ]
        for table, frame in facts.tables.items()
    }


def _plain(value: Any) -> Any:
    if isinstance(value, dict | list):
        return value
    if value is None or pd.isna(value):
        return None
    return value.isoformat() if isinstance(value, pd.Timestamp) else value


def a_zone(name: str, like: str = "UTC") -> ZoneInfo:
    """A time zone with the clocks of another, which only Python knows by this name."""
    return ZoneInfo.from_file(
        BytesIO(files("tzdata").joinpath("zoneinfo", like).read_bytes()), name
    )
