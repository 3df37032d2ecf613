"""Forgets a person everywhere, or a record, or an account: for good, and with a proof of it.

First they are suppressed, so that nothing of theirs lands any more; then everything is looked for
and erased, in transactions of some records each. Interrupted, it is simply run again.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path

from assets.loading.caller_secret import read_hasher
from assets.loading.personal.erase import Counts
from assets.loading.stream_state import wait_for_loads
from assets.maintenance.expiry import drop_detached
from assets.privacy.account import erase_account
from assets.privacy.erase import Erased, Eraser
from assets.privacy.places import Owner, Places, Search, Step, pattern
from assets.privacy.register import Erasure, Register
from assets.privacy.texts import hide_in_files, hide_in_tables
from assets.refresh import refresh_days, stale_days
from resources.errors import CallhouseError
from resources.forgotten import Forgotten, Hasher, HashKind, Suppressed
from resources.postgres.warehouse import Warehouse, execute

AT_ONCE = 200
"""Records a transaction: a load that waits for its stream's lock hardly notices."""


@dataclass(frozen=True)
class Site:
    """All that may hold something of a person."""

    warehouse: Warehouse
    owners: Mapping[str, Owner]
    others: Sequence[Warehouse]
    """Other databases: Dagster's, where it has one of its own."""
    files: Callable[[], Iterable[Path]]
    """The text files, as they are now."""
    register: Register
    step: Step

    def hasher(self) -> Hasher:
        """Keyed hashes of this warehouse."""
        return self.warehouse.in_transaction(read_hasher)


@dataclass(frozen=True)
class Person:
    """Who is to be forgotten by their number, in E.164."""

    number: str
    keeps_calls: bool = False

    def suppressed(self, hasher: Hasher) -> Suppressed:
        """As `ops.suppressed` knows them."""
        hashed, tail = hasher.number(self.number), hasher.tail(self.number)
        return Suppressed(hashed, HashKind.NUMBER, self.keeps_calls, tail)


class Proof:
    """The row of `ops.erasures`, and what it counts. Once it is made, the person is suppressed, and
    the register says so outside of the database, too.
    """

    def __init__(self, site: Site, who: Suppressed) -> None:
        self._warehouse = site.warehouse
        self._register = site.register
        self._tail = who.tail
        values = {"hash": who.hash, "kind": who.kind, "keeps_calls": who.keeps_calls}
        with site.warehouse.transaction() as connection:
            execute(connection, "load/lock_forgotten")
            execute(connection, "erase/suppress", tail=who.tail, **values)
            begun = execute(connection, "erase/begin", **values)[0]
        self._id = begun.id
        self.counts: Counts = Counter(begun.erased)
        site.register.add(self._write(Counter(), is_over=False))

    def add(self, counts: Counts) -> None:
        """Writes down what else was erased."""
        self._write(counts, is_over=False)

    def end(self, counts: Counts) -> Counts:
        """The same, when nothing is left. Returns all that was erased."""
        self._register.add(self._write(counts, is_over=True))
        return self.counts

    def _write(self, counts: Counts, *, is_over: bool) -> Erasure:
        self.counts.update(counts)
        erased = {place: count for place, count in sorted(self.counts.items()) if count}
        row = self._warehouse.rows(
            "erase/note", id=self._id, erased=json.dumps(erased), is_over=is_over
        )[0]
        return Erasure(row.hash, row.kind, row.keeps_calls, self._tail, row.began_at, row.ended_at,
                       erased)  # fmt: skip


def look_for(site: Site, person: Person) -> Counts:
    """How many rows, texts and files have the number. Changes nothing.

    Raises CallhouseError where records have it that couldn't be erased.
    """
    hasher = site.hasher()
    forgotten = Forgotten(hasher, [person.suppressed(hasher)])
    prefilter = pattern(person.number)
    search = Search(site.owners, forgotten, prefilter)
    found = search.places(site.warehouse, site.step)
    found.require_claimed("couldn't be erased")
    return Counter(found.rows) + _hide(site, forgotten, prefilter, dry=True)


def forget_person(site: Site, person: Person) -> Counts:
    """Erases whatever has the number, and suppresses it. Returns what was erased."""
    hasher = site.hasher()
    who = person.suppressed(hasher)
    proof = Proof(site, who)
    _forget(site, Forgotten(hasher, [who]), pattern(person.number), proof.add)
    return proof.end(Counter())


def forget_record(site: Site, account: str, stream: str, key: str) -> Counts:
    """Erases a record and its details, and suppresses it. Returns what was erased.

    Raises CallhouseError where nothing was ever read of such an account or stream.
    """
    hasher = site.hasher()
    try:
        owner = site.owners[account]
        root, _ = owner.group(stream)
    except KeyError as error:
        raise CallhouseError(f"nothing was ever read of {error}") from None
    hashed = hasher.record(account, root.name, key)
    proof = Proof(site, Suppressed(hashed, HashKind.RECORD, False, None))
    places = Places()
    places.keys[account, root.name][key] = False
    behind = _refresh(site, _erase(site, places, Forgotten(hasher, []), proof.add))
    _require_gone(site, behind)
    return proof.end(Counter())


