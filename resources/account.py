"""One account, as everything else sees it: complete, checked, its secrets at hand but hidden."""

from collections.abc import Mapping
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from sql.vocabulary import Tells


class Limits(BaseModel):
    """What a vendor lets one credential do. `None` or 0 means: no such limit.

    Vendors' modules declare theirs with the `sources` that say so; an account overrides single
    keys (INTERFACE: `limits`). Keys are those of `accounts.toml`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    min_interval_s: float = Field(0, ge=0, le=86_400)
    """Seconds between two requests of one report with one token."""
    requests_per_s: float | None = Field(None, ge=0.001, le=10_000)
    concurrency: int = Field(4, ge=1, le=1_000)
    daily_requests: int | None = Field(None, ge=1, le=2**31 - 1)
    max_window_days: int = Field(1, ge=1, le=366)
    max_records: int | None = Field(None, ge=1, le=2**31 - 1)
    max_bytes: int = Field(256 * 1024 * 1024, ge=1, le=2**32)
    timeout_s: float = Field(60, gt=0, le=3_600)
    reserve: float = Field(0.2, ge=0, lt=1)
    """Share of the daily quota that backfills leave to the schedules."""
    sources: Mapping[str, str] = Field(default_factory=dict, exclude=True)
    """Which document says so, by key."""


class Distrust(BaseModel):
    """When a full read isn't believed at once: it shows too little of a day's known records (none
    of them is doubted always), or the vendor may not be ready yet.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    below_share: float = Field(0.5, ge=0, le=1)
    """Less than this share of them is doubted."""
    from_records: int = Field(20, ge=1, le=2**31 - 1)
    """If so many are known at least."""
    again_after_h: float = Field(4, ge=0, le=720)
    """No read makes a day complete sooner than so long after the day's end; where it changes
    totals, than so long after the read.
    """
    empty_again_after_h: float = Field(24, ge=0, le=720)
    """An empty day, however long ago it was, is complete when it is so that much later, too."""
    recent_days: float = Field(2, ge=0, le=30)
    """So long after its end a day that is complete is read once more."""


class Options(BaseModel):
    """What narrows an account's loads; each vendor that has such parameters extends it."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, str_max_length=500)

    @property
    def untold(self) -> frozenset[Tells]:
        """What isn't told any more of calls that are narrowed so."""
        return frozenset()


class Account(BaseModel):
    """An account of `accounts.toml` with every default filled in.

    `daily_requests` of the limits is worked out already from `licenses` where that applies.
    """

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    name: str
    vendor: str
    base_url: str
    timezone: ZoneInfo
    start_date: date
    streams: tuple[str, ...]
    currency: str | None
    country: str
    operation: str
    poll_every: timedelta
    credentials: Mapping[str, SecretStr]
    """Empty where nobody needs them and one isn't at hand."""
    limits: Limits
    options: Options
    distrust: Distrust = Distrust()

    @property
    def secrets(self) -> tuple[str, ...]:
        """The values of all credentials, in an order of their own: equal where they are shared."""
        return tuple(self.secret(name) for name in sorted(self.credentials))

    def secret(self, name: str) -> str:
        """The value of a credential, for the moment of its use."""
        return self.credentials[name].get_secret_value()
