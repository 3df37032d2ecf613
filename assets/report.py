"""What a materialisation shows in Dagster: figures over time, and who is where. No record's data."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import dagster as dg

from assets.quota import read_quotas
from assets.result import Result
from assets.tally import Figures
from resources.account import Account
from resources.vendor import AnyStream, Vendor
from resources.warehouse import Warehouse


def run_report(
    warehouse: Warehouse, run_id: str, results: Sequence[Result], accounts: Sequence[Account]
) -> dict[str, Any]:
    """What the run did for a stream, and what it left of its accounts' daily quotas: numbers that
    Dagster plots.
    """
    stream = results[0].stream
    row = warehouse.rows(
        "plan/run_report",
        accounts=[result.account for result in results],
        stream=stream,
        run_id=run_id,
    )[0]
    reasons: dict[str, int] = {}
    for result in results:
        for reason, count in result.tally.reasons.items():
            reasons[reason] = reasons.get(reason, 0) + count
    total = Figures()
    for result in results:
        total.add(result.tally.total)
    metadata: dict[str, Any] = {
        "records": total.records,
        "new": total.new,
        "changed": total.changed,
        "missing": total.missing,
        "rejected": total.rejected,
        "requests": row.requests,
        "bytes": row.bytes,
        "vendor_s": round(row.vendor_s, 3),
    }
    if quotas := read_quotas(warehouse, accounts, datetime.now(UTC)):
        metadata["quota_used"] = sum(quota.used for quota in quotas)
        metadata["quota_left"] = sum(quota.left for quota in quotas)
    if reasons:
        metadata["rejects by reason"] = table(
            ["reason", "records"], [[reason, n] for reason, n in sorted(reasons.items())]
        )
    return metadata


def day_report(
    warehouse: Warehouse, vendor: Vendor, stream: AnyStream, day: date
) -> dict[str, Any]:
    """How a business day stands: its rows, and a line an account."""
    rows = warehouse.rows("plan/day_report", vendor=vendor.name, stream=stream.name, day=day)
    return {
        "dagster/partition_row_count": sum(row.facts for row in rows),
        "accounts": table(
            ["account", "state", "vendor's total", "raw", "facts", "rejects", "open", "note"],
            [
                [
                    row.account,
                    row.state,
                    row.vendor_total,
                    row.raw_records,
                    row.facts,
                    row.rejects,
                    row.open_records,
                    row.note,
                ]
                for row in rows
            ],
        ),
    }


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> dg.TableMetadataValue:
    """A table in the UI; what isn't known is an empty cell."""
    return dg.MetadataValue.table(
        records=[
            dg.TableRecord(
                {
                    name: "" if value is None else value
                    for name, value in zip(columns, row, strict=True)
                }
            )
            for row in rows
        ],
        schema=dg.TableSchema(columns=[dg.TableColumn(name) for name in columns]),
    )
