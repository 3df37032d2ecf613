"""The accounts while somebody edits `accounts.toml`: one that is wrong now stops no other, and goes
on with its last good settings.

The file as it was last good is kept in Callhouse's home. A start refuses a wrong file whole
(`configuration.read_accounts`).
"""

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from resources.account import Account
from resources.configuration.accounts import Entries, Faults, accounts_of, read_entries, sentences
from resources.configuration.home import Home
from resources.errors import ConfigurationError
from resources.text import files

THE_FILE = ""
"""Whose fault it is when it is no account's."""


@dataclass(frozen=True)
class Settings:
    """What can be worked with, and what is wrong."""

    accounts: Mapping[str, Account]
    faults: Mapping[str, list[str]]
    """In full, by account, or by THE_FILE."""
    kept: frozenset[str] = frozenset()
    """Accounts with their last good settings, as those in the file are wrong."""
    left_out: frozenset[str] = frozenset()
    """Accounts of which no good settings are known."""

    def sentences(self) -> list[str]:
        """What is wrong, and what becomes of it."""
        lines = [fault for faults in self.faults.values() for fault in faults]
        if self.kept:
            lines.append(f"with their last good settings go on: {', '.join(sorted(self.kept))}")
        if self.left_out:
            lines.append(f"left out until that is right: {', '.join(sorted(self.left_out))}")
        return lines


def read_settings(home: Home, needs_secrets: bool = True) -> Settings:
    """The accounts of the file now, or as they last were good. Raises nothing. Where secrets aren't
    needed, an account whose secrets aren't at hand has none.
    """
    path, copy = home.accounts, _copy_of(home)
    try:
        entries, wrong = read_entries(path)
    except ConfigurationError as error:
        return _as_kept(_kept_entries(copy), error.faults, needs_secrets)
    accounts, faults = accounts_of(entries, needs_secrets)
    if not faults and not wrong:
        if needs_secrets:
            _keep(path, copy)
        return Settings(accounts, {})
    findings = {name: sentences({name: fault}) for name, fault in faults.items()}
    if wrong:
        findings[THE_FILE] = wrong
    good = _with_kept(entries, faults, _kept_entries(copy), needs_secrets)
    kept = good.keys() & faults.keys()
    return Settings(good, findings, frozenset(kept), frozenset(faults.keys() - kept))


def _as_kept(entries: Entries, wrong: list[str], needs_secrets: bool) -> Settings:
    """All accounts as they last were good: the file can't be read."""
    accounts, faults = accounts_of(entries, needs_secrets)
    findings = {THE_FILE: wrong} | {
        name: sentences({name: fault}) for name, fault in faults.items()
    }
    good = {name: account for name, account in accounts.items() if name not in faults}
    return Settings(good, findings, frozenset(good), frozenset(faults))


def _with_kept(
    entries: Entries, faults: Faults, kept: Entries, needs_secrets: bool
) -> dict[str, Account]:
    """The accounts without fault, and of the others those whose last good settings still are.

    Where these don't go together with what is good now, they are left out.
    """
    right = {name: entry for name, entry in entries.items() if name not in faults}
    kept_of = {name: kept[name] for name in faults if name in kept}
    accounts, still = accounts_of(right | kept_of, needs_secrets)
    if still.keys() & right.keys():
        accounts, still = accounts_of(right, needs_secrets)
    return {name: account for name, account in accounts.items() if name not in still}


def _copy_of(home: Home) -> Path:
    """Where the file is kept: by its path, as a home may know several."""
    digest = hashlib.sha256(str(home.accounts).encode()).hexdigest()[:12]
    return home.root / "accounts" / f"{digest}.toml"


def _kept_entries(copy: Path) -> Entries:
    try:
        return read_entries(copy)[0]
    except ConfigurationError:
        return {}


def _keep(path: Path, copy: Path) -> None:
    """Keeps the file as it is. Where nothing can be written, there is only what it says now."""
    with suppress(OSError):
        content = path.read_bytes()
        if copy.exists() and copy.read_bytes() == content:
            return
        copy.parent.mkdir(parents=True, exist_ok=True)
        files.write(copy, content)
