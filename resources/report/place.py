"""Where the report is that Dagster keeps up to date and the UI shows; it has no personal data."""

from pathlib import Path

from resources.configuration.home import Home
from resources.report.page import ReportPage
from resources.stores.places import chosen_store

REPORT = "CALLHOUSE_REPORT_URL"
NAME = "calls.html"


class ReportPlace:
    """`CALLHOUSE_REPORT_URL`, a folder or an object store that the UI's host reaches, too; else the
    folder `reports` of Callhouse's home. Raises ConfigurationError.
    """

    def __init__(self) -> None:
        self.store = chosen_store(REPORT, Home.from_environment().reports)

    def write(self, page: ReportPage) -> str:
        """Puts the page there, at once: nobody sees half of it. Returns its URI.

        Raises TransientError.
        """
        return self.store.write(page.html.encode(), NAME, "text/html; charset=utf-8")

    def read(self) -> bytes | None:
        """The page. Raises TransientError."""
        return self.store.read(NAME)

    @property
    def file(self) -> Path | None:
        """Where it is on this host, if it is."""
        return self.store.folder and self.store.folder / NAME
