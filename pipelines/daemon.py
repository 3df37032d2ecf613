"""Dagster's daemon with all of its options; it looks less often for the code server."""

from dagster._daemon.cli import main as daemon

from pipelines.heartbeats import look_less_often


def main() -> None:
    """Runs until a signal ends it."""
    look_less_often()
    daemon()


if __name__ == "__main__":
    main()
