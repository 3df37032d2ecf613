"""What Evolux is asked for."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from urllib.parse import quote

from resources.errors import VendorError
from resources.http.auth import HeaderToken
from resources.vendor_api.asked_for import require_inside
from resources.vendor_api.client import Client
from resources.vendor_api.record_keys import key_of
from resources.vendor_api.vendor import Page, Parent
from resources.vendors.evolux.answers import (
    CALLS_REPORT,
    DETAIL_REPORT,
    PAGE,
    check_echo,
    check_same_call,
    count_at_end,
    parse_detail,
    parse_listing,
    start_of_call,
)
from resources.windows import TICK, Window

PATH = "api/v1/studio/calls"
AUTH = HeaderToken("token")
KEY = key_of("id")
WRITTEN_WITHIN = timedelta(hours=1)
"""How long after a call's start its steps may still be missing from its detail."""


class Evolux(Client):
    """`GET studio/calls`, by page over closed windows, and `GET studio/calls/<id>/cdr`."""

    def calls(self, window: Window) -> Iterator[Page]:
        """Calls that started in the window, newest first.

        Pages are counted up: the vendor's `next_url` is plain http and has lost the limit.
        """
        asked = {
            "start_date": window.start.isoformat(),
            # The vendor's own windows end at 23:59:59.999999: the end is taken as included.
            "end_date": (window.end - TICK).isoformat(),
        }
        pages = self.pages(CALLS_REPORT, KEY, window, PAGE)
        for number in pages.numbers():
            asked["page"] = str(number)
            try:
                listing, permit = self.http.get(
                    CALLS_REPORT,
                    PATH,
                    partial(parse_listing, pages.came),
                    params={**asked, "limit": PAGE},
                    auth=AUTH,
                )
            except VendorError as error:
                pages.refuse(error)
                continue
            page = pages.take(listing.calls, permit, listing.total)
            yield replace(page, beyond=count_at_end(listing.calls, window))
            if pages.is_repeated:  # beyond its last page a server may give that again, and say so
                del asked["page"]
            if listing.current_url or number == 1:  # the vendor has none beyond its last page
                check_echo(listing.current_url, asked)
            require_inside(CALLS_REPORT, listing.calls, start_of_call, window.start, window.end)

    def call_detail(self, parent: Parent) -> Page:
        """The detail of one call; none while the vendor doesn't have it."""
        path = f"{PATH}/{quote(parent.key, safe='')}/cdr"
        details, permit = self.http.get(DETAIL_REPORT, path, parse_detail, auth=AUTH)
        if details and details[0].get("executed_tasks") == []:
            # As with 404: the flow may not have been written down yet.
            is_new = permit.granted_at - parent.started_at < WRITTEN_WITHIN
            details = [] if is_new else details
        for detail in details:
            check_same_call(detail, parent)
        return Page(details, permit.id, permit.granted_at)
