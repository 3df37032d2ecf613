"""Vono's records to facts."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from resources.account import Account
from resources.vendor_api.values import NO_VALUE, is_no_value
from resources.vendor_api.vendor import Facts, Record
from resources.vendors.vono.answers import TIME
from sql.vocabulary import Direction, Disposition, Grain

if TYPE_CHECKING:
    from resources.vendor_api.normalise import Columns
    from resources.vendor_api.series import Column

SIZE = re.compile(r"(?i)\s*(\d{1,3}(?:\.\d{3}){1,2}|\d{1,9})(?:,(\d{1,9}))?\s*([KMG]?)b\s*")
"""`267,86 Kb`: a comma before decimals, a dot between thousands."""
UNITS = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3}


def recordings_to_facts(records: Sequence[Record], account: Account) -> Facts:
    """`facts.recordings`, and `facts.calls` of grain `recorded_call`.

    What was recorded was answered. Which side is the customer's isn't said, and `duration` is the
    call's: when it was answered and when it ended stay unknown.
    """
    import pandas as pd

    from resources.vendor_api.normalise import Columns

    columns = Columns(records, account)
    for name in ("record_id", "customer_id"):
        columns.text(name, required=True)
    size = columns.text("size")
    columns.text("duration2")  # `duration` once more, in words
    source = columns.text("source")
    destination = columns.text("destination")
    common = {
        "started_at": columns.local("calldate", TIME, required=True),
        "duration_s": columns.seconds("duration"),
        "from_number": source,
        "to_number": destination,
    }
    recordings = pd.DataFrame(
        {
            **common,
            "size_bytes": _bytes(columns, size),
            "size_raw": size,
        }
    )
    calls = pd.DataFrame(
        {
            **common,
            "grain": Grain.RECORDED_CALL,
            "direction": Direction.UNKNOWN,
            "from_e164": columns.e164(source),
            "to_e164": columns.e164(destination),
            "disposition": Disposition.ANSWERED,
            "is_final": True,
            "has_recording": True,
            "attributes": columns.rest("customer_id", "clid"),
        }
    )
    return columns.facts(common["started_at"], {"recordings": recordings, "calls": calls})


def _bytes(columns: "Columns", size: "Column") -> "Column":
    """About so many bytes as the listing says."""
    found = size.map(lambda text: SIZE.fullmatch(text) if isinstance(text, str) else None)
    unread = size.notna() & found.isna()
    stands_for_nothing = size.map(is_no_value)
    columns.note(unread & stands_for_nothing, "size", NO_VALUE)
    columns.note(unread & ~stands_for_nothing, "size", "expected a size like 267,86 Kb")
    return found.map(_bytes_of).astype("Int64")


def _bytes_of(found: re.Match[str] | None) -> int | None:
    if found is None:
        return None
    whole, decimals, unit = found.groups()
    number = float(f"{whole.replace('.', '')}.{decimals or 0}")
    return round(number * UNITS[unit.upper()])


def audio_to_facts(records: Sequence[Record], account: Account) -> Facts:
    """Where each recording's audio is, for its row in `facts.recordings`."""
    import pandas as pd

    from resources.vendor_api.normalise import Columns

    columns = Columns(records, account)
    audio = pd.DataFrame(
        {name: columns.text(name, required=True) for name in ("audio_uri", "audio_sha256")}
    )
    return columns.facts(None, {"audio": audio})
