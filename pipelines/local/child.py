"""One process that `up` keeps running."""

import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from resources.embedded.ports import is_taken
from resources.errors import CallhouseError

DEATHS_ALLOWED = 5
DEATHS_WITHIN_S = 600
START_PATIENCE_S = 180
LOG_BYTES = 20_000_000


@dataclass
class Child:
    """A Python module that runs until it is stopped. What it prints goes to its log."""

    name: str
    arguments: list[str]
    log: Path
    listens_at: int | Path | None = None
    """The port or socket at which it listens once it is ready; without one it is ready at once."""
    environment: dict[str, str] | None = None
    """Its own. None: ours."""
    deaths: list[float] = field(default_factory=list)

    def start(self, group: int) -> None:
        """Starts it inside the watchdog's process group, out of reach of the terminal's Ctrl-C."""
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *self.arguments],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                process_group=group,
            )

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_PATIENCE_S
        while self.listens_at is not None and not is_taken(self.listens_at):
            if self.is_dead or time.monotonic() > deadline:
                raise CallhouseError(f"The {self.name} doesn't start.\n{self.last_words()}")
            time.sleep(0.1)

    @property
    def is_dead(self) -> bool:
        return self.process.poll() is not None

    def count_death(self) -> None:
        """Raises when it has died so often that starting it again is no use."""
        now = time.monotonic()
        self.deaths = [then for then in self.deaths if then > now - DEATHS_WITHIN_S] + [now]
        if len(self.deaths) > DEATHS_ALLOWED:
            raise CallhouseError(f"The {self.name} ends again and again.\n{self.last_words()}")

    def trim_log(self) -> None:
        """Keeps the log within bounds for months; the process goes on writing to the same file."""
        if self.log.stat().st_size > LOG_BYTES:
            shutil.copyfile(self.log, self.log.with_suffix(".previous"))
            os.truncate(self.log, 0)

    def last_words(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()[-15:]
        return "\n".join([f"The end of {self.log}:", *lines])
