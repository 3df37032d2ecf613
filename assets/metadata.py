"""What materialisations show in Dagster: figures that it plots, and tables. No record's data."""

from collections.abc import Sequence
from datetime import UTC, date
from typing import Any

import dagster as dg

from assets import hour_chart
from assets.loading.result import Figures, Result
from assets.quota import read_quotas
from resources.account import Account
from resources.postgres.warehouse import Warehouse
from resources.vendor_api.vendor import AnyStream, Vendor

MOST_ACCOUNTS = 40
"""Lines of a table, those with trouble first: a materialisation is stored for long."""
ACCOUNT_COLUMNS = (
    "account", "state", "records", "new", "changed", "rejects", "next due (UTC)", "facts",
    "vendor's total", "open", "note",
)  # fmt: skip


def run_metadata(
    warehouse: Warehouse, run_id: str, accounts: Sequence[Account], stream: str
) -> dict[str, Any]:
    """What the run has cost so far for a stream."""
    names = [account.name for account in accounts]
    row = warehouse.rows("plan/run_report", accounts=names, stream=stream, run_id=run_id)[0]
    metadata: dict[str, Any] = {
        "run: requests": row.requests,
        "run: bytes": row.bytes,
        "run: seconds at the vendor": round(row.vendor_s, 3),
        "run: seconds": round(row.elapsed_s, 1),
    }
    if quotas := read_quotas(warehouse, accounts, warehouse.now()):
        metadata["quota used"] = sum(quota.used for quota in quotas)
        metadata["quota left"] = sum(quota.left for quota in quotas)
    return metadata


def day_metadata(
    warehouse: Warehouse, vendor: Vendor, stream: AnyStream, day: date, results: Sequence[Result]
) -> dict[str, Any]:
    """What the run did with a business day, and how that stands: figures, and a line an account."""
    total, of = Figures(), {result.account: result.loaded.by_day.get(day) for result in results}
    for figures in filter(None, of.values()):
        total.add(figures)
    where = {"vendor": vendor.name, "stream": stream.name, "day": day}
    rows = warehouse.rows("plan/day_report", **where)
    metadata: dict[str, Any] = {
        "records": total.records,
        "new": total.new,
        "changed": total.changed,
        "missing": total.missing,
        "rejected": total.rejected,
        "dagster/partition_row_count": sum(row.facts for row in rows),
        "accounts": _accounts(rows, of),
    }
    reasons = warehouse.rows("plan/rejects_by_reason", **where)
    if reasons:
        columns = ["field", "reason", "records", "accounts"]
        metadata["open rejects by reason"] = table(columns, [tuple(row) for row in reasons])
    faults = warehouse.rows("plan/faults_by_field", **where)
    if faults:
        columns = ["field", "reason", "records", "accounts", "first seen (UTC)"]
        metadata["fields not read"] = table(
            columns,
            [
                (
                    row.field,
                    row.reason,
                    row.records,
                    row.accounts,
                    f"{row.first_seen_at.astimezone(UTC):%Y-%m-%d %H:%M}",
                )
                for row in faults
            ],
        )
    calls = warehouse.rows("plan/calls_by_hour", **where)
    if calls:
        by_hour = {row.hour: row.calls for row in calls}
        metadata["calls by hour"] = hour_chart.as_text(by_hour)
        metadata["calls by hour, drawn"] = hour_chart.as_image(by_hour)
    return metadata


def _accounts(rows: Sequence[Any], of: dict[str, Figures | None]) -> dg.TableMetadataValue:
    lines: list[tuple[Any, ...]] = [
        (
            row.account, row.state, figures.records, figures.new, figures.changed, row.rejects,
            f"{row.next_due_at.astimezone(UTC):%m-%d %H:%M}" if row.next_due_at else None,
            row.facts, row.vendor_total, row.open_records, row.note,
        )
        for row in rows[:MOST_ACCOUNTS]
        for figures in [of.get(row.account) or Figures()]
    ]  # fmt: skip
    if len(rows) > MOST_ACCOUNTS:
        more = f"{len(rows) - MOST_ACCOUNTS} more: see ops.days"
        lines.append((more, *[None] * (len(ACCOUNT_COLUMNS) - 1)))
    return table(ACCOUNT_COLUMNS, lines)


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> dg.TableMetadataValue:
    """A table in the UI; what isn't known is an empty cell."""
    return dg.MetadataValue.table(
        records=[
            dg.TableRecord(dict(zip(columns, ["" if v is None else v for v in row], strict=True)))
            for row in rows
        ],
        schema=dg.TableSchema(columns=[dg.TableColumn(name) for name in columns]),
    )
