"""Each vendor's poll: one job, one schedule. A tick looks what is due before it costs a run."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import dagster as dg

from assets.loading.load import POLL_BUDGET
from assets.partitions import business_days, day_range
from assets.quota import read_quotas
from assets.resource import ACCOUNTS_TAG, KIND_TAG, POLL, VENDOR_TAG, CallhouseResource
from pipelines.due import waits, why_not
from pipelines.recovery import is_over
from resources.account import Account
from resources.postgres.warehouse import Warehouse
from resources.vendor_api.vendor import Vendor
from resources.windows import ONE_DAY, business_day

LONGEST_TAG = 2000
"""Postgres indexes Dagster's tags, and refuses an entry of more than 2,700 bytes."""
PRIORITY = "10"
"""Polls leave the queue before backfills, which have Dagster's 0."""
MOST_POLLS = 3
"""Of one vendor at once."""
APART_S = POLL_BUDGET.total_seconds()
"""Between the starts of two of them."""
NAMES = 8
"""So many accounts are named in a reason."""
FAILS_AGAIN = timedelta(minutes=30)
"""A poll that can only fail, as this host's clock is wrong, costs a run no more often."""
LONGEST_POLL_S = "1800"
"""A poll whose process is gone keeps the next from starting for no longer."""
IN_PROGRESS = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def poll_job(vendor: Vendor, assets: dg.AssetsDefinition) -> dg.JobDefinition:
    """All of the vendor's streams; in-process, as a process a step costs seconds."""
    return dg.define_asset_job(  # type: ignore[return-value]
        f"{vendor.name}_poll",
        selection=dg.AssetSelection.assets(assets).without_checks(),
        description=f"Polls every due account of {vendor.title}.",
        executor_def=dg.in_process_executor,
        tags={VENDOR_TAG: vendor.name},
    )


def poll_schedule(
    vendor: Vendor, job: dg.JobDefinition, days: dg.TimeWindowPartitionsDefinition
) -> dg.ScheduleDefinition:
    """Looks every minute; polls an account as often as `poll_every_s` says."""

    @dg.schedule(
        name=f"{vendor.name}_poll",
        job=job,
        cron_schedule="* * * * *",
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=f"Polls {vendor.title}'s accounts when they are due.",
    )
    def tick(
        context: dg.ScheduleEvaluationContext, callhouse: CallhouseResource
    ) -> dg.RunRequest | dg.SkipReason:
        unfinished = unfinished_polls(context.instance, vendor)
        if not may_begin(unfinished, context.scheduled_execution_time):
            return dg.SkipReason("the last poll is still at work")
        accounts = callhouse.accounts(vendor.name, {})
        warehouse = callhouse.standing_warehouse()
        now = warehouse.clock.of(context.scheduled_execution_time)
        waiting = waits(warehouse, vendor, accounts, now)
        due = [a for a in accounts if a.name in waiting and waiting[a.name].is_over]
        if due and unfinished:
            polled = {row.account for row in warehouse.rows("plan/being_polled")}
            busy = [account.name for account in due if account.name in polled]
            due = [account for account in due if account.name not in polled]
            if not due:
                names = ", ".join(sorted(busy)[:NAMES])
                return dg.SkipReason(f"the last poll is still at work on {names}")
        if not due:
            quotas = read_quotas(warehouse, accounts, now)
            return dg.SkipReason(why_not(vendor, waiting, quotas))
        if wrong := wrong_clock(warehouse, context.instance, job.name):
            return dg.SkipReason(wrong)
        # Dagster has the partitions that have begun by this host's clock.
        tags = poll_tags(vendor, due, accounts, context.scheduled_execution_time, days)
        return dg.RunRequest(tags=tags) if tags else dg.SkipReason("no business day has begun yet")

    return tick


def unfinished_polls(instance: dg.DagsterInstance, vendor: Vendor) -> list[dg.RunRecord]:
    """The vendor's polls that aren't over."""
    records = instance.get_run_records(
        dg.RunsFilter(job_name=f"{vendor.name}_poll", tags={KIND_TAG: POLL}, statuses=IN_PROGRESS)
    )
    # One that was killed together with its process (`callhouse sync`) stays unfinished.
    return [record for record in records if not is_over(record.dagster_run)]


def may_begin(unfinished: Sequence[dg.RunRecord], now: datetime) -> bool:
    """Whether another poll may begin beside these: an account that hangs, or that has very much to
    read, delays no other one. By then each has begun with all of its accounts.
    """
    return len(unfinished) < MOST_POLLS and all(
        record.start_time is not None and record.start_time + APART_S <= now.timestamp()
        for record in unfinished
    )


def wrong_clock(warehouse: Warehouse, instance: dg.DagsterInstance, job_name: str) -> str | None:
    """Why no run is started: this host's clock is wrong, and a run has failed for that lately. (The
    first one is started: its failure is seen.)
    """
    fault = warehouse.clock.fault()
    if fault is None:
        return None
    latest = instance.get_run_records(dg.RunsFilter(job_name=job_name), limit=1)
    since = warehouse.now() - FAILS_AGAIN
    return fault if latest and latest[0].create_timestamp > since else None


def poll_tags(
    vendor: Vendor,
    due: Sequence[Account],
    accounts: Sequence[Account],
    now: datetime,
    days: dg.TimeWindowPartitionsDefinition | None = None,
) -> dict[str, str]:
    """The tags of a run that polls these of the vendor's accounts: yesterday and today, as far as
    they are among the business days (default: those of the accounts). Empty while there is none.
    """
    today = [business_day(now, account.timezone) for account in due]
    known = day_range([*today, min(today) - ONE_DAY], days or business_days(accounts, now), now)
    if known is None:
        return {}
    first, last = known
    named = accounts_tag(due, accounts)
    return {
        KIND_TAG: POLL,
        VENDOR_TAG: vendor.name,
        # Where they don't fit all are polled, some a little early: their limits hold all the same.
        **{tag: names for tag, names in named.items() if len(names) <= LONGEST_TAG},
        "dagster/priority": PRIORITY,
        "dagster/max_runtime": LONGEST_POLL_S,
        "dagster/asset_partition_range_start": first,
        "dagster/asset_partition_range_end": last,
    }


def accounts_tag(some: Sequence[Account], accounts: Sequence[Account]) -> dict[str, str]:
    """The tag that names some of the vendor's accounts.

    None for all: Dagster indexes tags, and a long list doesn't fit.
    """
    names = ",".join(account.name for account in some)
    return {ACCOUNTS_TAG: names} if len(some) < len(accounts) else {}
