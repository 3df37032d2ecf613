"""`callhouse worker`: a process for each queue, for as long as this host may take runs.

Whatever a worker lacks it waits for, and says so: it is no error that the warehouse's tables are
another version's during a rollout, or that the broker restarts.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import closing, nullcontext
from types import FrameType

import sqlalchemy as sa
from rich.console import Console

from pipelines import dagster_home
from pipelines.commands.database import database
from pipelines.workers.leases import Worker
from pipelines.workers.queues import Queue
from resources.account import Account
from resources.audio import AUDIO
from resources.configuration.accounts import read_accounts
from resources.configuration.broker import broker_url, require_broker, without_secrets
from resources.configuration.home import BROKER, Home
from resources.errors import CallhouseError, ConfigurationError
from resources.postgres.database import URL, require
from resources.postgres.schema_version import SchemaError, require_current
from resources.postgres.warehouse import Warehouse
from resources.vendors import loads_audio

LOOK_EVERY_S = 1.0
RENEW_EVERY_S = 15.0
GRACE_S = 20.0
"""For runs that are interrupted to say goodbye to the database; then they are killed."""
console = Console(soft_wrap=True, highlight=False)


def run(queues: Sequence[Queue], slots: int) -> None:
    """Takes runs until a signal ends it: SIGTERM lets those at work finish, Ctrl-C or a second
    SIGTERM interrupts them. They are repeated then.

    Raises ConfigurationError without a broker, or with one whose URL is none.
    """
    broker = broker_url()
    if not broker:
        raise ConfigurationError([f"a worker needs a broker: set {BROKER}, or --broker redis://…"])
    home = Home.from_environment()
    home.make()
    given = os.environ.get(URL)
    with (
        nullcontext(given) if given else database() as url,
        closing(Warehouse(url, pool_size=1)) as warehouse,
    ):
        parts = [_Part(Worker(warehouse, queue, slots), queue, slots) for queue in queues]
        _Host(url, broker, home, warehouse, parts).serve()


class _Part:
    """The processes that take runs from one queue: Celery's own, and its pool."""

    def __init__(self, lease: Worker, queue: Queue, slots: int) -> None:
        self.name = f"{queue} ({slots} at once)"
        self._lease = lease
        self._command = [sys.executable, "-m", "pipelines.workers.process", queue, str(slots)]
        self._process: subprocess.Popen[bytes] | None = None
        self._takes_runs = False

    @property
    def runs(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def has_died(self) -> bool:
        return self._process is not None and not self.runs

    def start(self) -> None:
        """Out of reach of the terminal's Ctrl-C: what ends it is ours to say."""
        self._process = subprocess.Popen(self._command, stdin=subprocess.DEVNULL, process_group=0)

    def renew(self) -> None:
        """Says that it takes runs."""
        self._lease.renew()
        self._takes_runs = True

    def end(self, how: signal.Signals) -> None:
        """Asks it to take no more runs, and to end as the signal says: SIGTERM after those at work,
        SIGQUIT and SIGKILL without them.
        """
        if self.runs:
            assert self._process
            self._process.send_signal(how)

    def leave(self) -> None:
        """Says, once, that it takes no more runs."""
        if self._takes_runs:
            self._takes_runs = False
            self._lease.end()


class _Host:
    """What this host does: wait for what it lacks, or take runs."""

    def __init__(
        self, url: str, broker: str, home: Home, warehouse: Warehouse, parts: Sequence[_Part]
    ) -> None:
        self._url = url
        self._broker = broker
        self._home = home
        self._warehouse = warehouse
        self._parts = parts
        self._renew_at = 0.0
        self._asked_to_end = 0
        self._said = ""

    def serve(self) -> None:
        """Until a signal ends it."""
        signal.signal(signal.SIGTERM, self._ask_to_end)
        signal.signal(signal.SIGINT, self._ask_to_end)
        while not self._asked_to_end:
            try:
                self._look()
            except (CallhouseError, sa.exc.SQLAlchemyError) as error:
                self._say(f"Waiting: {_sentence(error)}")
            self._pause()
        self._finish()

    def _ask_to_end(self, number: int, _frame: FrameType | None) -> None:
        self._asked_to_end += 2 if number == signal.SIGINT else 1

    def _look(self) -> None:
        if any(part.runs for part in self._parts):
            self._go_on()
        else:
            self._start()

    def _start(self) -> None:
        """Raises CallhouseError with what is lacking."""
        require(self._url)
        require_current(self._warehouse)
        accounts = read_accounts(self._home.accounts)
        require_broker(self._broker)
        dagster_home.prepare(self._home, self._url)
        for part in self._parts:
            part.start()
        self._renew()
        names = " and ".join(part.name for part in self._parts)
        where = without_secrets(self._broker)
        self._say(f"The worker on {socket.gethostname()} takes {names} from {where}.")
        if keeps_audio_here(accounts.values()):
            console.print(
                f"Audio is kept in {self._home.audio}, which other hosts don't see: with workers "
                f"on more than one host set {AUDIO} to an object store."
            )

    def _go_on(self) -> None:
        """Raises SchemaError when another version's tables are there, and this one's runs over."""
        for part in self._parts:
            if part.has_died:
                console.print(f"The processes that take {part.name} have died: starting others.")
                part.start()
        if time.monotonic() < self._renew_at:
            return
        try:
            require_current(self._warehouse)
        except SchemaError:
            self._end(signal.SIGTERM)
            self._wait_for_the_end()
            raise
        self._renew()

    def _renew(self) -> None:
        for part in self._parts:
            part.renew()
        self._renew_at = time.monotonic() + RENEW_EVERY_S

    def _finish(self) -> None:
        if self._asked_to_end == 1:
            console.print("Taking no more runs; those at work finish. Ctrl-C interrupts them.")
            self._end(signal.SIGTERM)
            self._wait_for_the_end()
        self._end(signal.SIGQUIT)
        deadline = time.monotonic() + GRACE_S
        while any(part.runs for part in self._parts) and time.monotonic() < deadline:
            time.sleep(0.1)
        self._end(signal.SIGKILL)
        console.print("The worker has stopped.")

    def _wait_for_the_end(self) -> None:
        """Of the runs at work, unless a signal says that it takes too long."""
        asked = self._asked_to_end
        while any(part.runs for part in self._parts) and self._asked_to_end == asked:
            self._pause()

    def _pause(self) -> None:
        """Until the next look. This one is told to whoever asks whether the worker hangs."""
        self._home.worker_looked.touch()
        time.sleep(LOOK_EVERY_S)

    def _end(self, how: signal.Signals) -> None:
        for part in self._parts:
            part.end(how)
        for part in self._parts:
            part.leave()

    def _say(self, sentence: str) -> None:
        """Once, for as long as it stays so."""
        if sentence != self._said:
            self._said = sentence
            console.print(sentence, markup=False)


def keeps_audio_here(accounts: Iterable[Account]) -> bool:
    """Whether any of them loads audio, and no place is named for it that all hosts share."""
    return not os.environ.get(AUDIO) and loads_audio(accounts)


def _sentence(error: Exception) -> str:
    reason = getattr(error, "orig", None) or error
    return str(reason).strip()
