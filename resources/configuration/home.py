"""Where Callhouse keeps its state on this machine: one folder, so that one `rm -rf` forgets it all.

A folder in it is made by what uses it. All of it is its owner's alone: it holds passwords, the
demo's secrets and logs.
"""

import os
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
BROKER = "CALLHOUSE_BROKER_URL"
PRIVATE = 0o077
"""The umask of everything that Callhouse starts."""


@dataclass(frozen=True)
class Home:
    root: Path

    @classmethod
    def from_environment(cls) -> "Home":
        chosen = os.environ.get("CALLHOUSE_HOME")
        return cls(Path(chosen or CHECKOUT / ".callhouse").expanduser().absolute())

    def make(self) -> None:
        """Makes the root and Postgres' folder. Nobody else looks into them; but where root hands
        the embedded Postgres to another user, that one must get through to its own folder.
        """
        self.root.parent.mkdir(parents=True, exist_ok=True)
        umask = os.umask(0)  # at once as they are to be, whenever it is killed
        try:
            for folder in (self.root, self.postgres):
                folder.mkdir(mode=0o700 if os.geteuid() else 0o711, exist_ok=True)
        finally:
            os.umask(umask)

    @property
    def postgres(self) -> Path:
        return self.root / "postgres"

    @property
    def dagster(self) -> Path:
        """Dagster's home: the user's own if `DAGSTER_HOME` is set."""
        return Path(os.environ.get("DAGSTER_HOME") or self.own_dagster).expanduser().absolute()

    @property
    def own_dagster(self) -> Path:
        """Dagster's home as we make it. One with a broker is another: a command without one leaves
        it as it is.
        """
        return self.root / ("dagster-workers" if os.environ.get(BROKER) else "dagster")

    @property
    def accounts(self) -> Path:
        """The accounts file: the one that is named, else the checkout's, else the demo's."""
        if chosen := os.environ.get("CALLHOUSE_ACCOUNTS"):
            return Path(chosen).expanduser().absolute()
        own = CHECKOUT / "accounts.toml"
        return own if own.exists() else self.demo_accounts

    @property
    def demo_accounts(self) -> Path:
        """Written where the stand-in vendors are started."""
        return self.standin / "accounts.toml"

    @property
    def audio(self) -> Path:
        return self.root / "audio"

    @property
    def reports(self) -> Path:
        return self.root / "reports"

    @property
    def standin(self) -> Path:
        return self.root / "standin"

    @property
    def worker_looked(self) -> Path:
        """Touched by `callhouse worker` at each look at its processes, whatever it waits for."""
        return self.root / "worker.looked"

    @property
    def logs(self) -> Path:
        return self.root / "logs"
