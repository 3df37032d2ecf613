"""All that is stored of an account, without what differs between two loads of the same: when."""

from typing import Any

from resources.account import Account
from sql import facts
from tests.model.system import System

TIMES = {
    "first_seen_at", "updated_at", "observed_at", "missing_since", "request_id", "id", "digest",
    "resolved_at", "last_polled_at", "completed_at", "next_read_at", "read_at", "account",
    "attempts", "last_seen_at",
}  # fmt: skip
TABLES = (
    "raw.records", "raw.heads", "ops.rejects", "ops.field_faults", "ops.days",
    *(f"facts.{name}" for name in facts.TABLES),
)  # fmt: skip


def tables_of(system: System, account: Account) -> dict[str, list[Any]]:
    """Every table's rows of the account, sorted. Of what may be marked missing, whether it is."""
    found: dict[str, list[Any]] = {}
    for table in TABLES:
        rows = system.query(f"SELECT * FROM {table} WHERE account = :account", account)
        found[table] = sorted(
            str({name: value for name, value in row._mapping.items() if name not in TIMES}
                | {"is_missing": getattr(row, "missing_since", None) is not None})
            for row in rows
        )  # fmt: skip
    return found
