"""Alerts: one readable message to a webhook when something needs a person, and when it is over.

A tick asks `ops` and Dagster's runs for all that is wrong now, and compares it with the last
message: nothing new, no message. What is still open after a day is said again.
"""

import json
import os
import socket
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import dagster as dg
from dagster._core.definitions.assets.job.asset_job import IMPLICIT_ASSET_JOB_NAME

from assets.account_streams import account_streams, parameters
from assets.resource import CallhouseResource
from pipelines.maintenance import MAINTENANCE_JOB
from pipelines.refreshes import MARTS_JOB
from resources.account import Account
from resources.configuration.settings import THE_FILE, Settings
from resources.configuration.webhook import WEBHOOK, webhook_url
from resources.http import webhook
from resources.postgres.warehouse import Warehouse
from resources.text.foreign_text import for_slack, short, without_numbers
from resources.text.redact import Redactor
from resources.vendors import discover

EVERY_S = 60
TITLES = {
    "settings": "the settings are wrong",
    "clock": "nothing is loaded: its clock is wrong",
    "stopped": "polls have stopped: the credentials are refused",
    "failing": "three polls in a row have failed",
    "late": "nothing read for three polls",
    "incomplete": "a day isn't complete",
    "doubted": "much less came than is known, and isn't believed",
    "rebuild": "days wait for a rebuild",
    "rejects": "records rejected",
    "job": "the last run failed",
    "run": "the run failed",
}
"""What a problem's kind means, the gravest first. The runbook has a chapter for each."""
NAMES = 8
"""So many accounts are named in a line."""
LONGEST = 300
REMIND_AFTER = timedelta(days=1)
JOB_SINCE = timedelta(days=2)
"""The last run of a job that hasn't run for longer says nothing of today."""
RUN_SINCE = timedelta(days=1)
MOST_RUNS = 500


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong. `key` stays the same as long as it is the same thing: another run
    of a job that fails is no other one.
    """

    kind: str
    where: str
    """What it is about, such as a stream or a job: lines are grouped by it."""
    who: str
    """The account or host. Empty: nobody in particular."""
    detail: str

    @property
    def key(self) -> str:
        return f"{self.kind}|{self.where}|{self.who}"


@dataclass(frozen=True, slots=True)
class Sent:
    """The problems of the last message, and when it was sent: the sensor's cursor."""

    keys: list[str]
    at: datetime

    @classmethod
    def read(cls, cursor: str | None) -> "Sent":
        """The last message's; nothing without a cursor."""
        if not cursor:
            return cls([], datetime.min.replace(tzinfo=UTC))
        known = json.loads(cursor)
        return cls(known["keys"], datetime.fromisoformat(known["at"]))

    def write(self) -> str:
        """As it is kept."""
        return json.dumps({"keys": self.keys, "at": self.at.isoformat()})


@dg.sensor(
    name="alerts",
    minimum_interval_seconds=EVERY_S,
    default_status=dg.DefaultSensorStatus.RUNNING
    if os.environ.get(WEBHOOK)
    else dg.DefaultSensorStatus.STOPPED,
    description=f"Posts what needs a person to the webhook of {WEBHOOK}; off without one.",
)
def alerts(
    context: dg.SensorEvaluationContext, callhouse: CallhouseResource
) -> dg.SensorResult | dg.SkipReason:
    """Looks what is wrong; posts when that has changed."""
    url = webhook_url()
    if not url:
        return dg.SkipReason(f"{WEBHOOK} isn't set: nobody to tell")
    settings = callhouse.settings()
    accounts = settings.accounts
    sent = Sent.read(context.cursor)
    warehouse = callhouse.standing_warehouse()
    now = warehouse.now()
    problems = [
        *settings_problems(settings),
        *clock_problems(warehouse),
        *stream_problems(warehouse, accounts.values(), now),
        *run_problems(context.instance, now),
    ]
    keys = sorted({problem.key for problem in problems})
    if keys == sent.keys and not (keys and now - sent.at > REMIND_AFTER):
        return dg.SkipReason(f"nothing has changed; {len(keys)} problem(s) open")
    secrets = [a.secret(name) for a in accounts.values() for name in a.credentials]
    redactor = Redactor([url, *secrets])
    # Redacted before it is escaped or cut, when a secret still looks as it is.
    known = [replace(problem, detail=redactor.text(problem.detail)) for problem in problems]
    if text := message(known, sent.keys):
        webhook.post(url, redactor.text(text))
    return dg.SensorResult(cursor=Sent(keys, now).write(), skip_reason=dg.SkipReason("sent"))


def settings_problems(settings: Settings) -> Iterator[Problem]:
    """What is wrong with the accounts file, by account: it stops no other."""
    for name, faults in settings.faults.items():
        goes_on = name in settings.kept or name == THE_FILE
        what = "; ".join(faults) + ("" if goes_on else "; left out until that is right")
        yield Problem("settings", "accounts.toml", name or "the file", what)


