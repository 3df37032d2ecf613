"""What has to be right before anything is served, in a process of its own: Dagster and pandas are
big, and `up` itself, which lives for months, has no use for them.
"""

import os
import sys
from pathlib import Path

from dagster import DagsterInstance
from sqlalchemy.exc import DBAPIError, OperationalError

from pipelines.dagster_home import open_instance
from pipelines.recovery import fail_interrupted_runs
from pipelines.workers.queues import workers_of
from resources.configuration.accounts import read_accounts
from resources.configuration.broker import broker_url, require_broker, without_secrets
from resources.configuration.home import BROKER, Home
from resources.errors import CallhouseError
from resources.postgres.database import URL
from resources.postgres.errors import in_words
from resources.postgres.migration import migrate


def main() -> None:
    """`python -m pipelines.local.preflight [SOCKET]`: that of the code server that runs no more.

    Prints where runs are executed, unless it is here.
    """
    try:
        read_accounts(Home.from_environment().accounts)
        migrate(os.environ[URL])
    except CallhouseError as error:
        sys.exit(str(error))
    except OperationalError as error:
        sys.exit(f"The warehouse doesn't answer: {error.orig}")
    except DBAPIError as error:
        if not (lacks := in_words(error)):
            raise
        sys.exit(f"The warehouse refuses it: {lacks}")
    with open_instance() as instance:
        try:
            print(where_runs_go(instance))
        except CallhouseError as error:
            sys.exit(str(error))
        fail_interrupted_runs(instance, Path(sys.argv[1]) if sys.argv[1:] else None)


def where_runs_go(instance: DagsterInstance) -> str:
    """As `up` says it; nothing if runs are processes of this host, as by default.

    Raises BrokerError when they go to workers, and the broker doesn't answer.
    """
    broker = broker_url()
    if not broker:
        return ""
    if workers_of(instance) is None:
        return f"not by workers: Dagster has another launcher, whatever {BROKER} is"
    require_broker(broker)
    return f"by workers (callhouse worker), from {without_secrets(broker)}"


if __name__ == "__main__":
    main()
