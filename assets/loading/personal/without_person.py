"""A call's record without the person: only what the facts that aren't personal are made of.

Which fields these are follows from the stream's mapping and from what `sql.facts` calls personal:
whatever can be taken away without a change of the other columns goes.
"""

from collections.abc import Iterator
from typing import Any

from resources.account import Account
from resources.forgotten import Forgotten
from resources.text import payload
from resources.vendor_api.vendor import AnyStream, DetailStream, Facts, Record

Path = tuple[str, ...]


def without_person(
    record: Record, stream: AnyStream, account: Account, forgotten: Forgotten
) -> Record | None:
    """The record as it may be kept; None where nothing of it may: it is no fact, or what must stay
    names somebody forgotten. The same record always becomes the same.
    """
    paths = list(_paths(record))
    same = _same(record, [payload.without(record, path) for path in paths], stream, account)
    bare = record
    for path, is_spare in zip(paths, same, strict=True):
        bare = payload.without(bare, path) if is_spare else bare
    if not _same(record, [bare], stream, account)[0]:
        bare = _one_by_one(record, paths, stream, account)
    text = payload.encode(bare).decode()
    if not _same(record, [bare], stream, account)[0]:
        return None
    return None if forgotten.first(text, account.country) else bare


def _one_by_one(record: Record, paths: list[Path], stream: AnyStream, account: Account) -> Record:
    """Where one field stands in for another, not both may go."""
    bare = record
    for path in paths:
        less = payload.without(bare, path)
        if _same(record, [less], stream, account)[0]:
            bare = less
    return bare


def _paths(value: Any, before: Path = ()) -> Iterator[Path]:
    """Every field, the inner ones before those that hold them; of lists those of their items."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _paths(inner, (*before, name))
            yield (*before, name)
    elif isinstance(value, list):
        found = (path for item in value if isinstance(item, dict) for path in _paths(item, before))
        yield from dict.fromkeys(found)


def _same(record: Record, others: list[Record], stream: AnyStream, account: Account) -> list[bool]:
    """Whether each of the others has the record's key and its facts, except what is personal. All
    false where the record is no fact.
    """
    facts = stream.normalise([record, *others], account)
    rows = [_rows(facts, stream, place) for place in range(1 + len(others))]
    key = None if isinstance(stream, DetailStream) else stream.key
    return [
        rows[0] is not None and rows[0] == other and (key is None or key(record) == key(changed))
        for other, changed in zip(rows[1:], others, strict=True)
    ]


def _rows(facts: Facts, stream: AnyStream, place: int) -> list[Any] | None:
    """What facts the record at `place` becomes, without what is personal; None if it is none."""
    if any(reject.index == place for reject in facts.rejects):
        return None
    found: list[Any] = [
        None if facts.started_at is None else str(facts.started_at.iloc[place]),
        None if facts.is_open is None else bool(facts.is_open.iloc[place]),
    ]
    for target in stream.targets:
        frame = facts.tables.get(target.name)
        if frame is None:
            continue
        shown = [c.name for c in target.table.columns if not c.personal and c.name in frame]
        mine = frame.loc[frame.index == place, shown]
        found.append([repr(row) for row in mine.itertuples(index=False)])
    return found
