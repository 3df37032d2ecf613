"""What one pass of `callhouse sync` is to do: which runs, for which accounts and days."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from uuid import uuid4
from zoneinfo import ZoneInfo

from pipelines.due import waits
from resources.account import Account
from resources.errors import ConfigurationError
from resources.postgres.warehouse import Warehouse
from resources.vendor_api.vendor import Vendor
from resources.vendors import discover
from resources.windows import business_day, days_between

BACKFILL, REBUILD = "backfill", "rebuild"
BACKFILL_TAG = "callhouse/backfill"
EARLIEST = ZoneInfo("Pacific/Kiritimati")
"""Where days begin first."""


@dataclass(frozen=True)
class PassRequest:
    """What a pass is asked for. With `first` and `last`: these business days in full.

    `rebuild`: from what is in raw.records, asking no vendor.
    """

    accounts: tuple[str, ...] = ()
    streams: tuple[str, ...] = ()
    first: date | None = None
    last: date | None = None
    rebuild: bool = False

    def choose(self, accounts: Mapping[str, Account], now: datetime) -> list[Account]:
        """The accounts that are meant, each with the streams that are meant.

        Raises ConfigurationError with everything that is wrong.
        """
        faults = [
            f"no account {name!r} in accounts.toml"
            for name in self.accounts
            if name not in accounts
        ]
        chosen = [
            account.model_copy(
                update={"streams": tuple(s for s in account.streams if self._is_meant(s))}
            )
            for account in accounts.values()
            if not self.accounts or account.name in self.accounts
        ]
        known = {stream for account in chosen for stream in account.streams}
        faults += [
            f"no stream {name!r} in these accounts" for name in self.streams if name not in known
        ]
        if self.first and self.last:
            zones = [account.timezone for account in chosen]
            # What is stored may be of days that have begun by other clocks alone.
            faults += wrong_days(self.first, self.last, zones + [EARLIEST] * self.rebuild, now)
        if faults:
            raise ConfigurationError(faults)
        return [account for account in chosen if account.streams]

    @property
    def span(self) -> str:
        """The days, in words."""
        return f"from {self.first} to {self.last}" if self.first else "before today"

    def _is_meant(self, stream: str) -> bool:
        return not self.streams or stream in self.streams


def with_stored_streams(
    warehouse: Warehouse, accounts: Mapping[str, Account]
) -> dict[str, Account]:
    """The accounts, each with the streams that it doesn't load any more, too, as far as anything of
    them is stored: what a rebuild is about.
    """
    stored: defaultdict[str, set[str]] = defaultdict(set)
    for row in warehouse.rows("plan/stored_streams", accounts=list(accounts)):
        stored[row.account].add(row.stream)
    vendors = discover()

    def streams(account: Account) -> tuple[str, ...]:
        mine = stored[account.name] | set(account.streams)
        return tuple(s.name for s in vendors[account.vendor].streams if s.name in mine)

    return {
        name: account.model_copy(update={"streams": streams(account)})
        for name, account in accounts.items()
    }


def wrong_days(first: date, last: date, zones: Iterable[ZoneInfo], now: datetime) -> Iterator[str]:
    """What is wrong with a range of business days of the zones."""
    if last < first:
        yield f"--to {last} is before --from {first}"
    today = max((business_day(now, zone) for zone in zones), default=last)
    if last > today:
        yield f"{last} is in the future: the last business day that has begun is {today}"


@dataclass(frozen=True)
class Run:
    """A Dagster run to come. `steps`: by how much it brings the pass forward."""

    vendor: Vendor
    tags: Mapping[str, str]
    steps: int
    is_poll: bool = False
    rebuilds: bool = False
    run_id: str = field(default_factory=lambda: str(uuid4()))


@dataclass(frozen=True)
class Skipped:
    """An account that isn't asked now, and why."""

    account: str
    why: str
    stopped: bool = False


