"""What Vono is asked for."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, time
from functools import partial
from typing import Any
from urllib.parse import quote

from resources.account import Options
from resources.audio import AudioStore, place_of
from resources.errors import (
    ContractError,
    CutShortError,
    ThrottledError,
    TransientError,
    VendorError,
    WindowTooLargeError,
)
from resources.vendor_api.client import Client
from resources.vendor_api.record_keys import key_of
from resources.vendor_api.vendor import Page, Parent
from resources.vendors.vono.answers import (
    AUDIO_REPORT,
    PAGE,
    REPORT,
    TIME,
    check_asked_for,
    check_time,
    parse_audio,
    parse_listing,
)
from resources.windows import LAST_SECOND, SECOND, Window, business_day, days_between

KEY = key_of("customer_id", "record_id")


class VonoOptions(Options):
    """The document's `id_assinante`: the one subscriber whose recordings are loaded."""

    subscriber: int | None = None


class Vono(Client):
    """`GET /api/recording/TOKEN/KEY[/subscriber]`: a day's list by start and limit, or a file."""

    def recordings(self, window: Window) -> Iterator[Page]:
        """Recordings of calls that began in the window.

        Whether the times bound the whole span or each of its days isn't said: of a single day both
        are the same. The total of a part isn't the window's, so a window in parts has none.
        """
        days = _by_day(window)
        pages = self.pages(REPORT, KEY, window, PAGE)
        for first, last in days:
            asked: dict[str, str | int] = {
                "date_ini": f"{first:%Y-%m-%d}",
                "date_end": f"{last:%Y-%m-%d}",
                "time_ini": f"{first:%H:%M:%S}",
                "time_end": f"{last:%H:%M:%S}",
            }
            said: set[tuple[int | None, float | None]] = set()
            durations: dict[str | None, Any] = {}
            for start in pages.offsets():
                try:
                    listing, permit = self.http.get(
                        REPORT,
                        self._path,
                        partial(parse_listing, pages.came),
                        params={**asked, "start": start, "limit": PAGE},
                    )
                except VendorError as error:
                    pages.refuse(error)
                    continue
                page = pages.take(listing.recordings, permit, listing.total)
                yield page if len(days) == 1 else replace(page, total=None)
                check_asked_for(listing, None if pages.is_repeated else start, first, last)
                said.add((listing.total, listing.total_time))
                durations |= {
                    KEY(record): record.get("duration")
                    for record in listing.recordings
                    if isinstance(record, dict)
                }
            check_time(said, durations)
            if window.days:
                yield from self._last_second(last, pages.seen)

    def _last_second(self, last: datetime, seen: set[str]) -> Iterator[Page]:
        """Recordings of the last second of a day, or of a part of it, that haven't come: a server
        that takes `time_end` as excluded shows them only in a span that ends a second later. How
        one reads such a span over midnight isn't documented, so whatever else it answers says
        nothing.
        """
        end = last + SECOND
        asked: dict[str, str | int] = {
            "date_ini": f"{last:%Y-%m-%d}",
            "date_end": f"{end:%Y-%m-%d}",
            "time_ini": f"{last:%H:%M:%S}",
            "time_end": f"{end:%H:%M:%S}",
        }
        try:
            listing, permit = self.http.get(
                REPORT,
                self._path,
                partial(parse_listing, 0),
                params={**asked, "start": 0, "limit": PAGE},
            )
        except (ThrottledError, CutShortError):
            raise
        except (ContractError, TransientError, WindowTooLargeError):
            return
        rows = [
            row
            for row in listing.recordings
            if isinstance(row, dict)
            and row.get("calldate") == f"{last:{TIME}}"
            and KEY(row) not in seen
        ]
        if rows:
            yield Page(rows, permit.id, permit.granted_at, seen=seen)

    def audio(self, parent: Parent) -> Page:
        """Fetches one recording's file, checks it and puts it away: the record says where. What the
        vendor no longer has may have been put away before.
        """
        store = AudioStore()
        record_id = parent.key.partition("/")[2]
        day = business_day(parent.started_at, self.account.timezone)
        with store.incoming() as file:
            is_there, permit = self.http.get(
                AUDIO_REPORT,
                self._path,
                partial(parse_audio, file, parent.facts.get("size_bytes")),
                params={"id_record": record_id, "is_download": 1},
                sink=file,
            )
            self.http.let_go()  # an object store may take its time
            place = place_of(self.account.name, day, parent.key)
            kept = store.keep(file, place) if is_there else store.kept(place)
        if kept is None:
            return Page([], permit.id, permit.granted_at)
        manifest = {
            "record_id": record_id,
            "audio_uri": kept.uri,
            "audio_sha256": kept.sha256,
            "size_bytes": kept.size_bytes,
        }
        return Page([manifest], permit.id, permit.granted_at)

    @property
    def _path(self) -> str:
        """Of the document's three spellings the one that its reference has."""
        options = self.account.options
        assert isinstance(options, VonoOptions)
        secrets = (self.account.secret(name) for name in ("token", "key"))
        path = "/".join(("api/recording", *(quote(secret, safe="") for secret in secrets)))
        return f"{path}/{options.subscriber}" if options.subscriber is not None else path


def _by_day(window: Window) -> list[tuple[datetime, datetime]]:
    """First and last second of the window's part in each day, on the account's clocks."""
    first, last = window.wall_times
    return [
        (
            max(first, datetime.combine(day, time.min)),
            min(last, datetime.combine(day, LAST_SECOND)),
        )
        for day in days_between(first.date(), last.date())
    ]
