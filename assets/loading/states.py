"""How streams stand, as `ops` knows it: what is due, and from where reading goes on."""

from collections.abc import Sequence

from assets.loading.plan import StreamState
from resources.account import Account
from resources.vendor import AnyStream
from resources.warehouse import Warehouse


def read_states(
    warehouse: Warehouse, accounts: Sequence[Account], streams: Sequence[AnyStream]
) -> dict[tuple[str, str], StreamState]:
    """What is known of the accounts' streams, by account and stream."""
    rows = warehouse.timed_rows(
        "plan/stream_state",
        accounts=[account.name for account in accounts],
        streams=[stream.name for stream in streams],
    )
    return {
        (row.account, row.stream): StreamState(
            watermark=row.watermark,
            last_polled_at=row.last_polled_at,
            last_success_at=row.last_success_at,
            next_due_at=row.next_due_at,
            refusals=row.refusals,
            stopped_key=row.stopped_key,
            window_days=row.window_days,
            largest_page=row.largest_page,
            piece_s=row.piece_s,
            last_error=row.last_error,
            failures=row.failures,
            noted=row.noted,
        )
        for row in rows
        if row.account is not None
    }
