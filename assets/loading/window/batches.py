"""A window's records in batches, each a transaction; and those that came before, to the byte."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy.engine import Connection

from assets.loading.account_stream import AccountStream
from assets.loading.landing.observation import Observation
from assets.loading.missing import Comparison
from assets.loading.result import Loaded, StateSum
from assets.loading.stream_state import lock_streams
from assets.loading.window import code
from resources.postgres.warehouse import Warehouse, execute
from resources.text import payload
from resources.vendor_api.vendor import Stream
from resources.windows import Window

WORTHWHILE = 1_000
"""Records of a window from which on it pays to know them again."""


class Piece(NamedTuple):
    """Some records of an answer."""

    observations: list[Observation]
    mark: str | None
    """The answer's digest, and which of its records these are; None: not known."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Records that are landed together."""

    observations: Sequence[Observation]
    marks: Sequence[str | None]
    """Of the pieces that it has records of."""

    @property
    def digest(self) -> str | None:
        """Tells it from any other batch of the window, and from one of which another key of the
        stream's, or other code, makes other records.
        """
        marks = [mark for mark in self.marks if mark is not None]
        if not self.observations or len(marks) < len(self.marks):
            return None
        keys = [observation.key or "" for observation in self.observations]
        return payload.digest("\0".join([code.DIGEST, *marks, "", *keys]).encode())


@dataclass(slots=True)
class BatchBuilder:
    """Makes batches of `size` out of pieces; what isn't one yet is left in `rest`."""

    size: int
    rest: Batch = field(default_factory=lambda: Batch([], []))

    def add(self, piece: Piece) -> Iterator[Batch]:
        """The batches that are full now."""
        records = [*self.rest.observations, *piece.observations]
        marks = [*self.rest.marks, piece.mark]
        while len(records) >= self.size:
            yield Batch(records[: self.size], marks)
            records = records[self.size :]
            marks = [piece.mark and f"{piece.mark}-{len(records)}"] if records else []
        self.rest = Batch(records, marks)


class KnownBatches:
    """Batches of a window that its last read landed, where all was well with it: those that come
    again, to the byte, aren't landed again. Whether they are still in the tables, and in the same
    state, shows in the end, by the sum of all (`missing.compare`). Why that is enough:
    docs/decisions/known-batches.md.
    """

    def __init__(self, warehouse: Warehouse, source: AccountStream[Stream], window: Window) -> None:
        self._where: dict[str, Any] = source.where
        self._known: dict[str, Loaded] = {}
        self._landed: dict[str, Loaded] = {}
        self._warehouse, self._source = warehouse, source
        self._are_used = self._are_stored = False
        if window.days:
            self._where = self._where | {"first_day": window.days[0], "last_day": window.days[-1]}
            for row in warehouse.rows("load/known_batches", **self._where):
                loaded = Loaded(states=StateSum(row.records, row.hashes))
                for day, records in row.days.items():
                    loaded.by_day[date.fromisoformat(day)].records = records
                self._known[row.digest.hex] = loaded
            self._are_stored = bool(self._known)

    def again(self, batch: Batch) -> Loaded | None:
        """What a batch is that was landed before; None where it is to be landed."""
        if not self._known or (digest := batch.digest) is None:
            return None
        if (loaded := self._known.get(digest)) is None:
            return None
        self._are_used = True
        self._landed[digest] = loaded
        return loaded

    def note(self, batch: Batch, loaded: Loaded) -> None:
        """A batch has landed. One that landed in parts isn't known again: its sum isn't told."""
        if loaded.states.records and (digest := batch.digest):
            self._landed[digest] = loaded

    def are_lost(self, found: Comparison, is_suppressed: bool) -> bool:
        """Whether some weren't landed that are to be: what the read showed isn't what the tables
        have in the end, something is wrong with that, or somebody may be left out of it.
        """
        return self._are_used and (is_suppressed or not found.is_plain)

    def forget(self) -> None:
        """From here on all is landed, whatever came before."""
        self._known, self._landed, self._are_used = {}, {}, False

    def distrust(self) -> None:
        """Drops what a read used that hasn't come to its end: nobody looked whether the tables have
        it, and the next one may not come to its end either.
        """

        def work(connection: Connection) -> None:
            lock_streams(connection, self._source.account.name, self._source.stream)
            self.drop(connection)

        if self._are_used:
            self._warehouse.in_transaction(work)

    def keep(self, connection: Connection) -> None:
        """Writes down the batches of this read, for the next one."""
        if sum(loaded.states.records for loaded in self._landed.values()) < WORTHWHILE:
            self.drop(connection)
            return
        if self._landed.keys() != self._known.keys():
            batches = [_row(digest, loaded) for digest, loaded in self._landed.items()]
            text = payload.encode(batches).decode()
            execute(connection, "load/note_batches", batches=text, **self._where)

    def drop(self, connection: Connection) -> None:
        """Makes the next read land all that comes."""
        if self._are_stored:
            execute(connection, "load/drop_batches", **self._where)


def _row(digest: str, loaded: Loaded) -> dict[str, Any]:
    return {
        "digest": digest,
        "records": loaded.states.records,
        "hashes": str(loaded.states.hashes),
        "days": {f"{day}": figures.records for day, figures in loaded.by_day.items()},
    }
