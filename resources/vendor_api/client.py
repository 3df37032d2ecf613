"""What every vendor's client starts from: one account, and the way to ask for it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from resources.account import Account
from resources.http.client import Http
from resources.vendor_api.largest_page import LargestPage
from resources.vendor_api.paging import Pages
from resources.vendor_api.vendor import Record
from resources.windows import Window


@dataclass(frozen=True, slots=True)
class Client:
    """A vendor's client extends this with a method for each report. Each yields `Page`s.

    `largest`: of the stream that it is made for; it grows as pages come.
    """

    account: Account
    http: Http
    largest: LargestPage = field(default_factory=LargestPage)

    def pages(
        self,
        report: str,
        key: Callable[[Record], str | None],
        window: Window,
        limit: int | None = None,
    ) -> Pages:
        """Takes the window's lists page by page. `key` is the stream's; `limit` is how many rows of
        a page are asked for.
        """
        return Pages(report, key, self.largest, is_live=not window.days, limit=limit)
