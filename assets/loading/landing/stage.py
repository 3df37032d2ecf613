"""Batches on their way into tables by COPY: what is new straight into them, what is known already
into temporary ones, from which `sql/load` merges.
"""

from collections.abc import Mapping, Sequence
from functools import cache

from sqlalchemy.engine import Connection

import sql
from assets.loading.landing.batch_text import BatchText, Rows, Texts
from resources.postgres.copy_text import lines, texts
from resources.postgres.warehouse import copy
from sql.table import Target

OWNERS = ("call_date", "account", "stream", "record_key")
FATES = (
    "record_key", "digest", "observed_at", "first_seen_at", "is_open", "rejected", "faults",
    "missing_since",
)  # fmt: skip
STAGED = ("call_date", "old_date", "version", "is_new_version", "has_head", "twins")


def copy_versions(connection: Connection, batch: BatchText) -> None:
    """What was read, where it is a new version, into `raw.records`."""
    new = [place for place, item in enumerate(batch.items) if item.is_new_version]
    if not new:
        return
    columns = batch.records((*OWNERS, "observed_at", "request_id"), new)
    columns["first_seen_at"] = columns.pop("observed_at")
    columns["version"] = texts([batch.items[place].version + 1 for place in new])
    columns["payload"] = texts([batch.items[place].encoded.decode() for place in new])
    copy_columns(connection, "raw.records", columns)


def copy_heads(connection: Connection, batch: BatchText, places: list[int]) -> None:
    """What became of records that are new, into `raw.heads`."""
    columns = batch.records((*OWNERS, *FATES), places)
    copy_columns(connection, "raw.heads", {**columns, "version": ["1"] * len(places)})


def stage_records(connection: Connection, batch: BatchText, places: list[int]) -> None:
    """What became of records that are known already."""
    copy_columns(connection, "stage_records", batch.records((*STAGED, *FATES), places))


def make_stages(connection: Connection, targets: Sequence[Target]) -> None:
    """Empty temporary tables for a batch that becomes rows of the targets, in this transaction."""
    connection.exec_driver_sql(_stages(tuple(targets)))


@cache
def _stages(targets: tuple[Target, ...]) -> str:
    return "\n".join([sql.read("load/stages"), *(sql.read("load/stage", t) for t in targets)])


def copy_facts(connection: Connection, rows: Rows, into: str) -> None:
    """Rows of a target into its table or its stage."""
    if rows.places:
        copy_columns(connection, into, rows.columns)


def copy_columns(connection: Connection, table: str, columns: Mapping[str, Texts]) -> None:
    """Rows given by their columns, which are equally long."""
    copy(connection, table, list(columns), lines(columns.values()))
