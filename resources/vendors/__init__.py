"""The vendors: each module or package here is one, found by being here. None knows another."""

import importlib
import pkgutil
from collections.abc import Iterable
from functools import cache

from resources.account import Account
from resources.vendor_api.vendor import Vendor, Vendors


@cache
def discover() -> Vendors:
    """Every vendor that has a module or a package here, by name."""
    modules = (
        importlib.import_module(f"{__name__}.{module.name}")
        for module in pkgutil.iter_modules(__path__)
    )
    vendors: list[Vendor] = [module.VENDOR for module in modules]
    return {vendor.name: vendor for vendor in vendors}


def loads_audio(accounts: Iterable[Account]) -> bool:
    """Whether any of them loads audio."""
    streams = (stream for vendor in discover().values() for stream in vendor.streams)
    loads = {stream.name for stream in streams if stream.table == "audio"}
    return any(loads & set(account.streams) for account in accounts)
