"""A batch through its stream's mapping: facts, and each record's day, openness and fate."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from assets.loading.account_stream import AccountStream
from assets.loading.landing.item import Item
from resources.account import Account
from resources.text import payload
from resources.vendor_api.dates import shown_at
from resources.vendor_api.sizes import none_beyond
from resources.vendor_api.vendor import AnyStream, Facts, Record, Reject

BEFORE_START = timedelta(days=31)
"""A record may be so much older than its account's start: one that is older wasn't asked for, and
would make partitions for years."""


class UnmappableError(Exception):
    """The stream's mapping failed on a batch: on which record of it is found by halving it."""


def map_records(items: Sequence[Item], source: AccountStream[AnyStream], day: date) -> Facts:
    """Facts of the records that can be any. `day` is that of records that say none."""
    if not items:
        return Facts({}, None)
    newest = max(item.observation.observed_at for item in items)
    largest = max(len(item.encoded) for item in items)
    try:
        with shown_at(newest), none_beyond(largest):
            facts = source.stream.normalise([item.record for item in items], source.account)
    except Exception as error:
        raise UnmappableError(f"the mapping fails on it ({type(error).__name__})") from error
    bad = {reject.index for reject in facts.rejects}
    starts = _start_days(facts, source.account) or [None] * len(items)
    opens = [False] * len(items) if facts.is_open is None else facts.is_open.tolist()
    earliest = source.account.start_date - BEFORE_START
    for index, (item, start, is_open) in enumerate(zip(items, starts, opens, strict=True)):
        is_ancient = start is not None and start < earliest
        if index not in bad and (reject := _unfit(index, item, start if is_ancient else None)):
            facts.rejects.append(reject)
            bad.add(index)
        own = None if is_ancient else start
        item.call_date = own or item.observation.day or _last_known(item) or day
        if _is_missed(item):
            item.missing_since = item.was_missing_since
        item.is_dated = own is not None or facts.started_at is None
        item.is_open = bool(is_open)
        item.rejected = index in bad
        item.faults = None if item.rejected else facts.faults.get(index)
    if bad:
        for table, frame in facts.tables.items():
            facts.tables[table] = frame[~frame.index.isin(list(bad))]
    return facts


def start_day(
    record: Record, source: AccountStream[AnyStream], observed_at: datetime
) -> date | None:
    """The business day on which the record says that it started; None if it doesn't say."""
    try:
        with shown_at(observed_at):
            facts = source.stream.normalise([record], source.account)
    except Exception:  # noqa: BLE001 - it becomes a reject where it is landed
        return None
    return next(iter(_start_days(facts, source.account)), None)


def _unfit(index: int, item: Item, ancient_start: date | None) -> Reject | None:
    """Why a record that the mapping takes is no fact all the same."""
    if ancient_start is not None:
        reason = f"{ancient_start} is long before the account's start_date"
        return Reject(index, "started_at", reason)
    if len(item.encoded) > payload.MOST_DIGITS and payload.is_endless(item.record):
        reason = f"has a number of more than {payload.MOST_DIGITS:,} digits"
        return Reject(index, "record", reason)
    return None


def _start_days(facts: Facts, account: Account) -> list[date | None]:
    """The business days on which the records started; None where one doesn't say."""
    if facts.started_at is None:
        return []
    local = facts.started_at.dt.tz_convert(account.timezone).dt.tz_localize(None)
    return list(local.to_numpy(dtype="datetime64[D]").tolist())


def _last_known(item: Item) -> date | None:
    """Where the record was, unless it is missing there."""
    return None if item.was_missing_since else item.old_date


def _is_missed(item: Item) -> bool:
    """Whether a read of the record's day that was asked later than this answer didn't show it."""
    missed_at = item.was_missing_since if item.call_date == item.old_date else None
    return missed_at is not None and item.observation.observed_at < missed_at
