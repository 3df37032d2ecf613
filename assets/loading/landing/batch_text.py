"""A batch as COPY's text, by column: what several tables have alike is made once."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from assets.loading.account_stream import AccountStream
from assets.loading.landing.caller_keys import CallerKeys
from assets.loading.landing.derived import derive, follow_from
from assets.loading.landing.item import Item
from assets.loading.landing.turn import TURN
from resources.postgres.copy_text import texts
from resources.vendor_api.vendor import AnyStream, Facts
from sql.table import Source, Target

if TYPE_CHECKING:
    import pandas as pd

Texts = list[str]
"""A column."""
FATES = {
    "call_date", "old_date", "version", "is_new_version", "has_head", "digest", "is_open",
    "first_seen_at", "missing_since", "rejected", "faults",
}  # fmt: skip
"""What an item says of its record."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of a table, by column."""

    places: list[int]
    """Of each row's record in the batch."""
    columns: dict[str, Texts]

    def of(self, places: Collection[int]) -> "Rows":
        """Those of the records at `places`."""
        wanted = set(places)
        return self._at([n for n, place in enumerate(self.places) if place in wanted])

    def _at(self, rows: list[int]) -> "Rows":
        if len(rows) == len(self.places):
            return self
        columns = {name: pick(column, rows) for name, column in self.columns.items()}
        return Rows(pick(self.places, rows), columns)


def pick(column: list[Any], rows: list[int]) -> list[Any]:
    """What of a column stands at these rows."""
    return list(map(column.__getitem__, rows))


@dataclass(slots=True)
class BatchText:
    """The items, and the facts that they became."""

    source: AccountStream[AnyStream]
    items: Sequence[Item]
    facts: Facts
    _records: dict[str, Texts] = field(default_factory=dict)
    _rows: dict[str, Rows] = field(default_factory=dict)

    def records(self, names: Sequence[str], places: list[int]) -> dict[str, Texts]:
        """Columns that say of the records at `places` whose they are, and what became of them."""
        with TURN:
            made = {name: self._record_column(name) for name in names}
        if len(places) == len(self.items):
            return made
        return {name: pick(column, places) for name, column in made.items()}

    def rows(self, target: Target, keys: CallerKeys) -> Rows | None:
        """What all of the batch is in a target; None where that is nothing."""
        if target.name not in self._rows:
            frame = self.facts.tables.get(target.name)
            if frame is None or frame.empty:
                return None
            with TURN:
                self._rows[target.name] = self._made(target, frame, keys)
        return self._rows[target.name]

    def _made(self, target: Target, frame: "pd.DataFrame", keys: CallerKeys) -> Rows:
        """Raises ValueError for a column that the target doesn't have."""
        from resources.postgres.frame_text import column_texts

        places = frame.index.tolist()
        alike = self._alike(places)
        derived = derive(frame, target, self.source.account, keys, alike.keys())
        columns: dict[str, Texts] = {}
        for column in target.copied:
            name = column.name
            if column.source is Source.LOADER:
                columns[name] = pick(self._record_column(name), places)
            elif column.source is Source.ROW:
                columns[name] = self._row_keys(places, frame.get("position"))
            elif name in alike:
                columns[name] = alike[name]
            elif name in derived:
                columns[name] = column_texts(derived[name])
            elif name in frame:
                columns[name] = column_texts(frame[name])
        if unknown := set(frame.columns) - set(columns):
            names = ", ".join(sorted(unknown))
            raise ValueError(f"{target.name} has no column {names} for a mapping")
        return Rows(places, columns)

    def _alike(self, places: list[int]) -> dict[str, Texts]:
        """Columns of a table that has rows of the records at `places`, from one that was made
        before, where that has them all.
        """
        names = follow_from(self.facts.alike)
        for rows in self._rows.values():
            row_of = {place: row for row, place in enumerate(rows.places)}
            if names and row_of.keys() >= set(places):
                at = [row_of[place] for place in places]
                columns = rows.columns.items()
                return {name: pick(column, at) for name, column in columns if name in names}
        return {}

    def _row_keys(self, places: list[int], positions: "pd.Series[Any] | None") -> Texts:
        """The records' keys, each with its position where there are any."""
        keys = pick(self._record_column("record_key"), places)
        if positions is None:
            return keys
        return [f"{key}/{position}" for key, position in zip(keys, positions, strict=True)]

    def _record_column(self, name: str) -> Texts:
        if name not in self._records:
            self._records[name] = texts(self._record_values(name))
        return self._records[name]

    def _record_values(self, name: str) -> list[Any]:
        """Whatever isn't listed here is the record's key."""
        items, account = self.items, self.source.account
        owners = {
            "account": account.name,
            "stream": self.source.stream.name,
            "vendor": account.vendor,
        }
        match name:
            case "account" | "stream" | "vendor":
                return [owners[name]] * len(items)
            case "observed_at" | "request_id":
                return [getattr(item.observation, name) for item in items]
            case "twins":
                return [f"{{{','.join(one.twins)}}}" if one.twins else None for one in items]
            case _ if name in FATES:
                return list(map(attrgetter(name), items))
            case _:
                return [item.key for item in items]
