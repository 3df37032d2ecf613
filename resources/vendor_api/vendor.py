"""What a vendor's module declares, and nothing of how it is scheduled or stored.

A module in `resources/vendors/` holds a typed client, its streams, its limits and the mapping
to facts, and says so in one object named `VENDOR`. It is found by being there.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from resources.account import Account, Limits, Options
from resources.windows import Window
from sql import facts
from sql.table import Kind, Table, Target
from sql.vocabulary import Tells

if TYPE_CHECKING:
    import pandas as pd

Record = dict[str, Any]
"""One JSON object as the vendor sent it, secrets redacted."""


@dataclass(frozen=True, slots=True)
class Page:
    """One answer, checked against the request: its records, and what it says of the whole.

    `records` may hold anything that JSON can (a broken vendor sends arrays for objects), and may be
    made anew each time that one goes through them.
    `total` is the vendor's own count of the records in the window, where it gives one.
    """

    records: Collection[Any]
    request_id: int
    observed_at: datetime
    """When the request was granted, by the database's clock."""
    total: int | None = None
    seen: set[str] | None = None
    """Keys of the pages before, where its client has collected them: shared, as they may be a
    million. Those of this page join them, at the latest as the next one is asked for.
    """
    remark: str | None = None
    """What the notes of the window's days tell of it."""
    keys: list[str | None] | None = None
    """Of each record, where its client has looked already."""
    digest: str | None = None
    """Of the answer's body, where the records are all of it and nothing else."""
    beyond: int = 0
    """Records of it that the vendor counts, but that began only when the window was over: one
    second more may be asked for, or its end taken for included.
    """


@dataclass(frozen=True, slots=True)
class Reject:
    """Why the record at `index` isn't a fact."""

    index: int
    field: str
    reason: str


Faults = dict[int, dict[str, str]]
"""By a record's place in the batch: fields that couldn't be read, so that their columns are NULL,
each with the reason."""


@dataclass(slots=True)
class Facts:
    """A batch of records as facts. Every frame's index is the record's place in the batch.

    `tables`: by name of the table in `facts`, columns as there, without those that the loader
    fills (account, stream, vendor, call_date, the key, times of loading).
    `started_at`: UTC, one a record: it decides the business day. NaT for a reject without one;
    None where records don't say it: aggregates belong to the day asked for, details to their call.
    `faults`: what of records that are facts couldn't be read.
    `is_open`: records that their vendor will still change.
    `alike`: columns in which all tables say the same of a record.
    `new_fields`: fields that no mapping knows, and values (`field=value`) outside a known list.
    """

    tables: "dict[str, pd.DataFrame]"
    started_at: "pd.Series[pd.Timestamp] | None"
    rejects: list[Reject] = field(default_factory=list)
    faults: Faults = field(default_factory=dict)
    is_open: "pd.Series[bool] | None" = None
    alike: frozenset[str] = frozenset()
    new_fields: frozenset[str] = frozenset()


Normalise = Callable[[Sequence[Record], Account], Facts]


@dataclass(frozen=True, kw_only=True)
class BaseStream:
    """What every stream says of itself.

    `table`: what a record becomes, by its name in `sql.facts`: a row of it (or an enrichment).
    `also`: other tables in which a record may have a row.
    `redact`: masks what a payload quotes of other systems' secrets, before anything is stored.
    `searches`: paths to which it may POST, as the vendor's document says that this only reads.
    `volatile`: fields that change at each read (a signed URL), dots going into nested objects. They
    make no new version of a record; what is stored of them came with its last one.
    """

    name: str
    title: str
    document: str
    table: str
    normalise: Normalise
    also: tuple[str, ...] = ()
    default: bool = True
    redact: Callable[[Record], Record] | None = None
    searches: tuple[str, ...] = ()
    volatile: tuple[str, ...] = ()

    @property
    def parent(self) -> str | None:
        """The stream whose records these are details of, by name; None: of none."""
        return None

    @property
    def target(self) -> Target:
        """What a record becomes."""
        return facts.target(self.table)

    @property
    def targets(self) -> tuple[Target, ...]:
        """All that a record becomes."""
        return tuple(facts.target(name) for name in (self.table, *self.also))

    @property
    def tables(self) -> tuple[Table, ...]:
        """The tables in which a record has rows of its own."""
        return tuple(target for target in self.targets if isinstance(target, Table))

    @property
    def brings_audio(self) -> bool:
        """Whether its records say where audio files are, which it has put there."""
        return self.table == "audio"

    @property
    def replaces(self) -> bool:
        """Whether an answer is the day's whole set, not an addition to it."""
        return self.target.kind is Kind.SET


