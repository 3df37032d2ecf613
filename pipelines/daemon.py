"""Dagster's daemon with all of its options; it looks less often for what seldom happens."""

import os

os.environ.setdefault("DAGSTER_EVENT_LOG_CONSUMER_DAEMON_INTERVAL_SECONDS", "30")
"""For runs lost with their workers, which are to be repeated. Read as Dagster is imported."""

from dagster._daemon import controller, sensor  # noqa: E402
from dagster._daemon.cli import main as daemon  # noqa: E402

from pipelines.heartbeats import look_less_often  # noqa: E402

FETCH_S = 3600
"""Between two times that it fetches all definitions though they are the same: every minute, as
Dagster has it, is half of the daemon's time. Where they are others its watch tells it.
"""
GIVE_UP_S = FETCH_S + 240
"""Without having fetched them; the daemon then ends, and is started again."""
SENSORS_S = 16
"""Between two looks which sensors are due: four are a little more than a minute, which most of ours
wait for."""


def ask_less_often() -> None:
    """In this process. Nothing of Dagster's settings says how often."""
    controller.RELOAD_WORKSPACE_INTERVAL = FETCH_S
    controller.DEFAULT_WORKSPACE_FRESHNESS_TOLERANCE = GIVE_UP_S
    sensor.MIN_INTERVAL_LOOP_TIME = SENSORS_S


def main() -> None:
    """Runs until a signal ends it."""
    look_less_often()
    ask_less_often()
    daemon()


if __name__ == "__main__":
    main()
