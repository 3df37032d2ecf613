"""The picture of the report in the docs: `python -m tests.analysts.picture`.

Loads two weeks of the demo's invented customers, which takes minutes, in a place of its own.
"""

import base64
import shutil
import tempfile
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.sync_api import ViewportSize, sync_playwright

from resources.configuration.home import CHECKOUT, Home
from resources.embedded.local_postgres import LocalPostgres
from resources.postgres.migration import migrate
from resources.postgres.warehouse import Warehouse
from resources.report import page
from resources.report.answers import select
from tests.analysts import world

PICTURE = CHECKOUT / "docs" / "images" / "report.webp"
SIZE = ViewportSize(width=1180, height=1560)
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def main() -> None:
    """Makes the picture anew."""
    with tempfile.TemporaryDirectory(prefix="callhouse-picture-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        server = LocalPostgres(Home(folder))
        url = server.start()
        try:
            migrate(url)
            now = datetime.now(UTC).replace(hour=23)
            days = [now.date() - timedelta(days=n) for n in range(14, -1, -1)]
            world.load(url, folder, days, days[-7:], now)
            with closing(Warehouse(url)) as warehouse:
                made = page.render(warehouse, select(warehouse))
            assert not made.faults
            page.write(made, folder / "report.html")
            _take(folder / "report.html")
        finally:
            server.stop_if_unused()


def _take(file: Path) -> None:
    path = next(filter(None, map(shutil.which, BROWSERS)))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        shown = browser.new_page(viewport=SIZE, color_scheme="light")
        shown.goto(file.as_uri())
        shown.wait_for_selector("html[data-drawn]")
        # Two accounts and two charts are enough to see what it is.
        hidden = "#never_called_back, #callers_to_call, details, .card:nth-of-type(n+3)"
        shown.add_style_tag(content=f"{hidden} {{display: none}}")
        session = shown.context.new_cdp_session(shown)
        taken = session.send("Page.captureScreenshot", {"format": "webp", "quality": 85})
        PICTURE.write_bytes(base64.b64decode(taken["data"]))
        browser.close()


if __name__ == "__main__":
    main()