@dataclass(frozen=True, kw_only=True)
class Stream(BaseStream):
    """One report of a vendor, read window by window.

    `live`: how the schedule reads on: "since" the watermark, or the whole "day" so far.
    `settle`: how long after its end a day's records can still change; the day is read again
    every `settle_every` until then (or, with `until_final`, until no record is open).
    `spans_days`: one request may cover several business days (per-call records, not totals).
    """

    read: Callable[[Any, Window], Iterator[Page]]
    key: Callable[[Record], str | None]
    live: Literal["since", "day"] = "since"
    lookback: timedelta = timedelta(minutes=30)
    lag: timedelta = timedelta(0)
    settle: timedelta = timedelta(hours=1)
    settle_every: timedelta = timedelta(hours=6)
    until_final: bool = False
    spans_days: bool = False


@dataclass(frozen=True, slots=True)
class Parent:
    """A record whose detail is to be fetched: its key, as in raw, and when it began.

    `facts`: what its row in facts says, of the columns that the detail stream `needs`. `failures`:
    how often the answer for its detail was of no use.
    """

    key: str
    started_at: datetime
    facts: Mapping[str, Any] = field(default_factory=dict)
    failures: int = 0


@dataclass(frozen=True, kw_only=True)
class DetailStream(BaseStream):
    """One request a record of another stream (`of`): fetched once, resumed where it stopped.

    `read` gives a page of one record, or of none while the vendor doesn't have it; then it is
    asked again after `retry_every`, `attempts` times in all.
    `delay`: how long after its parent's start a detail may be asked for first.
    `needs`: columns of the parent's row that `read` looks at.
    """

    of: str
    read: Callable[[Any, Parent], Page]
    needs: tuple[str, ...] = ()
    delay: timedelta = timedelta(minutes=10)
    retry_every: timedelta = timedelta(hours=1)
    attempts: int = 5

    @property
    def parent(self) -> str:
        """The stream whose records these are details of, by name."""
        return self.of


AnyStream = Stream | DetailStream


@dataclass(frozen=True, kw_only=True)
class Vendor:
    """A vendor, complete: what `accounts.toml` may say of it, how to ask it, what it allows."""

    name: str
    title: str
    timezone: str
    country: str
    client: Callable[..., Any]
    streams: tuple[AnyStream, ...]
    limits: Limits
    credentials: tuple[str, ...] = ("token",)
    options: type[Options] = Options
    poll_every: timedelta = timedelta(minutes=5)
    requests_per_license: int | None = None
    """The daily quota is the account's `licenses` times this."""
    tells: Mapping[Tells, Collection[str]] = field(default_factory=dict)
    """What it tells of calls, beside who, when and how they ended; each with the names of the
    streams that have to be loaded for it, all of them."""

    def stream(self, name: str) -> AnyStream:
        """The stream named `name`. Raises KeyError."""
        return {stream.name: stream for stream in self.streams}[name]

    def group(self, name: str) -> tuple[AnyStream, list[DetailStream]]:
        """The stream that the records of the stream named `name` are of, itself or the one that
        they are details of, and all that are details of it. Raises KeyError.
        """
        found = self.stream(name)
        root = self.stream(found.parent) if found.parent else found
        return root, [
            other
            for other in self.streams
            if isinstance(other, DetailStream) and other.of == root.name
        ]

    def only(self, names: Collection[str]) -> "Vendor":
        """The same with the streams of these names alone."""
        return replace(self, streams=tuple(s for s in self.streams if s.name in names))

    def told(self, account: Account) -> set[Tells]:
        """What it tells of the account's calls, by what is loaded of them."""
        told = {what for what, streams in self.tells.items() if {*streams} <= {*account.streams}}
        return told - account.options.untold

    @property
    def default_streams(self) -> tuple[str, ...]:
        """The streams of an account that names none."""
        return tuple(stream.name for stream in self.streams if stream.default)


Vendors = Mapping[str, Vendor]
