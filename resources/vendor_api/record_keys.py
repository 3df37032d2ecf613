"""What a vendor's records are told apart by."""

from collections.abc import Callable, Collection

from resources.text import payload
from resources.vendor_api.values import is_missing
from resources.vendor_api.vendor import Record

LONGEST_KEY = 500
"""No vendor's is longer; one that doesn't fit an index entry would stop a whole load."""


def key_of(*fields: str, optional: Collection[str] = ()) -> Callable[[Record], str | None]:
    """A record's key from its fields: None when one is missing that isn't `optional`, or isn't a
    plain, short value.
    """

    def key(record: Record) -> str | None:
        parts = []
        for field in fields:
            part = record.get(field)
            if is_missing(part) and field in optional:
                part = ""
            elif is_missing(part) or isinstance(part, dict | list | bool):
                return None
            parts.append(str(part))
        text = "/".join(parts)
        if payload.unstorable(text):
            text = payload.storable(text)
        return text if len(text) <= LONGEST_KEY else None

    return key
