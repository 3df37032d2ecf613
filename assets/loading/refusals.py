"""Accounts that can't be loaded into this warehouse, right as their settings are."""

from collections.abc import Collection

from resources.account import Account
from resources.errors import CallhouseError, NameTakenError, UnknownZoneError
from resources.postgres.warehouse import Warehouse


def refusals(warehouse: Warehouse, accounts: Collection[Account]) -> dict[str, CallhouseError]:
    """Why not, by account: the server doesn't know its time zone, or its name is another vendor's
    account, whose days would count as read.
    """
    if not accounts:
        return {}
    rows = warehouse.rows(
        "load/refusals",
        accounts=[account.name for account in accounts],
        vendors=[account.vendor for account in accounts],
        timezones=[account.timezone.key for account in accounts],
    )
    zones = {account.name: account.timezone.key for account in accounts}
    return {
        row.account: UnknownZoneError(zones[row.account])
        if row.lacks_zone
        else NameTakenError(row.account, row.other_vendor)
        for row in rows
    }
