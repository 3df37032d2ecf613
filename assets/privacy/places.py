"""Where the warehouse holds somebody: the records, with all that is of them, that name them."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from resources.account import Account, Options
from resources.errors import CallhouseError
from resources.forgotten import TAIL_DIGITS, Forgotten, Suppressed
from resources.postgres.warehouse import Warehouse, stream
from resources.text.foreign_text import SEPARATORS
from resources.vendor_api.vendor import AnyStream, DetailStream, Vendor, Vendors
from sql import facts
from sql.table import Table

_GAP = f"([{SEPARATORS}+]|%2[0-9A-Fa-f]|\\\\u[0-9A-Fa-f]{{4}}){{0,4}}"
ANY_NUMBER = _GAP.join(["[0-9]"] * TAIL_DIGITS)
"""What Postgres looks for where the number isn't known: the end of one, however it is written."""
Step = Callable[[str, int, int], None]
"""Takes what is being done, how much of it is done, and how much there is."""


@dataclass(frozen=True)
class Owner:
    """An account that something was ever read of, whether or not it is still configured."""

    name: str
    vendor: Vendor
    account: Account | None
    """As it is configured, or was when it was read last. None: nobody knows any more."""

    @property
    def country(self) -> str:
        """Whose national numbers its records hold, or probably do."""
        return self.account.country if self.account else self.vendor.country

    def group(self, stream: str) -> tuple[AnyStream, list[DetailStream]]:
        """The stream whose records these are, or whose details they are, and its details. Raises
        KeyError for a stream that the vendor no longer has.
        """
        return self.vendor.group(stream)

    def root(self, stream: str) -> str | None:
        """The stream whose records these are, or whose details they are, by name; None where the
        vendor no longer has it.
        """
        with suppress(KeyError):
            return self.group(stream)[0].name
        return None


@dataclass
class Places:
    """What was found."""

    keys: defaultdict[tuple[str, str], dict[str, bool]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    """Of records, by account and the stream that they are of; and whether they are to be kept
    without the person.
    """
    unkeyed: defaultdict[tuple[str, str], set[int]] = field(
        default_factory=lambda: defaultdict(set)
    )
    """Ids of rejects without a key."""
    rows: dict[str, int] = field(default_factory=dict)
    """How many rows name somebody, by table."""
    unclaimed: set[str] = field(default_factory=set)
    """Accounts and streams of rows that name somebody, and of which no vendor is known."""

    def require_claimed(self, what: str) -> None:
        """Raises CallhouseError for records of which nobody knows how to read them: `what` they
        aren't.
        """
        if self.unclaimed:
            raise CallhouseError(
                f"records of {', '.join(sorted(self.unclaimed))} name them, too, and {what}: "
                "which vendor they are of isn't known. Put the account into accounts.toml, or load "
                "it with a Callhouse that knows the stream, and run this again"
            )

    @property
    def records(self) -> int:
        """How many records these are."""
        return sum(map(len, self.keys.values())) + sum(map(len, self.unkeyed.values()))


def owners(
    warehouse: Warehouse, accounts: Mapping[str, Account], vendors: Vendors
) -> dict[str, Owner]:
    """Every account that anything is known of, by name."""
    configured = {
        name: Owner(name, vendors[account.vendor], account) for name, account in accounts.items()
    }
    loaded = {
        row.account: Owner(
            row.account,
            vendors[row.vendor],
            accounts.get(row.account) or _as_it_was(row, vendors[row.vendor]),
        )
        for row in warehouse.rows("erase/vendors")
        if row.vendor in vendors
    }
    return configured | loaded


def _as_it_was(row: Any, vendor: Vendor) -> Account | None:
    """An account that isn't configured any more: enough to read its records with."""
    if row.country is None:
        return None
    return Account(
        name=row.account,
        vendor=vendor.name,
        base_url="",
        timezone=ZoneInfo(row.timezone),
        start_date=row.start_date,
        streams=tuple(row.streams),
        currency=row.currency,
        country=row.country,
        operation=row.account,
        poll_every=vendor.poll_every,
        credentials={},
        limits=vendor.limits,
        options=Options(),
    )


def pattern(number: str) -> str:
    """What Postgres looks for first: the end of the number, however it is written."""
    return _GAP.join(number[-TAIL_DIGITS:])


@dataclass(frozen=True)
class Search:
    """A search for everything that names somebody who is to be forgotten."""

    owners: Mapping[str, Owner]
    forgotten: Forgotten
    prefilter: str | None
    """A pattern, where the number is known; without one every row is looked at here."""
    records: frozenset[str] = frozenset()
    """Hashes of keys of records that are looked for, too."""

    def places(self, warehouse: Warehouse, step: Step) -> Places:
        """Looks through all that is stored, day by day."""
        found = Places()
        days = [row.day for row in warehouse.rows("erase/stored_days")]
        for done, day in enumerate(days):
            step("Searching", done, len(days) + 1)
            for place, statement, table in _sources():
                for row in _rows(warehouse, statement, table, self.prefilter, day=day):
                    self._add(found, place, row)
        step("Searching", len(days), len(days) + 1)
        for row in _rows(warehouse, "erase/find_ledgers", None, self.prefilter):
            self._add(found, row.place, row)
        step("Searching", len(days) + 1, len(days) + 1)
        return found

    def _add(self, found: Places, place: str, row: Any) -> None:
        """Adds a row to what was found, if it names somebody."""
        owner = self.owners.get(row.account)
        root = owner.root(row.stream) if owner else None
        who = self._named_in(row.text, owner)
        if root is None:
            if who is not None:
                found.unclaimed.add(f"{row.account} {row.stream}")
            return
        if who is None and not self._is_known(row, root):
            return
        found.rows[place] = found.rows.get(place, 0) + 1
        if row.record_key is None:
            found.unkeyed[row.account, row.stream].add(row.id)
            return
        keys = found.keys[row.account, root]
        keeps = who is not None and who.keeps_calls
        keys[row.record_key] = keeps and keys.get(row.record_key, True)

    def _named_in(self, text: str, owner: Owner | None) -> Suppressed | None:
        """Who is named; by every country's numbering plan where nobody knows of which it is."""
        account = owner and owner.account
        countries = {account.country} if account else {o.country for o in self.owners.values()}
        found = (self.forgotten.first(text, country) for country in countries or ["ZZ"])
        return next(filter(None, found), None)

    def _is_known(self, row: Any, root: str) -> bool:
        """Whether the record was forgotten by its key."""
        return bool(
            self.records
            and row.record_key is not None
            and self.forgotten.hasher.record(row.account, root, row.record_key) in self.records
        )


def _sources() -> Iterator[tuple[str, str, Table | None]]:
    yield "raw.records", "erase/find_versions", None
    for table in facts.TABLES.values():
        yield f"facts.{table.name}", "erase/find_facts", table


def _rows(
    warehouse: Warehouse, statement: str, table: Table | None, prefilter: str | None, **day: date
) -> Iterator[Any]:
    """Of a statement that may find millions: they come by thousands."""
    with warehouse.transaction() as connection:
        yield from stream(connection, statement, table, pattern=prefilter, **day)
