"""`accounts.toml`: read, checked whole, every fault named at once."""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import phonenumbers
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    ValidationError,
)

from resources.account import Account, Distrust, Limits, Options
from resources.configuration.credential import Credential
from resources.configuration.wrong_values import shown_name, wrong_values
from resources.errors import ConfigurationError
from resources.http.client import LOOPBACK
from resources.text.files import read_text
from resources.vendor_api.vendor import Vendor
from resources.vendors import discover

SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
LABEL = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
CURRENCY = re.compile(r"[A-Z]{3}")
EARLIEST = date(2000, 1, 1)
AHEAD = timedelta(days=366)
"""No account begins later than this."""
LARGEST_FILE = 4 * 1024 * 1024
WEEK_S = 7 * 86_400


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("no such time zone; expected a name like America/Bogota") from None
    return name


def _address(url: str) -> str:
    if not url.isascii() or not url.isprintable() or set(url) & set(' \\"<>^`{|}'):
        raise ValueError("has a character that no address has (of a host's name, write xn--…)")
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname or ""
    except ValueError:
        raise ValueError("expected a port from 1 to 65535 and a host's name or address") from None
    if parts.scheme not in ("http", "https") or not host:
        raise ValueError("expected an address like https://example.com")
    if parts.scheme == "http" and host not in LOOPBACK:
        raise ValueError("must be https: a token never travels in clear")
    if set(url) & set("?#") or "@" in parts.netloc:
        raise ValueError("must not carry a query, a fragment, a user or a password")
    if port == 0 or parts.netloc.endswith(":"):
        raise ValueError("expected a port from 1 to 65535")
    if not _is_host(host):
        raise ValueError(f"{host[:80]!r} is no host's name or address")
    return url.rstrip("/")


