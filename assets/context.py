"""What assets get from Dagster: the accounts, and the warehouse that they load into."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import dagster as dg

from resources.account import Account
from resources.configuration import read_accounts
from resources.errors import ConfigurationError
from resources.home import Home
from resources.local_postgres import database_url
from resources.warehouse import Warehouse

ACCOUNTS_TAG = "callhouse/accounts"
"""Run tag: the accounts, comma-separated, that a run is about. Absent: all."""
KIND_TAG = "callhouse/kind"
POLL = "poll"


class Callhouse(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Accounts and warehouse, from the environment (INTERFACE: `CALLHOUSE_ACCOUNTS`,
    `CALLHOUSE_DATABASE_URL`). It has no configuration of its own, as Dagster shows that in clear.
    """

    @contextmanager
    def warehouse(self) -> Iterator[Warehouse]:
        """The warehouse, for the time of a block."""
        warehouse = Warehouse(database_url())
        try:
            yield warehouse
        finally:
            warehouse.close()

    def accounts(self, vendor: str, tags: Mapping[str, str]) -> list[Account]:
        """The vendor's accounts that a run with these tags is about.

        Raises ConfigurationError for a name that isn't one of any vendor's.
        """
        everybody = read_accounts(Home.from_environment().accounts)
        asked = {name.strip() for name in tags.get(ACCOUNTS_TAG, "").split(",") if name.strip()}
        if unknown := sorted(asked - everybody.keys()):
            raise ConfigurationError(
                [f"tag {ACCOUNTS_TAG}: no account {name!r} in accounts.toml" for name in unknown]
            )
        return [
            account
            for account in everybody.values()
            if account.vendor == vendor and (not asked or account.name in asked)
        ]
