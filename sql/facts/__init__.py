"""The tables of facts, each described once, in a module of its own.

From here come the tables and their comments, COPY's columns, every statement that loads, counts or
checks them, the masked views, what Dagster shows of them and the analysts' page of tables. A new
column is an entry in its table's module, its value in a vendor's mapping, and a migration
(docs/decisions/facts-described-once.md).
"""

from sql.facts.agent_usage import AGENT_USAGE
from sql.facts.call_events import CALL_EVENTS
from sql.facts.call_legs import CALL_LEGS
from sql.facts.calls import CALLS
from sql.facts.recordings import RECORDINGS
from sql.table import Enrichment, Target, enrichments

__all__ = [
    "AGENT_USAGE", "CALLS", "CALL_EVENTS", "CALL_LEGS", "RECORDINGS", "TABLES", "target",
]  # fmt: skip

TABLES = {table.name: table for table in (CALLS, CALL_LEGS, CALL_EVENTS, RECORDINGS, AGENT_USAGE)}
"""By name, without the schema."""


def target(name: str) -> Target:
    """The table of this name, or the enrichment of one. Raises KeyError."""
    return TABLES.get(name) or _enrichments()[name]


def _enrichments() -> dict[str, Enrichment]:
    return {e.name: e for table in TABLES.values() for e in enrichments(table)}
