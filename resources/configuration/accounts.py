"""`accounts.toml`: read, checked whole, every fault named at once."""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import SecretStr, ValidationError

from resources.account import Account, Limits, Options
from resources.configuration.account_entry import EARLIEST, AccountEntry
from resources.configuration.credential import Credential
from resources.configuration.operations import disagreements, share_quotas
from resources.configuration.wrong_values import shown_name, wrong_values
from resources.errors import ConfigurationError
from resources.text.files import read_text
from resources.vendor_api.vendor import Vendor
from resources.vendors import discover

SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
AHEAD = timedelta(days=366)
"""No account begins later than this."""
LARGEST_FILE = 4 * 1024 * 1024


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
    for name, fault in (*share_quotas(accounts), *disagreements(accounts)):
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