def _is_host(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        is_number = host.rpartition(".")[2].isdecimal()  # 10.0.0.300, or a number for an address
        return len(host) <= 253 and not is_number and all(map(LABEL.fullmatch, host.split(".")))
    return True


def _start(day: Any) -> Any:
    if isinstance(day, datetime):
        raise ValueError("expected a day like 2026-01-31, without a time")  # noqa: TRY004 - pydantic's
    return day


def _country(code: str) -> str:
    if code not in phonenumbers.SUPPORTED_REGIONS:
        raise ValueError("expected a two-letter country code like CO")
    return code


def _currency(code: str) -> str:
    if not CURRENCY.fullmatch(code):
        raise ValueError("expected a currency of three capital letters like COP")
    return code


class AccountEntry(BaseModel):
    """One `[accounts.<name>]` table as written. What it leaves out, its vendor fills in."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, str_max_length=2_000)

    vendor: str
    base_url: Annotated[str, AfterValidator(_address)]
    timezone: Annotated[str, AfterValidator(_zone)] | None = None
    start_date: Annotated[date, BeforeValidator(_start), Field(strict=True, ge=EARLIEST)]
    streams: tuple[str, ...] | None = None
    currency: Annotated[str, AfterValidator(_currency)] | None = None
    country: Annotated[str, AfterValidator(_country)] | None = None
    licenses: int | None = Field(None, strict=True, ge=1, le=1_000_000)
    operation: Annotated[str, StringConstraints(min_length=1, max_length=100)] | None = None
    poll_every_s: float | None = Field(None, strict=True, gt=0, le=WEEK_S)
    credentials: dict[str, Any] = Field(default_factory=dict)
    limits: dict[str, Any] = Field(default_factory=dict)
    options: dict[str, Any] = Field(default_factory=dict)
    distrust: Distrust = Distrust()


STAND_INS = {"vendor": "", "base_url": "https://vendor.invalid", "start_date": EARLIEST}
"""For what every account needs, while the rest of a wrong entry is looked at."""
Entries = dict[str, Any]
"""The tables `[accounts.<name>]` as written, by name."""
Faults = dict[str, list[str]]
"""What is wrong with which account, each starting at its key's dot."""


def read_accounts(path: Path) -> dict[str, Account]:
    """The accounts of the file at `path`, by name.

    Raises ConfigurationError with every fault of the file: account, key, what is wrong, what
    was expected. No secret's value is in it.
    """
    entries, wrong = read_entries(path)
    accounts, faults = accounts_of(entries)
    wrong += sentences(faults)
    if wrong:
        raise ConfigurationError(wrong)
    return accounts


def read_entries(path: Path) -> tuple[Entries, list[str]]:
    """What the file at `path` says of accounts, unchecked; and what else it says, which is wrong.

    Raises ConfigurationError when it can't be read, or has no account.
    """
    try:
        text = read_text(path, LARGEST_FILE)
    except ValueError as error:
        raise ConfigurationError([f"{path}: {error}"]) from None
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError([f"{path}: not valid TOML: {error}"]) from None
    except RecursionError:
        raise ConfigurationError([f"{path}: nested too deep"]) from None
    wrong = [
        f"{shown_name(key)}: unknown; expected [accounts.<name>]"
        for key in document
        if key != "accounts"
    ]
    entries = document.get("accounts", {})
    if not isinstance(entries, dict) or not entries:
        raise ConfigurationError([*wrong, "no account; expected at least one [accounts.<name>]"])
    return entries, wrong


def accounts_of(entries: Entries, needs_secrets: bool = True) -> tuple[dict[str, Account], Faults]:
    """The accounts that the entries describe, and what is wrong with which. One that only doesn't
    go together with another is among the accounts, too. Where secrets aren't needed, an account
    whose secrets aren't at hand has none.
    """
    accounts: dict[str, Account] = {}
    faults: Faults = {}
    for name, entry in entries.items():
        account, wrong = _account(name, entry, needs_secrets)
        if account:
            accounts[name] = account
        else:
            faults[name] = wrong
    for name, fault in (*_share_quotas(accounts), *_disagreements(accounts)):
        faults.setdefault(name, []).append(fault)
    return accounts, faults


def sentences(faults: Faults) -> list[str]:
    """The faults in full."""
    return [
        f"accounts.{shown_name(name)}{fault}" for name, wrong in faults.items() for fault in wrong
    ]


def _account(name: str, entry: Any, needs_secrets: bool) -> tuple[Account | None, list[str]]:
    """The account, or None and its faults, each starting at the key's dot."""
    faults: list[str] = []
    if not SLUG.fullmatch(name):
        faults.append(": the name may have a-z, 0-9 and '-' only, and 63 of them")
    parsed, wrong = _parsed(entry)
    faults += wrong
    if parsed is None:
        return None, faults
    vendor = discover().get(parsed.vendor)
    if vendor is None:
        return None, faults + _of_no_vendor(parsed, wrong)
    secrets, missing = _credentials(vendor.credentials, parsed.credentials, needs_secrets)
    limits, exceeded = _limits(vendor, parsed)
    streams, unknown = _streams(vendor, parsed.streams)
    options, narrowed = _options(vendor, parsed)
    more = [*missing, *exceeded, *unknown, *narrowed, *_improbable(vendor, parsed, limits)]
    faults += _of_other_keys(more, wrong)
    if faults or limits is None or options is None:
        return None, faults
    timezone = parsed.timezone or vendor.timezone
    return Account(
        name=name,
        vendor=vendor.name,
        base_url=parsed.base_url,
        timezone=ZoneInfo(timezone),
        start_date=parsed.start_date,
        streams=streams,
        currency=parsed.currency,
        country=parsed.country or vendor.country,
        operation=f"{vendor.name} {parsed.operation}" if parsed.operation else name,
        poll_every=_poll_every(vendor, parsed),
        credentials=secrets,
        limits=limits,
        options=options,
        distrust=parsed.distrust,
    ), []


def _parsed(entry: Any) -> tuple[AccountEntry | None, list[str]]:
    """The entry, and what is wrong with single values. These are as if they weren't written, or
    stand-ins for what must be: whatever else is wrong can be looked for all the same.
    """
    try:
        return AccountEntry.model_validate(entry), []
    except ValidationError as error:
        faults = wrong_values(error, AccountEntry)
        if not isinstance(entry, dict):
            return None, faults
        wrong = {str(detail["loc"][0]) for detail in error.errors(include_input=False)}
    right = {key: value for key, value in entry.items() if key not in wrong}
    return AccountEntry.model_validate(STAND_INS | right), faults


def _of_other_keys(faults: list[str], named: list[str]) -> list[str]:
    """The faults of keys of which none is named yet."""
    keys = {_key(fault) for fault in named}
    return [fault for fault in faults if _key(fault) not in keys]


def _key(fault: str) -> str:
    return fault.partition(":")[0].split(".")[1]


def _of_no_vendor(entry: AccountEntry, named: list[str]) -> list[str]:
    """What is wrong with an entry whose vendor isn't known, as far as that can be said."""
    known = ", ".join(sorted(discover()))
    faults = [f".vendor: no vendor {entry.vendor!r}; expected one of {known}"]
    faults += _credentials(tuple(entry.credentials), entry.credentials, needs_secrets=True)[1]
    return _of_other_keys(faults, named)


def _poll_every(vendor: Vendor, entry: AccountEntry) -> timedelta:
    return timedelta(seconds=entry.poll_every_s) if entry.poll_every_s else vendor.poll_every


def _improbable(vendor: Vendor, entry: AccountEntry, limits: Limits | None) -> Iterator[str]:
    """What each value may say, but not here."""
    poll_every_s = _poll_every(vendor, entry).total_seconds()
    if limits and poll_every_s < limits.min_interval_s:
        yield (
            f".poll_every_s: {poll_every_s:g} is more often than the vendor allows "
            f"(limits.min_interval_s = {limits.min_interval_s:g})"
        )
    if entry.start_date > datetime.now(UTC).date() + AHEAD:
        yield ".start_date: is more than a year ahead"
    if entry.licenses and not vendor.requests_per_license:
        yield f".licenses: {vendor.name} has no quota by licences; remove it"


def _options(vendor: Vendor, entry: AccountEntry) -> tuple[Options | None, list[str]]:
    try:
        return vendor.options.model_validate(entry.options), []
    except ValidationError as error:
        return None, wrong_values(error, vendor.options, "options")


def _credentials(
    keys: Sequence[str], written: Mapping[str, Any], needs_secrets: bool
) -> tuple[dict[str, SecretStr], list[str]]:
    """The secrets, and what is wrong. None if they aren't needed and one isn't there."""
    secrets: dict[str, SecretStr] = {}
    faults = [
        f".credentials.{key}: unknown; expected {', '.join(keys)}"
        for key in written
        if key not in keys
    ]
    absent: list[str] = []
    for key in keys:
        where = f".credentials.{key}"
        if key not in written:
            faults.append(f'{where}: missing; expected {{ env = "NAME" }} or {{ file = "/path" }}')
        elif not isinstance(written[key], dict):
            faults.append(
                f"{where}: a literal secret is refused; "
                'expected { env = "NAME" } or { file = "/path" }'
            )
        else:
            try:
                secrets[key] = SecretStr(Credential.model_validate(written[key]).value())
            except ValidationError as error:
                faults += wrong_values(error, Credential, f"credentials.{key}")
            except ValueError as error:
                absent.append(f"{where}: {error}")
    if needs_secrets:
        faults += absent
    return {} if absent else secrets, faults


def _limits(vendor: Vendor, entry: AccountEntry) -> tuple[Limits | None, list[str]]:
    declared = vendor.limits.model_dump()
    if vendor.requests_per_license and entry.licenses:
        declared["daily_requests"] = entry.licenses * vendor.requests_per_license
    if "sources" in entry.limits:
        return None, [".limits.sources: unknown"]
    try:
        return Limits.model_validate(declared | entry.limits), []
    except ValidationError as error:
        return None, wrong_values(error, Limits, "limits")


def _streams(vendor: Vendor, asked: tuple[str, ...] | None) -> tuple[tuple[str, ...], list[str]]:
    streams = vendor.default_streams if asked is None else asked
    known = [stream.name for stream in vendor.streams]
    faults = [
        f".streams: no stream {name!r}; {vendor.name} has {', '.join(known)}"
        for name in streams
        if name not in known
    ]
    if not streams:
        faults.append(f".streams: empty; {vendor.name} has {', '.join(known)}")
    faults += [
        f".streams: {stream.name!r} needs {stream.parent!r}, whose details it loads"
        for stream in vendor.streams
        if stream.name in streams and stream.parent not in (None, *streams)
    ]
    return tuple(name for name in known if name in streams), faults


def _share_quotas(accounts: dict[str, Account]) -> Iterator[tuple[str, str]]:
    """A vendor counts by its customer: who has the same credentials as another account that has a
    daily quota is of its operation, even if nobody says so.
    """
    owners: dict[tuple[str, ...], Account] = {}
    named_first = sorted(accounts.values(), key=lambda account: account.operation == account.name)
    for account in named_first:
        if account.limits.daily_requests and account.secrets:
            owners.setdefault((account.vendor, *account.secrets), account)
    for name, account in accounts.items():
        owner = owners.get((account.vendor, *account.secrets), account)
        if account.operation not in (name, owner.operation):
            yield (
                name,
                (
                    f".operation: has the same credentials as {owner.name}, "
                    "which is of another operation"
                ),
            )
        accounts[name] = account.model_copy(update={"operation": owner.operation})


def _disagreements(accounts: Mapping[str, Account]) -> Iterator[tuple[str, str]]:
    """Accounts of one operation share a quota: they must agree on how big it is and on its day."""
    first: dict[str, Account] = {}
    for account in accounts.values():
        other = first.setdefault(account.operation, account)
        same = (other.limits.daily_requests, other.timezone)
        if same != (account.limits.daily_requests, account.timezone):
            yield (
                account.name,
                (
                    f".operation: shares its daily quota with {other.name}, "
                    "but their licenses, daily_requests or timezone differ"
                ),
            )
