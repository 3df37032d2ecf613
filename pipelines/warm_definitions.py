"""What the fork server imports last (`pipelines.warm_runs`): the definitions, whose making takes as
long as a poll, and what else each run would do first.
"""

import os
from contextlib import suppress

from dagster import DagsterInstance

from pipelines.storage import disconnect
from pipelines.workers.code import load_code
from resources.http.transport import Transport
from resources.postgres.database import DAGSTER_URL, URL
from resources.postgres.warehouse import Warehouse


def _rehearse() -> None:
    """Asks both databases something, and makes ready to ask vendors: what that reads and works out
    for the first time stays. No connection does: a run's process opens its own.
    """
    Transport().close()
    try:
        with DagsterInstance.get() as instance:
            instance.get_run_records(limit=1)
    finally:
        disconnect(os.environ[DAGSTER_URL])
    warehouse = Warehouse(os.environ[URL], pool_size=1)
    try:
        warehouse.now()
    finally:
        warehouse.close()


with suppress(Exception):  # a run makes them itself then, and says what is wrong
    load_code()
with suppress(Exception):
    _rehearse()
