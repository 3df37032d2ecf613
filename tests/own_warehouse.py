"""A test's own warehouse, for assets that a test materializes."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

from assets.resource import CallhouseResource
from resources.postgres.warehouse import Warehouse


class OwnWarehouse(CallhouseResource):
    """The one at `url`, whatever the environment says."""

    url: str

    @contextmanager
    def warehouse(self) -> Iterator[Warehouse]:
        """Closed when the block ends."""
        with closing(Warehouse(self.url)) as warehouse:
            yield warehouse
