"""`callhouse accept`: an operator says that a day is right of which less comes than is known."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime

from resources.account import Account
from resources.errors import ConfigurationError
from resources.postgres.warehouse import Warehouse
from resources.vendor_api.vendor import DetailStream
from resources.vendors import discover
from resources.windows import business_day


def accept(
    warehouse: Warehouse,
    accounts: Mapping[str, Account],
    account: str,
    stream: str,
    day: date,
    now: datetime | None = None,
) -> str:
    """Accepts what the day's last full read lacked; returns what that means, in a sentence.

    Raises ConfigurationError when there is no such account, stream or day.
    """
    now = now or warehouse.now()
    if faults := list(_faults(accounts, account, stream, day, now)):
        raise ConfigurationError(faults)
    rows = warehouse.rows("load/accept_day", account=account, stream=stream, day=day, now=now)
    where = f"{account} {stream} {day}"
    if not rows:
        raise ConfigurationError([f"{where} was never read: there is nothing to accept"])
    found = rows[0]
    if found.is_expired:
        return f"{where}: nothing to accept, as its records have gone for their age"
    if not found.is_doubted:
        return f"{where}: nothing to accept, as its last read is believed; it is {found.state}"
    done = "was accepted already" if found.was_accepted else "accepted"
    records = f"{found.lacking_records:,} known records"
    return (
        f"{where}: {done}. {records} that the vendor doesn't show any more count as deleted once "
        "the next read, which is due now, shows the same"
    )


def _faults(
    accounts: Mapping[str, Account], account: str, stream: str, day: date, now: datetime
) -> Iterator[str]:
    found = accounts.get(account)
    if found is None:
        yield f"no account {account!r} in accounts.toml"
        return
    if stream not in found.streams:
        yield f"no stream {stream!r} in {account}: it has {', '.join(found.streams)}"
    elif isinstance(kind := discover()[found.vendor].stream(stream), DetailStream):
        yield f"{stream} can't be accepted: its records are asked for one by one; accept {kind.of}"
    today = business_day(now, found.timezone)
    if day < found.start_date:
        yield f"{day} is before the account's start_date, {found.start_date}"
    if day > today:
        yield f"{day} is in the future: the last business day that has begun is {today}"