def forget_account(site: Site, account: str) -> Counts:
    """Erases all that was ever read of an account, and suppresses it. Returns what was erased.

    Raises CallhouseError where that is nothing.
    """
    owner = site.owners.get(account)
    hashed = site.hasher().account(account)
    known = {row.hash for row in site.warehouse.rows("erase/suppressed")}
    if owner is None and hashed not in known:
        raise CallhouseError(f"nothing was ever read of {account!r}")
    proof = Proof(site, Suppressed(hashed, HashKind.ACCOUNT, False, None))
    # Of one that isn't known any more everything was erased, but maybe not refreshed.
    days = erase_account(site.warehouse, owner, proof.add, site.step) if owner else set()
    _require_gone(site, _refresh(site, days))
    return proof.end(Counter())


def forget_again(site: Site) -> Counts:
    """Erases what came back of people who were forgotten, as from an old dump: of all whom the
    database or the register knows. Returns what was erased.

    That an erasure has ended is written down last: a dump that is made meanwhile doesn't say so.
    """
    known = list(site.register.erasures())
    _remember(site, (replace(erasure, ended_at=None) for erasure in known))
    counts = _forget_suppressed(site)
    _remember(site, known)
    return counts


def _remember(site: Site, erasures: Iterable[Erasure]) -> None:
    with site.warehouse.transaction() as connection:
        execute(connection, "load/lock_forgotten")
        for erasure in erasures:
            execute(connection, "erase/remember", **erasure.as_row())


def _forget_suppressed(site: Site) -> Counts:
    hasher = site.hasher()
    known = [
        Suppressed(row.hash, HashKind(row.kind), row.keeps_calls, row.tail)
        for row in site.warehouse.rows("erase/suppressed")
    ]
    counts: Counts = Counter()
    hashes = frozenset(who.hash for who in known)
    days: set[date] = set()
    for owner in site.owners.values():
        if hasher.account(owner.name) in hashes:
            days |= erase_account(site.warehouse, owner, counts.update, site.step)
    _refresh(site, days)
    _forget(site, Forgotten(hasher, known), None, counts.update, hashes)
    return counts


def _forget(
    site: Site,
    forgotten: Forgotten,
    prefilter: str | None,
    note: Callable[[Counts], None],
    records: frozenset[str] = frozenset(),
) -> None:
    """`records`: hashes of keys that are suppressed, too."""
    for owner in site.owners.values():
        wait_for_loads(site.warehouse, owner.name, owner.vendor)
    search = Search(site.owners, forgotten, prefilter, records)
    places = search.places(site.warehouse, site.step)
    behind = _refresh(site, _erase(site, places, forgotten, note))
    note(_hide(site, forgotten, prefilter))
    _require_gone(site, behind)
    places.require_claimed("weren't erased")


def _require_gone(site: Site, behind: Sequence[str]) -> None:
    """What was detached for its age goes whole. Raises CallhouseError where somebody reads it, and
    for marts that are `behind`, which may have rows of theirs.
    """
    held = drop_detached(site.warehouse).held
    if behind:
        raise CallhouseError(
            "what marts have of it may still be there, as they can't be refreshed "
            f"({'; '.join(behind)}): run this again when they can"
        )
    if held:
        raise CallhouseError(
            f"{', '.join(held)}: detached for its age, and still to be dropped, but somebody reads "
            "it: run this again when the reader is done"
        )


def _erase(
    site: Site, places: Places, forgotten: Forgotten, note: Callable[[Counts], None]
) -> set[date]:
    """Everything of these places. Returns the days on which something changed."""
    days: set[date] = set()
    done = 0

    def take(erased: Erased, records: int) -> None:
        nonlocal done
        done += records
        days.update(erased.days)
        note(erased.counts)
        site.step("Erasing", done, places.records)

    for (account, stream), keys in places.keys.items():
        eraser = Eraser(site.owners[account], stream, forgotten)
        ordered = sorted(keys.items())
        for first in range(0, len(ordered), AT_ONCE):
            some = dict(ordered[first : first + AT_ONCE])
            work = partial(eraser.erase, keys=some, now=site.warehouse.now())
            take(site.warehouse.in_transaction(work), len(some))
    for (account, stream), ids in places.unkeyed.items():
        eraser = Eraser(site.owners[account], stream, forgotten)
        work = partial(eraser.erase_unkeyed, ids=sorted(ids), now=site.warehouse.now())
        take(site.warehouse.in_transaction(work), len(ids))
    return days


def _refresh(site: Site, days: set[date]) -> list[str]:
    """Refreshes the marts of the days that lost something, in an interrupted run before, too.
    Returns those that it can't, and why.
    """
    behind = sorted(days | set(stale_days(site.warehouse)))
    errors: dict[str, str] = {}
    refreshed = refresh_days(site.warehouse, behind, always=True)
    for number, (_, done) in enumerate(refreshed, start=1):
        errors |= {mart.mart: mart.error for mart in done if mart.error}
        site.step("Refreshing marts", number, len(behind))
    return [f"marts.{mart}: {error}" for mart, error in sorted(errors.items())]


def _hide(site: Site, forgotten: Forgotten, prefilter: str | None, *, dry: bool = False) -> Counts:
    """Texts that quote the number, in every table and file; by the numbering plan of each country
    that an account is of.
    """
    countries = sorted({owner.country for owner in site.owners.values()}) or ["ZZ"]

    def hide(text: str) -> str:
        for country in countries:
            text = forgotten.hide(text, country)
        return text

    counts: Counts = Counter()
    for warehouse in (site.warehouse, *site.others):
        site.step("Looking through texts", 0, 2)
        counts.update(hide_in_tables(warehouse, hide, prefilter, dry=dry))
    site.step("Looking through texts", 1, 2)
    counts["files"] += hide_in_files(site.files(), hide, dry=dry)
    site.step("Looking through texts", 2, 2)
    return counts
