"""What the assets are called."""

import dagster as dg

from resources.vendor_api.vendor import AnyStream, Vendor

MARTS = "marts"


def vendor_key(vendor: Vendor) -> dg.AssetKey:
    """The asset that stands for the vendor itself."""
    return dg.AssetKey(["vendors", vendor.name])


def raw_key(vendor: Vendor, stream: AnyStream) -> dg.AssetKey:
    """The asset of a stream's raw landing."""
    return dg.AssetKey([vendor.name, f"{stream.name}_raw"])


def facts_key(vendor: Vendor, stream: AnyStream) -> dg.AssetKey:
    """The asset of a stream's facts."""
    return dg.AssetKey([vendor.name, stream.name])


def mart_key(name: str) -> dg.AssetKey:
    """The asset of a mart."""
    return dg.AssetKey([MARTS, name])
