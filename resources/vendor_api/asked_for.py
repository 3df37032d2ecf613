"""Whether a vendor's answer is of the time that was asked for."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from resources.errors import ContractError
from resources.vendor_api.vendor import Record


def require_inside(
    report: str,
    records: Iterable[Any],
    start_of: Callable[[Record], datetime | None],
    first: datetime,
    last: datetime,
) -> None:
    """Raises ContractError for a record that began outside of `first` to `last`, both included: the
    vendor ignored the dates.

    `start_of` is when a record began. Where it gives None, or raises KeyError, TypeError or
    ValueError, the record is broken, which is the mapping's to reject.
    """
    for record in records:
        try:
            start = start_of(record)
            is_inside = start is None or first <= start <= last
        except (KeyError, TypeError, ValueError):
            continue
        if not is_inside:
            raise ContractError(
                f"{report}: asked for {first} to {last}, got a record of {start}: "
                "the vendor ignored the dates"
            )
