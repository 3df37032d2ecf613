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


def audio_streams() -> list[str]:
    """The streams that bring audio files, by name."""
    streams = (stream for vendor in discover().values() for stream in vendor.streams)
    return [stream.name for stream in streams if stream.brings_audio]


def loads_audio(accounts: Iterable[Account]) -> bool:
    """Whether any of them loads audio."""
    return any(not set(account.streams).isdisjoint(audio_streams()) for account in accounts)
