"""A test's own warehouse, for assets that a test materializes."""

from assets.resource import CallhouseResource


class OwnWarehouse(CallhouseResource):
    """The one at `url`, whatever the environment says."""

    url: str

    def database_url(self) -> str:
        """The test's."""
        return self.url
