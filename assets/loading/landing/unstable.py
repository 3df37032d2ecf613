"""Fields that change at each read, such as a signed URL: noticed, so that somebody declares them
volatile in the vendor's module. Else every read of a record makes a version of it.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from sqlalchemy.engine import Connection

from assets.loading.account_stream import AccountStream
from assets.loading.landing.item import Item
from resources.postgres.warehouse import execute
from resources.text import payload
from resources.vendor_api.dates import shown_at
from resources.vendor_api.vendor import AnyStream, Record

if TYPE_CHECKING:
    import pandas as pd

FEW = 4
"""So many versions tell: of each two that follow each other the field differs."""
SAMPLE = 20
"""Records of a batch that are looked at."""
KEPT_AS_SENT = ["attributes", "params"]
"""Columns that hold whatever the vendor sent."""
LONGEST_NAME = 200


def note_unstable(
    connection: Connection, source: AccountStream[AnyStream], items: Sequence[Item]
) -> None:
    """Writes down the fields that have changed with each of a record's last versions, and that no
    column of facts comes from: what facts show may well change.

    A record is looked at when it gets its fourth version, its eighth, its sixteenth, and so on.
    """
    suspects = [item for item in items if item.is_new_version and _is_time(item.version + 1)]
    if not suspects:
        return
    where = source.where
    suspects = suspects[:SAMPLE]
    history: dict[str, list[Record]] = {item.key: [] for item in suspects}
    rows = execute(
        connection,
        "load/last_versions",
        keys=list(history),
        days=sorted({item.old_date for item in suspects if item.old_date}),
        most=FEW - 1,
        **where,
    )
    for row in rows:
        history[row.record_key].append(payload.decode(row.payload.encode()))
    found: dict[str, int] = {}
    for item in suspects:
        versions = [*history[item.key], payload.decode(item.encoded)]
        if len(versions) == FEW:
            fields = _restless(versions) - set(source.stream.volatile)
            with shown_at(item.observation.observed_at):
                names = _without_effect(fields, versions[-1], versions[-2], source)
            for field in names:
                name = field[:LONGEST_NAME]
                found[name] = max(found.get(name, 0), item.version + 1)
    if found:
        execute(connection, "load/note_unstable", fields=list(found), versions=list(found.values()),
                **where)  # fmt: skip


def _is_time(version: int) -> bool:
    return version >= FEW and version & (version - 1) == 0


def _restless(versions: Sequence[Record]) -> set[str]:
    """The fields that differ between each two versions that follow each other."""
    return set.intersection(*(set(_different(one, other, "")) for one, other in pairwise(versions)))


def _different(one: Any, other: Any, path: str) -> Iterator[str]:
    """Paths of what differs, with dots between their names; an item of a list has the list's."""
    if isinstance(one, dict) and isinstance(other, dict):
        for name in one.keys() | other.keys():
            below = f"{path}.{name}" if path else name
            yield from _different(one.get(name), other.get(name), below)
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for item, its_other in zip(one, other, strict=True):
            yield from _different(item, its_other, path)
    elif one != other:
        yield path


def _without_effect(
    fields: set[str], newest: Record, before: Record, source: AccountStream[AnyStream]
) -> set[str]:
    """Those of the fields that make no difference to the facts, `attributes` left aside: the
    mapping is given the newest record once with each field as it was before.
    """
    if not fields:
        return fields
    ordered = sorted(fields)
    names = [field.partition(".")[0] for field in ordered]
    variants = [newest, *(newest | {name: before.get(name)} for name in names)]
    try:
        facts = source.stream.normalise(variants, source.account)
    except Exception:  # noqa: BLE001 - it has made facts of the newest; a mixture may be too odd
        return set()
    visible = {reject.index for reject in facts.rejects}
    for frame in facts.tables.values():
        plain = frame.drop(columns=KEPT_AS_SENT, errors="ignore")
        as_it_is = _rows(plain, 0)
        visible |= {n for n in range(1, len(variants)) if not _rows(plain, n).equals(as_it_is)}
    return {field for place, field in enumerate(ordered, start=1) if place not in visible}


def _rows(frame: "pd.DataFrame", index: int) -> "pd.DataFrame":
    return frame[frame.index == index].reset_index(drop=True)
