"""What assets get from Dagster: the accounts, and the warehouse that they load into."""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from functools import cache

import dagster as dg
from pydantic import Field

from resources.account import Account
from resources.configuration.home import Home
from resources.configuration.settings import Settings, read_settings
from resources.embedded.local_postgres import database_url
from resources.errors import ConfigurationError
from resources.postgres.schema_version import SchemaError, require_current
from resources.postgres.warehouse import Warehouse

ACCOUNTS_TAG = "callhouse/accounts"
"""Run tag: the accounts, comma-separated, that a run is about. Absent: all."""
KIND_TAG = "callhouse/kind"
POLL = "poll"
VENDOR_TAG = "callhouse/vendor"


class Choice(dg.Config):
    """What a run may be given in the launchpad."""

    accounts: list[str] = Field(
        default=[],
        description=(
            "Only these accounts, by their names in accounts.toml. Empty: those of the run's tag "
            f"{ACCOUNTS_TAG} (comma-separated), which backfills take too; without one, all."
        ),
    )


class CallhouseResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Accounts and warehouse, as `CALLHOUSE_ACCOUNTS` and `CALLHOUSE_DATABASE_URL` of the
    environment say. Nothing to configure here, where Dagster would show it in clear.
    """

    @contextmanager
    def warehouse(self) -> Iterator[Warehouse]:
        """The warehouse, for the time of a block. Raises Failure when its tables are others than
        this code's: a newer Callhouse may have migrated it meanwhile.
        """
        warehouse = Warehouse(self.database_url())
        try:
            yield _current(warehouse)
        finally:
            warehouse.close()

    def standing_warehouse(self) -> Warehouse:
        """For a tick: on connections of the process that stay open. Raises Failure likewise."""
        return _current(_standing(self.database_url()))

    def database_url(self) -> str:
        """The warehouse's."""
        return database_url()

    def settings(self, needs_secrets: bool = True) -> Settings:
        """The accounts and what is wrong with them, read again: the file may have changed. Who only
        judges what was loaded needs no secrets: an account that has lost its own is judged, too.
        """
        return read_settings(Home.from_environment(), needs_secrets)

    def all_accounts(self) -> Mapping[str, Account]:
        """Every account that can be worked with, by its name."""
        return self.settings().accounts

    def accounts(
        self, vendor: str, tags: Mapping[str, str], only: Sequence[str] = ()
    ) -> list[Account]:
        """The vendor's accounts that a run is about: those of its tags, or `only` these.

        Raises ConfigurationError for a name that no account has, or one of another vendor's. A poll
        leaves out accounts that are gone since its tick.
        """
        everybody = self.all_accounts()
        tagged = {name.strip() for name in tags.get(ACCOUNTS_TAG, "").split(",") if name.strip()}
        mine = {name for name, account in everybody.items() if account.vendor == vendor}
        # A tag may be on runs of several vendors; the launchpad is about this one.
        is_poll = tags.get(KIND_TAG) == POLL
        faults = [] if is_poll else _unknown(f"tag {ACCOUNTS_TAG}", tagged, everybody.keys())
        faults += _unknown("accounts", set(only), mine)
        if faults:
            raise ConfigurationError(faults)
        asked = set(only) or tagged or mine
        return [everybody[name] for name in everybody if name in mine & asked]


@cache
def _standing(url: str) -> Warehouse:
    """Every minute each schedule and sensor asks something short, which takes less time than a
    connection. A tick holds one at a time.
    """
    return Warehouse(url, pool_size=4)


def _current(warehouse: Warehouse) -> Warehouse:
    try:
        require_current(warehouse)
    except SchemaError as error:
        raise dg.Failure(str(error), allow_retries=False) from None
    return warehouse


def _unknown(where: str, names: AbstractSet[str], known: AbstractSet[str]) -> list[str]:
    expected = ", ".join(sorted(known)) or "none"
    return [
        f"{where}: no account {name!r}; accounts.toml has {expected}"
        for name in sorted(names - known)
    ]
