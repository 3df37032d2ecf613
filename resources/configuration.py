"""`accounts.toml`: read, checked whole, every fault named at once. The one way to get accounts."""

import os
import re
import tomllib
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import phonenumbers
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    ValidationError,
)

from resources.account import Account, Limits
from resources.errors import ConfigurationError
from resources.http import LOOPBACK
from resources.vendor import DetailStream, Vendor
from resources.vendors import discover

SLUG = re.compile(r"[a-z0-9][a-z0-9-]*")


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("no such time zone; expected a name like America/Bogota") from None
    return name


def _address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("expected an address like https://example.com")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise ValueError("must be https: a token never travels in clear")
    if parts.query or parts.fragment or parts.username:
        raise ValueError("must not carry a query, a fragment or a user")
    return url.rstrip("/")


def _country(code: str) -> str:
    if code not in phonenumbers.SUPPORTED_REGIONS:
        raise ValueError("expected a two-letter country code like CO")
    return code


class Credential(BaseModel):
    """Where a secret is: in the environment or in a file, never in `accounts.toml` itself."""

    model_config = ConfigDict(extra="forbid")

    env: str | None = None
    file: Path | None = None

    def value(self) -> str:
        """The secret. Raises ValueError, which says what is missing but never a value."""
        if (self.env is None) == (self.file is None):
            raise ValueError('expected either { env = "NAME" } or { file = "/path" }')
        if self.env is not None:
            secret = os.environ.get(self.env, "").strip()
            if not secret:
                raise ValueError(f"the environment variable {self.env} isn't set")
            return secret
        assert self.file is not None
        try:
            secret = self.file.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ValueError(f"{self.file}: {error.strerror}") from None
        if not secret:
            raise ValueError(f"{self.file} is empty")
        return secret


class AccountEntry(BaseModel):
    """One `[accounts.<name>]` table as written. What it leaves out, its vendor fills in."""

    model_config = ConfigDict(extra="forbid")

    vendor: str
    base_url: Annotated[str, AfterValidator(_address)]
    timezone: Annotated[str, AfterValidator(_zone)] | None = None
    start_date: date
    streams: tuple[str, ...] | None = None
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] | None = None
    country: Annotated[str, AfterValidator(_country)] | None = None
    licenses: int | None = Field(None, ge=1)
    operation: Annotated[str, StringConstraints(min_length=1)] | None = None
    poll_every_s: float | None = Field(None, gt=0)
    credentials: dict[str, Any] = Field(default_factory=dict)
    limits: dict[str, Any] = Field(default_factory=dict)
    options: dict[str, Any] = Field(default_factory=dict)


def read_accounts(path: Path) -> dict[str, Account]:
    """The accounts of the file at `path`, by name.

    Raises ConfigurationError with every fault of the file: account, key, what is wrong, what
    was expected. No secret's value is in it.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError([f"{path}: {error.strerror}"]) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError([f"{path}: not valid TOML: {error}"]) from None
    faults = [
        f"{key}: unknown; expected [accounts.<name>]" for key in document if key != "accounts"
    ]
    entries = document.get("accounts", {})
    if not isinstance(entries, dict) or not entries:
        raise ConfigurationError([*faults, "no account; expected at least one [accounts.<name>]"])
    accounts: dict[str, Account] = {}
    for name, entry in entries.items():
        account, wrong = _account(name, entry)
        faults += [f"accounts.{name}{fault}" for fault in wrong]
        if account:
            accounts[name] = account
    faults += _share_quotas(accounts)
    faults += _disagreements(accounts)
    if faults:
        raise ConfigurationError(faults)
    return accounts


def _account(name: str, entry: Any) -> tuple[Account | None, list[str]]:
    """The account, or None and its faults, each starting at the key's dot."""
    faults: list[str] = []
    if not SLUG.fullmatch(name):
        faults.append(": the name may have a-z, 0-9 and '-' only")
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


def _share_quotas(accounts: dict[str, Account]) -> list[str]:
    """A vendor counts by its customer: who has the same credentials as another account that has a
    daily quota is of its operation, even if nobody says so.
    """
    faults: list[str] = []
    owners: dict[tuple[str, ...], Account] = {}
    named_first = sorted(accounts.values(), key=lambda account: account.operation == account.name)
    for account in named_first:
        if account.limits.daily_requests:
            owners.setdefault((account.vendor, *account.secrets), account)
    for name, account in accounts.items():
        owner = owners.get((account.vendor, *account.secrets), account)
        if account.operation not in (name, owner.operation):
            faults.append(
                f"accounts.{name}.operation: has the same credentials as {owner.name}, "
                "which is of another operation"
            )
        accounts[name] = account.model_copy(update={"operation": owner.operation})
    return faults


def _disagreements(accounts: Mapping[str, Account]) -> list[str]:
    """Accounts of one operation share a quota: they must agree on how big it is and on its day."""
    faults: list[str] = []
    first: dict[str, Account] = {}
    for account in accounts.values():
        other = first.setdefault(account.operation, account)
        same = (other.limits.daily_requests, other.timezone)
        if same != (account.limits.daily_requests, account.timezone):
            faults.append(
                f"accounts.{account.name}.operation: shares its daily quota with {other.name}, "
                "but their licenses, daily_requests or timezone differ"
            )
    return faults


def _sentences(error: ValidationError, under: str = "") -> list[str]:
    """What pydantic found, each starting at the key's dot. The input is never quoted."""
    lines: list[str] = []
    for detail in error.errors(include_input=False, include_url=False):
        path = ".".join(str(part) for part in ([under] if under else []) + list(detail["loc"]))
        message = detail["msg"].removeprefix("Value error, ")
        lines.append(f".{path}: {message[0].lower()}{message[1:]}")
    return lines