def clock_problems(warehouse: Warehouse) -> Iterator[Problem]:
    """That this host's clock is wrong."""
    if fault := warehouse.clock.fault():
        yield Problem("clock", "this host", socket.gethostname(), fault)


def stream_problems(
    warehouse: Warehouse, accounts: Iterable[Account], now: datetime
) -> Iterator[Problem]:
    """What `ops` says is wrong with the accounts' streams."""
    sources = account_streams(accounts)
    vendor_of = {source.account.name: source.account.vendor for source in sources}
    rows = warehouse.rows(
        "status/problems",
        timezones=[source.account.timezone.key for source in sources],
        polls=[source.account.poll_every for source in sources],
        now=now,
        **parameters(sources),
    )
    for row in rows:
        where = f"{vendor_of[row.account]} {row.stream}"
        if row.about:
            where += f", {row.about}"
        yield Problem(row.kind, where, row.account, row.detail or "")
    for row in warehouse.rows("status/to_rebuild", accounts=list(vendor_of)):
        where = f"{vendor_of[row.account]} {row.stream}"
        detail = f"from {row.first} to {row.last}: callhouse rebuild {row.account}"
        yield Problem("rebuild", where, row.account, detail)


def run_problems(instance: dg.DagsterInstance, now: datetime) -> Iterator[Problem]:
    """Jobs whose last run failed; and backfills, and runs started by hand, that failed today."""
    ended = [dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.SUCCESS]
    for job in (*(f"{vendor}_poll" for vendor in discover()), MARTS_JOB, MAINTENANCE_JOB):
        last = dg.RunsFilter(job_name=job, statuses=ended, updated_after=now - JOB_SINCE)
        for run in instance.get_runs(last, limit=1):
            if run.status == dg.DagsterRunStatus.FAILURE:
                yield Problem("job", job, "", "")
    by_hand = dg.RunsFilter(
        job_name=IMPLICIT_ASSET_JOB_NAME,
        statuses=[dg.DagsterRunStatus.FAILURE],
        updated_after=now - RUN_SINCE,
    )
    for run in instance.get_runs(by_hand, limit=MOST_RUNS):
        backfill = run.tags.get("dagster/backfill")
        where = f"backfill {backfill}" if backfill else f"run {run.run_id[:8]}"
        yield Problem("run", where, "", "")


def message(problems: Iterable[Problem], sent: Sequence[str]) -> str:
    """What is new, what goes on and what is over; empty if that is nothing. A run is said once:
    nothing comes after it.
    """
    known = {problem.key: problem for problem in problems}
    new = [problem for key, problem in known.items() if key not in sent]
    old = [problem for key, problem in known.items() if key in sent and problem.kind != "run"]
    over = [p for p in map(_problem_of, sent) if p.key not in known and p.kind != "run"]
    counts = [(len(new), "new"), (len(old), "still open"), (len(over), "over")]
    if not any(count for count, _ in counts):
        return ""
    head = ", ".join(f"{count} {what}" for count, what in counts if count)
    lines = [f"*Callhouse*: {head}"]
    if new:
        lines += ["*New*", *_lines(new)]
    if old:
        lines += ["*Still open*", *_lines(old)]
    if over:
        lines += ["*Over*", *_lines(over)]
    return "\n".join(lines)


def _problem_of(key: str) -> Problem:
    kind, where, who = key.split("|")
    return Problem(kind, where, who, "")


def _lines(problems: Iterable[Problem]) -> Iterator[str]:
    """A line for all accounts that have the same problem with the same stream."""
    groups: defaultdict[tuple[str, str], list[Problem]] = defaultdict(list)
    for problem in problems:
        groups[problem.kind, problem.where].append(problem)
    for (kind, where), group in sorted(groups.items(), key=lambda item: _gravity(item[0])):
        line = f"• {where}: {TITLES[kind]}{_names({problem.who for problem in group})}"
        details = sorted({problem.detail for problem in group if problem.detail})
        if details:
            others = f" (and {len(details) - 1} other)" if len(details) > 1 else ""
            line += f": {_short(without_numbers(details[0]))}{others}"
        yield for_slack(line)


def _names(who: AbstractSet[str]) -> str:
    names = sorted(filter(None, who))
    more = f" and {len(names) - NAMES} more" if len(names) > NAMES else ""
    return f" ({', '.join(names[:NAMES])}{more})" if names else ""


def _gravity(group: tuple[str, str]) -> tuple[int, str]:
    return list(TITLES).index(group[0]), group[1]


def _short(text: str) -> str:
    return short(" ".join(text.split()), LONGEST)
