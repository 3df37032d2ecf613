"""Dagster's daemon with all of its options; it looks less often for the code server."""

from dagster._daemon import controller
from dagster._daemon.cli import main as daemon

from pipelines.heartbeats import look_less_often

FETCH_S = 240
"""Between two times that it fetches all definitions though they are the same: every minute, that is
half of the daemon's time. Where they are others its watch tells it at once. Dagster wants them each
five minutes.
"""


def fetch_less_often() -> None:
    """In this process. Nothing of Dagster's settings says how often."""
    controller.RELOAD_WORKSPACE_INTERVAL = FETCH_S


def main() -> None:
    """Runs until a signal ends it."""
    look_less_often()
    fetch_less_often()
    daemon()


if __name__ == "__main__":
    main()
