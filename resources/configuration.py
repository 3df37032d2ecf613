"""`accounts.toml`: read, checked whole, every fault named at once."""

import re
import tomllib
from collections.abc import Iterator, Mapping
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

from resources.account import Account, Distrust, Limits
from resources.credential import Credential
from resources.errors import ConfigurationError
from resources.files import read_text
from resources.http import LOOPBACK
from resources.vendor import DetailStream, Vendor
from resources.vendors import discover

SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
LABEL = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
EARLIEST = date(2000, 1, 1)
AHEAD = timedelta(days=366)
"""No account begins later than this."""
LONGEST_NAME = 80
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


class AccountEntry(BaseModel):
    """One `[accounts.<name>]` table as written. What it leaves out, its vendor fills in."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, str_max_length=2_000)

    vendor: str
    base_url: Annotated[str, AfterValidator(_address)]
    timezone: Annotated[str, AfterValidator(_zone)] | None = None
    start_date: Annotated[date, BeforeValidator(_start), Field(strict=True, ge=EARLIEST)]
    streams: tuple[str, ...] | None = None
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] | None = None
    country: Annotated[str, AfterValidator(_country)] | None = None
    licenses: int | None = Field(None, strict=True, ge=1, le=1_000_000)
    operation: Annotated[str, StringConstraints(min_length=1, max_length=100)] | None = None
    poll_every_s: float | None = Field(None, strict=True, gt=0, le=WEEK_S)
    credentials: dict[str, Any] = Field(default_factory=dict)
    limits: dict[str, Any] = Field(default_factory=dict)
    options: dict[str, Any] = Field(default_factory=dict)
    distrust: Distrust = Distrust()


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
        f"{_name(key)}: unknown; expected [accounts.<name>]"
        for key in document
        if key != "accounts"
    ]
    entries = document.get("accounts", {})
    if not isinstance(entries, dict) or not entries:
        raise ConfigurationError([*wrong, "no account; expected at least one [accounts.<name>]"])
    return entries, wrong


def accounts_of(entries: Entries) -> tuple[dict[str, Account], Faults]:
    """The accounts that the entries describe, and what is wrong with which. One that only doesn't
    go together with another is among the accounts, too.
    """
    accounts: dict[str, Account] = {}
    faults: Faults = {}
    for name, entry in entries.items():
        account, wrong = _account(name, entry)
        if account:
            accounts[name] = account
        else:
            faults[name] = wrong
    for name, fault in (*_share_quotas(accounts), *_disagreements(accounts)):
        faults.setdefault(name, []).append(fault)
    return accounts, faults


def sentences(faults: Faults) -> list[str]:
    """The faults in full."""
    return [f"accounts.{_name(name)}{fault}" for name, wrong in faults.items() for fault in wrong]


def _account(name: str, entry: Any) -> tuple[Account | None, list[str]]:
    """The account, or None and its faults, each starting at the key's dot."""
    faults: list[str] = []
    if not SLUG.fullmatch(name):
        faults.append(": the name may have a-z, 0-9 and '-' only, and 63 of them")
    try:
        parsed = AccountEntry.model_validate(entry)
    except ValidationError as error:
        return None, faults + _sentences(error)
    vendor = discover().get(parsed.vendor)
    if vendor is None:
        known = ", ".join(sorted(discover()))
        return None, [*faults, f".vendor: no vendor {parsed.vendor!r}; expected one of {known}"]
    secrets, wrong = _credentials(vendor, parsed.credentials)
    faults += wrong
    limits, wrong = _limits(vendor, parsed)
    faults += wrong
    streams, wrong = _streams(vendor, parsed.streams)
    faults += wrong
    try:
        options = vendor.options.model_validate(parsed.options)
    except ValidationError as error:
        faults += _sentences(error, "options")
    poll_every = (
        timedelta(seconds=parsed.poll_every_s) if parsed.poll_every_s else vendor.poll_every
    )
    if limits and poll_every < timedelta(seconds=limits.min_interval_s):
        faults.append(
            f".poll_every_s: {poll_every.total_seconds():g} is more often than the vendor allows "
            f"(limits.min_interval_s = {limits.min_interval_s:g})"
        )
    if parsed.start_date > datetime.now(UTC).date() + AHEAD:
        faults.append(".start_date: is more than a year ahead")
    if parsed.licenses and not vendor.requests_per_license:
        faults.append(f".licenses: {vendor.name} has no quota by licences; remove it")
    if faults or limits is None:
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
        poll_every=poll_every,
        credentials=secrets,
        limits=limits,
        options=options,
        distrust=parsed.distrust,
    ), []


def _credentials(
    vendor: Vendor, written: Mapping[str, Any]
) -> tuple[dict[str, SecretStr], list[str]]:
    secrets: dict[str, SecretStr] = {}
    faults = [
        f".credentials.{key}: unknown; {vendor.name} takes {', '.join(vendor.credentials)}"
        for key in written
        if key not in vendor.credentials
    ]
    for key in vendor.credentials:
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
                faults += _sentences(error, f"credentials.{key}")
            except ValueError as error:
                faults.append(f"{where}: {error}")
    return secrets, faults


def _limits(vendor: Vendor, entry: AccountEntry) -> tuple[Limits | None, list[str]]:
    declared = vendor.limits.model_dump()
    if vendor.requests_per_license and entry.licenses:
        declared["daily_requests"] = entry.licenses * vendor.requests_per_license
    if "sources" in entry.limits:
        return None, [".limits.sources: unknown"]
    try:
        return Limits.model_validate(declared | entry.limits), []
    except ValidationError as error:
        return None, _sentences(error, "limits")


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
        f".streams: {stream.name!r} needs {stream.of!r}, whose details it loads"
        for stream in vendor.streams
        if isinstance(stream, DetailStream) and stream.name in streams and stream.of not in streams
    ]
    return tuple(name for name in known if name in streams), faults


def _share_quotas(accounts: dict[str, Account]) -> Iterator[tuple[str, str]]:
    """A vendor counts by its customer: who has the same credentials as another account that has a
    daily quota is of its operation, even if nobody says so.
    """
    owners: dict[tuple[str, ...], Account] = {}
    named_first = sorted(accounts.values(), key=lambda account: account.operation == account.name)
    for account in named_first:
        if account.limits.daily_requests:
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


def _sentences(error: ValidationError, under: str = "") -> list[str]:
    """What pydantic found, each starting at the key's dot. The input is never quoted."""
    lines: list[str] = []
    for detail in error.errors(include_input=False, include_url=False):
        path = [under] if under else []
        path += [_name(str(part)) for part in detail["loc"]]
        message = detail["msg"].removeprefix("Value error, ")
        lines.append(f"{''.join(f'.{part}' for part in path)}: {message[0].lower()}{message[1:]}")
    return lines


def _name(written: str) -> str:
    """A name as somebody wrote it, for a sentence: short, and nothing that moves a cursor."""
    short = written if len(written) <= LONGEST_NAME else f"{written[:LONGEST_NAME]}…"
    return short if short.isprintable() else repr(short)
