"""Accounts with each of their streams, as statements about all of them take them."""

from collections.abc import Iterable, Sequence
from typing import Any

from assets.loading.account_stream import AccountStream, account_stream, is_detail
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
    """Account, stream, the account's first business day, and whether the stream is of details."""
    return {
        "accounts": [source.account.name for source in sources],
        "streams": [source.stream.name for source in sources],
        "firsts": [source.account.start_date for source in sources],
        "details": [is_detail(source) for source in sources],
    }
