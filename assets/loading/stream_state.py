"""What `ops` says of an account's stream: what is due, from where reading goes on, what failed."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.engine import Connection

from assets.loading.account_stream import AccountStream
from assets.loading.completeness import LONGEST_PAUSE
from assets.loading.personal.hidden import hide
from assets.loading.plan import PROBE_EVERY, StreamState
from resources.account import Account
from resources.errors import OtherSettingsError
from resources.postgres.warehouse import Warehouse, execute
from resources.text import payload
from resources.vendor_api.vendor import AnyStream, DetailStream, Vendor


@dataclass(frozen=True, slots=True)
class CredentialOutcome:
    """What a failure says of the credential.

    `stopped_key`: its hash, where polls stop for it; `accepted`: the vendor answered it before;
    `refusals`: doubtful ones in a row, this one included.
    """

    stopped_key: str | None = None
    accepted: bool = False
    refusals: int = 0


@dataclass(frozen=True, slots=True)
class Success:
    """A read that went well; with `watermark` it was a live one, which moves it forwards."""

    watermark: datetime | None = None
    accepted: bool = True
    """The vendor was asked, and took the credential."""
    largest_page: int | None = None
    """Records of the largest page that has come."""
    lease: int | None = None
    """The lease that is over with it."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a read of `days` failed; `live`: it was a poll's."""

    days: Sequence[date]
    error: str
    live: bool
    credential: CredentialOutcome


@dataclass(frozen=True, slots=True)
class Deferral:
    """Why a read of `days` has to wait, and until when; `live`: it was a poll's."""

    days: Sequence[date]
    reason: str
    until: datetime
    live: bool


def read_states(
    warehouse: Warehouse, accounts: Sequence[Account], streams: Sequence[AnyStream]
) -> dict[tuple[str, str], StreamState]:
    """What is known of the accounts' streams, by account and stream."""
    rows = warehouse.timed_rows(
        "plan/stream_state",
        accounts=[account.name for account in accounts],
        streams=[stream.name for stream in streams],
    )
    return {
        (row.account, row.stream): StreamState(
            watermark=row.watermark,
            last_polled_at=row.last_polled_at,
            last_success_at=row.last_success_at,
            next_due_at=row.next_due_at,
            refusals=row.refusals,
            stopped_key=row.stopped_key,
            window_days=row.window_days,
            largest_page=row.largest_page,
            piece_s=row.piece_s,
            last_error=row.last_error,
            failures=row.failures,
            noted=row.noted,
            scope=row.scope,
        )
        for row in rows
        if row.account is not None
    }


def lock_streams(connection: Connection, account: str, *streams: AnyStream) -> None:
    """Makes this transaction the only one that writes to the account's streams, in this order."""
    for stream in streams:
        execute(connection, "load/lock_stream", account=account, stream=stream.name)


def lock_source(
    connection: Connection, source: AccountStream[AnyStream], *before: AnyStream
) -> None:
    """`lock_streams` of those `before` it and of its own stream, to write facts.

    Raises OtherSettingsError when they would be made by other settings than the account has by now
    (`note_accounts`), as in a long backfill that began before these were corrected.
    """
    account = source.account
    lock_streams(connection, account.name, *before)
    settings = [account.timezone.key, account.country, account.currency]
    [row] = execute(connection, "load/lock_source", settings=settings, **source.where)
    if row.noted is not None:
        raise OtherSettingsError(", ".join(filter(None, settings)), row.noted)


def wait_for_loads(warehouse: Warehouse, account: str, vendor: Vendor) -> None:
    """Until every batch that has begun to land has committed. One that began before somebody was
    suppressed may have them; those that begin later know.
    """
    for stream in vendor.streams:
        warehouse.run("load/lock_stream", account=account, stream=stream.name)


def account_note(vendor: Vendor, account: Account) -> dict[str, Any]:
    """What `ops.accounts` says of an account: what analysts need to know of it."""
    return {
        "account": account.name,
        "vendor": account.vendor,
        "timezone": str(account.timezone),
        "country": account.country,
        "currency": account.currency,
        "start_date": account.start_date.isoformat(),
        "streams": list(account.streams),
        "tells": sorted(vendor.told(account)),
    }


def note_accounts(
    connection: Connection, vendor: Vendor, accounts: Collection[Account], now: datetime
) -> None:
    """Writes down what analysts need to know of the accounts, where it isn't known yet. Nothing is
    landing meanwhile of one whose facts are made otherwise from here on.
    """
    notes = payload.encode([account_note(vendor, account) for account in accounts]).decode()
    for row in execute(connection, "load/changed_settings", accounts=notes):
        lock_streams(connection, row.account, *vendor.streams)
    execute(connection, "load/note_accounts", accounts=notes, now=now)


def note_scope(
    connection: Connection, source: AccountStream[AnyStream], observed_at: datetime
) -> None:
    """What the account's options narrow the stream to, from `observed_at` on. Where it is another
    scope than before, complete days are read again.
    """
    scope = payload.encode(source.scope).decode()
    execute(connection, "load/note_scope", vendor=source.account.vendor, scope=scope,
            observed_at=observed_at, **source.where)  # fmt: skip


def note_success(
    connection: Connection, source: AccountStream[AnyStream], success: Success, now: datetime
) -> None:
    """A read went well."""
    live = success.watermark is not None
    execute(
        connection,
        "load/note_success",
        vendor=source.account.vendor,
        live=live,
        watermark=success.watermark,
        next_due_at=now + source.account.poll_every if live else None,
        accepted=success.accepted,
        probe_every=PROBE_EVERY,
        largest_page=success.largest_page,
        read=success.lease,
        now=now,
        **source.where,
    )


def note_failure(
    connection: Connection, source: AccountStream[AnyStream], failure: Failure, now: datetime
) -> None:
    """A read failed: its days aren't complete. The credential decides whether polls go on."""
    where, outcome = source.where, failure.credential
    error = hide(connection, source.account, failure.error)
    if failure.days:
        longest = (
            source.stream.retry_every if isinstance(source.stream, DetailStream) else LONGEST_PAUSE
        )
        execute(connection, "load/fail_days", days=list(failure.days), note=error, longest=longest,
                timezone=source.account.timezone.key, now=now, **where)  # fmt: skip
    execute(connection, "load/note_failure", vendor=source.account.vendor, error=error,
            live=failure.live, stopped_key=outcome.stopped_key, accepted=outcome.accepted,
            refusals=outcome.refusals, probe_every=PROBE_EVERY, now=now, **where)  # fmt: skip


def note_deferred(
    connection: Connection, source: AccountStream[AnyStream], deferral: Deferral, now: datetime
) -> None:
    """A limit grants the read later; nothing is wrong."""
    where, reason, until = source.where, deferral.reason, deferral.until
    if deferral.live:
        execute(connection, "load/note_deferred", vendor=source.account.vendor, reason=reason,
                until=until, now=now, **where)  # fmt: skip
    else:
        execute(connection, "load/defer_days", days=list(deferral.days), note=reason, until=until,
                **where)  # fmt: skip


def note_fields(
    connection: Connection, source: AccountStream[AnyStream], fields: Collection[str]
) -> set[str]:
    """Writes down what no mapping knows; returns what of it is new."""
    if not fields:
        return set()
    vendor, names = source.account.vendor, sorted(fields)
    rows = execute(connection, "load/note_fields", vendor=vendor, fields=names, **source.where)
    return {name for row in rows for name in row.new}
