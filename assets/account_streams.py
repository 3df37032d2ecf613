"""Accounts with each of their streams, as statements about all of them take them."""

from collections.abc import Iterable, Sequence
from typing import Any

from assets.loading.account_stream import AccountStream, account_stream
from resources.account import Account
from resources.vendor_api.vendor import AnyStream
from resources.vendors import discover


def account_streams(accounts: Iterable[Account]) -> list[AccountStream[AnyStream]]:
    """Every account with each of its streams."""
    vendors = discover()
    return [
        account_stream(vendors[account.vendor], account, vendors[account.vendor].stream(name))
        for account in accounts
        for name in account.streams
    ]


def parameters(sources: Sequence[AccountStream[AnyStream]]) -> dict[str, list[Any]]:
    """Account, stream, and the account's first business day."""
    return {
        "accounts": [source.account.name for source in sources],
        "streams": [source.stream.name for source in sources],
        "firsts": [source.account.start_date for source in sources],
    }