@dataclass
class Plan:
    """The runs of a pass, one vendor after the other; and the accounts that it leaves out.

    Vendors that may be asked only rarely come last: nobody else waits for them.
    """

    accounts: Mapping[str, Account]
    request: PassRequest
    now: datetime
    skipped: list[Skipped] = field(default_factory=list)

    def runs(self, warehouse: Warehouse) -> Iterator[Run]:
        """The runs. Raises ConfigurationError if the request is wrong."""
        chosen = self.request.choose(self.accounts, self.now)
        by_vendor: dict[str, list[Account]] = {}
        for account in sorted(chosen, key=lambda account: account.limits.min_interval_s):
            by_vendor.setdefault(account.vendor, []).append(account)
        for name, mine in by_vendor.items():
            vendor = discover()[name]
            all_of_it = [a for a in self.accounts.values() if a.vendor == name]
            if self.request.rebuild or (self.request.first and self.request.last):
                yield from self._backfill(vendor, mine, all_of_it)
            else:
                yield from self._poll(warehouse, vendor, mine, all_of_it)

    def _poll(
        self,
        warehouse: Warehouse,
        vendor: Vendor,
        accounts: Sequence[Account],
        all_of_it: Sequence[Account],
    ) -> Iterator[Run]:
        """One run for all accounts that are due."""
        waiting = waits(warehouse, vendor, accounts, self.now)
        due: list[Account] = []
        for account in accounts:
            wait = waiting[account.name]
            if _today(account, self.now) < account.start_date:
                self._skip(account, f"its first business day is {account.start_date}")
            elif wait.is_over:
                due.append(account)
            elif wait.stopped:
                why = (
                    "stopped, as its credentials were refused: see `callhouse status`; its next "
                    f"probe is in {wait.span.total_seconds():.0f} s"
                )
                self._skip(account, why, stopped=True)
            else:
                span = wait.span.total_seconds()
                self._skip(account, f"not due: its next poll is in {span:.0f} s")
        if due:
            from assets.partitions import business_days
            from pipelines.schedules import poll_tags

            # Dagster has the partitions that have begun by this host's clock.
            days = business_days(self.accounts.values(), self.now)
            tags = poll_tags(vendor, due, all_of_it, min(self.now, datetime.now(UTC)), days)
            steps = sum(len(account.streams) for account in due)
            yield Run(vendor, tags, steps, is_poll=True)

    def _backfill(
        self,
        vendor: Vendor,
        accounts: Sequence[Account],
        all_of_it: Sequence[Account],
    ) -> Iterator[Run]:
        """Runs of a month each, newest first, as Dagster's UI makes them of a range."""
        from assets.partitions import KEY
        from assets.resource import KIND_TAG, VENDOR_TAG
        from assets.vendor_assets import DAYS_PER_RUN
        from pipelines.schedules import accounts_tag

        days = {account.name: self._days(account) for account in accounts}
        for account in accounts:
            if not days[account.name]:
                self._skip(account, f"no business day of it is {self.request.span}")
        wanted = sorted({day for mine in days.values() for day in mine})
        while wanted:
            wanted, chunk = wanted[:-DAYS_PER_RUN], wanted[-DAYS_PER_RUN:]
            mine = [a for a in accounts if days[a.name] and days[a.name][0] <= chunk[-1]]
            begin, end = f"{chunk[0]:{KEY}}", f"{chunk[-1]:{KEY}}"
            tags = {
                KIND_TAG: REBUILD if self.request.rebuild else BACKFILL,
                BACKFILL_TAG: vendor.name,
                **accounts_tag(mine, all_of_it),
                VENDOR_TAG: vendor.name,
                "dagster/asset_partition_range_start": begin,
                "dagster/asset_partition_range_end": end,
            }
            steps = sum(
                len(account.streams) * len(set(chunk) & set(days[account.name])) for account in mine
            )
            yield Run(vendor, tags, steps, rebuilds=self.request.rebuild)

    def _days(self, account: Account) -> list[date]:
        begin, today = account.start_date, _today(account, self.now)
        if not (self.request.first and self.request.last):
            return days_between(begin, today)
        first, last = self.request.first, self.request.last
        if self.request.rebuild:
            # What is stored beyond the account's days is made again with the nearest of them.
            first, last = min(first, today), max(last, begin)
        return days_between(max(first, begin), min(last, today))

    def _skip(self, account: Account, why: str, stopped: bool = False) -> None:
        self.skipped.append(Skipped(account.name, why, stopped))


def _today(account: Account, now: datetime) -> date:
    return business_day(now, account.timezone)
