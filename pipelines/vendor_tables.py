"""`python -m pipelines.vendor_tables`: the docs' tables of vendors, from what these declare.

A table stands behind a line `<!-- vendors: NAME -->`, up to the next empty line.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from resources.configuration.home import CHECKOUT
from resources.vendor_api.vendor import Vendor, Vendors
from resources.vendors import discover

PAGES = (
    CHECKOUT / "docs" / "operators" / "limits.md",
    CHECKOUT / "docs" / "operators" / "accounts.md",
)
_PLACE = re.compile(r"(<!-- vendors: (\w+) -->\n\n)(?:\|.*\n)*")


def limits(vendors: Vendors) -> Iterator[tuple[str, ...]]:
    """Every limit that is declared, and whether a document says so."""
    yield "vendor", "key of `limits`", "value", "source"
    for vendor in vendors.values():
        for key, source in vendor.limits.sources.items():
            yield vendor.name, f"`{key}`", _limit(vendor, key), _source(vendor, source)


def accounts(vendors: Vendors) -> Iterator[tuple[str, ...]]:
    """What an account of each vendor may say."""
    yield "vendor", "`credentials`", "`streams`, those by default first", "keys of `options`"
    for vendor in vendors.values():
        streams = sorted(vendor.streams, key=lambda stream: not stream.default)
        listed = (vendor.credentials, [s.name for s in streams], vendor.options.model_fields)
        yield vendor.name, *(", ".join(f"`{name}`" for name in names) for names in listed)


TABLES: Mapping[str, Callable[[Vendors], Iterator[tuple[str, ...]]]] = {
    "limits": limits,
    "accounts": accounts,
}


def filled(text: str, vendors: Vendors) -> str:
    """The page with its tables of these vendors. Raises KeyError for a table that there isn't."""

    def table(found: re.Match[str]) -> str:
        head, *rows = TABLES[found[2]](vendors)
        lines = [f"| {' | '.join(line)} |" for line in (head, *rows)]
        return found[1] + "\n".join([lines[0], "|---" * len(head) + "|", *lines[1:], ""])

    return _PLACE.sub(table, text)


def _limit(vendor: Vendor, key: str) -> str:
    if key == "daily_requests" and vendor.requests_per_license:
        return f"`licenses` \N{MULTIPLICATION SIGN} {vendor.requests_per_license}"
    return str(getattr(vendor.limits, key)).removesuffix(".0")


def _source(vendor: Vendor, source: str) -> str:
    """What says so: the vendor's document by that word, as its name is on every page of it."""
    for document in {stream.document for stream in vendor.streams}:
        if source.startswith(f"{document}: "):
            return source.replace(document, "document", 1)
    return source


def main(pages: tuple[Path, ...] = PAGES) -> None:
    """Writes the tables into the pages."""
    for page in pages:
        text = page.read_text(encoding="utf-8")
        page.write_text(filled(text, discover()), encoding="utf-8")


if __name__ == "__main__":
    main()
