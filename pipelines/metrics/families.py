"""Every figure by its name, with what it means and its labels.

All are gauges: they are what the tables say now. A counter would have to outlive the process that
serves it, and the pruning of the tables.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

PREFIX = "callhouse_"
STREAM = ("vendor", "account", "stream")
ASKED = ("vendor", "account", "report", "kind", "result")
WAITING = ("vendor", "account", "report", "kind", "reason")


@dataclass(frozen=True, slots=True)
class Family:
    """Figures of one name."""

    meaning: str
    labels: tuple[str, ...] = ()


FAMILIES = {
    "up": Family(
        "1: this part was asked and answered. 0: it wasn't, and its figures are missing", ("part",)
    ),
    "settings_faults": Family("Sentences that say what is wrong with accounts.toml"),
    "accounts": Family("Accounts that are loaded", ("vendor",)),
    "poll_interval_seconds": Family("How often an account is polled", ("vendor", "account")),
    "last_success_timestamp_seconds": Family(
        "When a read of the stream last went well; 0: never", STREAM
    ),
    "failed_polls": Family("Failed polls in a row", STREAM),
    "stopped": Family("1: polls have stopped, as the credentials are refused", STREAM),
    "days": Family(
        "Business days gone by: complete, settling, open, failed or unread", (*STREAM, "state")
    ),
    "doubted_days": Family("Days of which much less came than is known", STREAM),
    "rejects": Family("Records that couldn't become facts and still can't", STREAM),
    "recent_requests": Family(
        "Requests of the last 15 minutes", ASKED
    ),
    "recent_request_seconds": Family(
        "Seconds that these requests took together", ASKED
    ),
    "requests_in_flight": Family(
        "Requests that the vendor is answering", ("vendor", "account", "credential")
    ),
    "credential_paused_seconds": Family(
        "Seconds for which the vendor has asked for a pause", ("credential",)
    ),
    "waiting_requests": Family(
        "Requests that wait at the limits", WAITING
    ),
    "longest_wait_seconds": Family(
        "Seconds that the first of these has waited", WAITING
    ),
    "quota_used_requests": Family("Requests made of the day's quota", ("vendor", "operation")),
    "quota_backfill_requests": Family("Of these, by backfills", ("vendor", "operation")),
    "quota_limit_requests": Family("The day's quota", ("vendor", "operation")),
    "quota_exhausted": Family(
        "1: nothing is left of the day's quota, by our count or by the vendor's word",
        ("vendor", "operation"),
    ),
    "backfill_days": Family("Days that a running backfill is about", STREAM),
    "backfill_days_read": Family("Of these, read", STREAM),
    "marts_stale_days": Family("Business days that the marts are behind on"),
    "marts_behind_seconds": Family("For how long they have been; 0: they are up to date"),
    "workers": Family("Run workers, where runs go to workers", ("queue", "version")),
    "worker_slots": Family(
        "Runs that they can have at work together; 0: nobody takes runs", ("queue",)
    ),
    "worker_runs": Family("Runs that workers are executing"),
    "runs": Family("Runs that aren't over", ("job", "status")),
    "oldest_queued_run_seconds": Family(
        "Seconds that the first run in the queue has waited", ("job",)
    ),
    "recent_runs": Family("Runs that ended in the last hour", ("job", "status")),
    "recent_run_seconds": Family(
        "Seconds from start to end of these runs: median and max", ("job", "statistic")
    ),
    "recent_run_wait_seconds": Family(
        "Seconds that these runs waited to start: median and max", ("job", "statistic")
    ),
    "daemon_heartbeat_timestamp_seconds": Family(
        "When a part of Dagster's daemon was last heard of", ("daemon",)
    ),
}  # fmt: skip
"""By name without the prefix."""


class Metrics(Collector):
    """Figures that were collected, by family."""

    def __init__(self) -> None:
        self._families: dict[str, GaugeMetricFamily] = {}

    def add(self, name: str, value: float, *labels: str) -> None:
        """One of the family `name`; labels in its order. Raises KeyError for a family that there
        isn't, ValueError for too many or too few labels.
        """
        known = FAMILIES[name]
        if name not in self._families:
            self._families[name] = GaugeMetricFamily(
                PREFIX + name, known.meaning, labels=known.labels
            )
        if len(labels) != len(known.labels):
            raise ValueError(f"{name} has the labels {known.labels}")
        self._families[name].add_metric(labels, value)

    def merge(self, others: "Metrics") -> None:
        """Takes another's families over."""
        self._families |= others._families  # noqa: SLF001 - of its own kind

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """As Prometheus' client takes them."""
        yield from self._families.values()
