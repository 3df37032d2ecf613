"""The keys of a vendor's records."""

import re
from collections.abc import Callable, Collection
from typing import Any

from resources.text import payload
from resources.vendor_api.values import digits, is_missing
from resources.vendor_api.vendor import Record

LONGEST_KEY = 500
"""No vendor's is longer; one that doesn't fit an index entry would stop a whole load."""
_SPELT = {
    dash: re.compile(dash.join(f"[0-9a-f]{{{n}}}" for n in (8, 4, 4, 4, 12))) for dash in ("-", "")
}
"""A UUID that is its own key, by `uuid_dash`."""
_UUID = re.compile(r"([0-9a-f]{8})(-?)" + r"([0-9a-f]{4})\2" * 3 + r"([0-9a-f]{12})", re.IGNORECASE)


def key_of(
    *fields: str,
    optional: Collection[str] = (),
    uuid_dash: str | None = None,
    is_name: bool = False,
) -> Callable[[Record], str | None]:
    """A record's key from its fields: None when one is missing that isn't `optional`, or isn't a
    plain, short value. A number or a UUID spelt otherwise (12.0 for 12, in capitals, with blanks
    around it) is the same key: a vendor that changes how it writes them has no other records.
    `uuid_dash`: "-" or "", as the vendor's document has UUIDs; None: as they come. `is_name`: the
    field is the fact's key as it is: blanks count.
    """
    spelt = _SPELT["-" if uuid_dash is None else uuid_dash] if len(fields) == 1 else None

    def key(record: Record) -> str | None:
        if spelt and isinstance(uuid := record.get(fields[0]), str) and spelt.fullmatch(uuid):
            return uuid  # at once: nearly all are like this
        parts = []
        for field in fields:
            part = record.get(field)
            if is_missing(part):
                if field not in optional:
                    return None
                part = ""
            elif isinstance(part, dict | list | bool):
                return None
            parts.append(str(part) if is_name else _spelt(part, uuid_dash))
        text = "/".join(parts)
        if payload.unstorable(text):
            text = payload.storable(text)
        return text if len(text) <= LONGEST_KEY else None

    return key


def _spelt(part: Any, uuid_dash: str | None) -> str:
    text = (part if isinstance(part, str) else digits(part)).strip()
    if len(text) in (32, 36) and (found := _UUID.fullmatch(text)):
        first, dash, *rest = found.groups()
        return (dash if uuid_dash is None else uuid_dash).join((first, *rest)).lower()
    return text
