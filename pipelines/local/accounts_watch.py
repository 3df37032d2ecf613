"""Says in `up`'s terminal what is wrong with the accounts file, as soon as it is.

Read in a process of its own, and only when the file has changed: what reads it is big.
"""

import subprocess
import sys
from pathlib import Path

from resources.configuration.home import Home

CHANGED = (
    "has changed and is right. Polls take it over by themselves; for a new vendor or stream, or an "
    "earlier start_date, press Reload definitions in the UI (Deployment, callhouse)."
)
Signature = tuple[Path, int, int] | None


class AccountsWatch:
    """Watches the file of a home, from inside the watchdog's process `group`."""

    def __init__(self, home: Home, group: int) -> None:
        self._home = home
        self._group = group
        self._seen = self._signature()
        self._reader: subprocess.Popen[str] | None = None

    def look(self) -> str | None:
        """What there is to say, if anything; never waits."""
        if self._reader is not None:
            if self._reader.poll() is None:
                return None
            reader, self._reader = self._reader, None
            return reader.communicate()[0].strip()
        signature = self._signature()
        if signature != self._seen:
            self._seen = signature
            self._reader = subprocess.Popen(
                [sys.executable, "-m", "pipelines.local.accounts_watch"],
                process_group=self._group,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        return None

    def _signature(self) -> Signature:
        try:
            status = self._home.accounts.stat()
        except OSError:
            return None
        return self._home.accounts, status.st_mtime_ns, status.st_size


def main() -> None:
    """`python -m pipelines.local.accounts_watch`: what is to be said of the file as it is."""
    from resources.configuration.settings import read_settings

    home = Home.from_environment()
    wrong = read_settings(home).sentences()
    print(f"{home.accounts} {CHANGED}" if not wrong else "\n".join([f"{home.accounts}:", *wrong]))


if __name__ == "__main__":
    main()
