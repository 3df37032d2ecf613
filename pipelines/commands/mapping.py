"""What a stream makes of a recorded answer: its client's reading and its mapping, and no more."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import IO, Any, cast
from zoneinfo import ZoneInfo

from pydantic import SecretStr

from resources.account import Account
from resources.errors import ConfigurationError
from resources.http.answer import Answer, Parse, T
from resources.http.client import Http
from resources.http.permits import Permit, RequestOutcome
from resources.vendor_api.vendor import AnyStream, DetailStream, Facts, Page, Parent, Vendor
from resources.vendors import discover
from resources.windows import Window

START = date(2000, 1, 1)


@dataclass(frozen=True, slots=True)
class Recorded:
    """Stands for `Http`: whatever is asked, it gives the same recorded answer."""

    body: bytes

    def get(
        self,
        _report: str,
        _path: str,
        parse: Parse[T],
        *_: Any,
        sink: IO[bytes] | None = None,
        **_others: Any,
    ) -> tuple[T, Permit]:
        """What `parse` makes of it."""
        permit = Permit(1, datetime.now(UTC), RequestOutcome())
        if sink is not None:
            sink.write(self.body)
        return parse(Answer(200, {}, self.body, permit))[0], permit

    search = get


def map_answer(vendor_name: str, stream_name: str, file: Path) -> dict[str, Any]:
    """The facts by table, and what isn't one; values as JSON has them.

    Raises ConfigurationError for a vendor, stream or file that there isn't, and what the client
    raises for an answer that it doesn't take.
    """
    vendor, stream = _stream(vendor_name, stream_name)
    account = _account(vendor, stream)
    try:
        body = file.read_bytes()
    except OSError as error:
        raise ConfigurationError([f"{file}: {error.strerror}"]) from None
    page = _page(stream, vendor.client(account, cast("Http", Recorded(body))))
    records = [record for record in page.records if isinstance(record, dict)]
    return _as_json(stream.normalise(records, account))


def _stream(vendor_name: str, stream_name: str) -> tuple[Vendor, AnyStream]:
    vendors = discover()
    if vendor_name not in vendors:
        raise ConfigurationError([f"no vendor {vendor_name}: there are {', '.join(vendors)}"])
    vendor = vendors[vendor_name]
    names = [stream.name for stream in vendor.streams]
    if stream_name not in names:
        raise ConfigurationError([f"{vendor_name} has no stream {stream_name}: {', '.join(names)}"])
    return vendor, vendor.stream(stream_name)


def _account(vendor: Vendor, stream: AnyStream) -> Account:
    """With all of its vendor's defaults, and invented secrets."""
    return Account(
        name=f"recorded-{vendor.name}",
        vendor=vendor.name,
        base_url="https://vendor.example",
        timezone=ZoneInfo(vendor.timezone),
        start_date=START,
        streams=(stream.name,),
        currency=None,
        country=vendor.country,
        operation=f"recorded-{vendor.name}",
        poll_every=vendor.poll_every,
        credentials={name: SecretStr(f"invented {name}") for name in vendor.credentials},
        limits=vendor.limits,
        options=vendor.options(),
    )


def _page(stream: AnyStream, client: Any) -> Page:
    """The answer's records. That they are of another day than was asked for doesn't matter."""
    now = datetime.now(UTC)
    if isinstance(stream, DetailStream):
        return stream.read(client, Parent("1", now))
    yesterday = now.astimezone(client.account.timezone).date() - timedelta(days=1)
    window = Window.of_days((yesterday,), client.account.timezone, now)
    return next(iter(stream.read(client, window)))


def _as_json(facts: Facts) -> dict[str, Any]:
    tables = {
        name: [_plain(row) for row in frame.astype(object).to_dict("records")]
        for name, frame in facts.tables.items()
    }
    return {
        **tables,
        "rejects": [f"record {r.index}: {r.field}: {r.reason}" for r in facts.rejects],
        "unread": {str(index): faults for index, faults in facts.faults.items()},
        "new fields": sorted(facts.new_fields),
    }


def _plain(row: Mapping[Any, Any]) -> dict[str, Any]:
    """A row without its NULLs; times as ISO 8601."""
    import pandas as pd

    return {
        str(name): value.isoformat() if isinstance(value, pd.Timestamp) else value
        for name, value in row.items()
        if isinstance(value, dict | list) or not pd.isna(value)
    }
