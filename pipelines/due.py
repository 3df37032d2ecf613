"""Which accounts are due for a poll, and why others aren't.

Knows nothing of Dagster, which takes a second to import.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from assets.loading.plan import StreamState, next_due
from assets.loading.stream_state import read_states
from assets.quota import Quota
from resources.account import Account
from resources.http.permits import Limiter
from resources.postgres.warehouse import Warehouse
from resources.vendor_api.vendor import Vendor
from resources.windows import day_start


@dataclass(frozen=True, slots=True)
class UntilDue:
    """How long until an account's next stream is due. `stopped`: all of them have stopped, and wait
    for a probe.
    """

    span: timedelta
    stopped: bool = False

    @property
    def is_over(self) -> bool:
        """Whether it is time."""
        return self.span <= timedelta(0)


def waits(
    warehouse: Warehouse, vendor: Vendor, accounts: Sequence[Account], now: datetime
) -> dict[str, UntilDue]:
    """How long until the next of the vendor's streams is due, by account that loads any of them.

    One whose first business day hasn't begun waits for that; one whose credentials were refused
    waits for its next probe, unless it has other credentials now.
    """
    states = read_states(warehouse, accounts, vendor.streams)
    known = {stream.name for stream in vendor.streams}
    limiter = Limiter(warehouse)
    waiting: dict[str, UntilDue] = {}
    for account in accounts:
        names = [name for name in account.streams if name in known]
        if not names:
            continue
        credential = limiter.credential(account)
        mine = [states.get((account.name, name), StreamState()) for name in names]
        due = min(next_due(account, state, credential) or now for state in mine)
        begins = day_start(account.start_date, account.timezone)
        stopped = all(state.is_stopped(credential) for state in mine)
        waiting[account.name] = UntilDue(max(due, begins) - now, stopped)
    return waiting


def why_not(vendor: Vendor, waiting: dict[str, UntilDue], quotas: Sequence[Quota]) -> str:
    """Why nothing was polled."""
    if not waiting:
        return f"no account of {vendor.title} in accounts.toml"
    soonest = min(wait.span for wait in waiting.values()).total_seconds()
    if all(wait.stopped for wait in waiting.values()):
        return (
            "every account has stopped, its credentials refused: see `callhouse status`; the next "
            f"probe is in {soonest:.0f} s"
        )
    reason = f"nothing is due; the next poll is in {soonest:.0f} s"
    return "; ".join([reason, *(quota.trouble for quota in quotas if quota.trouble)])
