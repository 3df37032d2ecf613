"""What has to be right before anything is served, in a process of its own: Dagster and pandas are
big, and `up` itself, which lives for months, has no use for them.
"""

import os
import sys
from pathlib import Path

from sqlalchemy.exc import OperationalError

from pipelines.dagster_home import open_instance
from pipelines.recovery import fail_interrupted_runs
from resources.configuration.accounts import read_accounts
from resources.configuration.home import Home
from resources.errors import CallhouseError
from resources.postgres.database import URL
from resources.postgres.migration import migrate


def main() -> None:
    """`python -m pipelines.local.preflight [SOCKET]`: that of the code server that runs no more."""
    try:
        read_accounts(Home.from_environment().accounts)
        migrate(os.environ[URL])
    except CallhouseError as error:
        sys.exit(str(error))
    except OperationalError as error:
        sys.exit(f"The warehouse doesn't answer: {error.orig}")
    with open_instance() as instance:
        fail_interrupted_runs(instance, Path(sys.argv[1]) if sys.argv[1:] else None)


if __name__ == "__main__":
    main()
