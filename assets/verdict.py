"""How complete a business day is after a full read of it: a pure decision, stored in `ops.days`."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from resources.account import Account
from resources.vendor import Stream
from resources.windows import day_end

REJECTS_AGAIN = timedelta(hours=1)
"""A day with rejects is read again this much later: the vendor may have corrected them."""


@dataclass(frozen=True, slots=True)
class Counts:
    """A day's figures, as `load/refresh_days` counts them, and its state until now."""

    state: str
    is_first: bool
    raw_records: int
    facts: int
    rejects: int
    open_records: int
    unkeyed: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """A day's state, why, and when it is to be read again (None: never by itself)."""

    state: str
    note: str | None
    next_read_at: datetime | None


def judge(
    stream: Stream, account: Account, day: date, counts: Counts, read_at: datetime
) -> Verdict:
    """The verdict after a full, undisturbed read that ended at `read_at`."""
    end = day_end(day, account.timezone)
    if counts.rejects or counts.unkeyed:
        bad = counts.rejects + counts.unkeyed
        return Verdict(
            "failed",
            f"{bad} record(s) rejected: see ops.rejects for field and reason; "
            "healed by the next read once the vendor or the mapping is right",
            read_at + REJECTS_AGAIN,
        )
    if counts.raw_records != counts.facts:
        return Verdict(
            "failed",
            f"{counts.raw_records} raw records but {counts.facts} facts: "
            "materialise the facts asset of this day to rebuild it from raw",
            read_at + REJECTS_AGAIN,
        )
    if read_at < end:
        return Verdict("open", None, None)
    settled_at = end + stream.settle
    if read_at >= settled_at:
        note = f"{counts.open_records} record(s) never ended" if counts.open_records else None
        return Verdict("complete", note, None)
    if stream.until_final and not counts.open_records:
        return Verdict("complete", None, None)
    return Verdict(
        "settling",
        f"records may change until {settled_at:%Y-%m-%d %H:%M} UTC",
        min(read_at + stream.settle_every, settled_at),
    )
