"""Vono: recordings, and the audio behind each. One record is one file; other calls are absent.

The credentials are part of the URL's path, and the same URL with DELETE would destroy recordings
for ever: only GET is sent, and what is written down of it is redacted (`resources.http`).
The document's quotes are typographic; its server's JSON is taken to be JSON.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from functools import partial
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import quote

from resources.account import Account, Limits, Options
from resources.audio import AudioStore, file_name
from resources.errors import (
    ContractError,
    CutShortError,
    FailedAnswerError,
    PermanentError,
    RecordError,
    ThrottledError,
    TransientError,
    WindowTooLargeError,
)
from resources.http.answer import Answer, retry_after
from resources.http.failures import Meaning, is_page
from resources.http.refusals import refuse, refuse_page, unlike
from resources.text import payload
from resources.vendor_api.asked_for import require_inside
from resources.vendor_api.client import Client
from resources.vendor_api.record_keys import key_of
from resources.vendor_api.values import NO_VALUE, is_no_value
from resources.vendor_api.vendor import DetailStream, Facts, Page, Parent, Record, Stream, Vendor
from resources.windows import SECOND, Window, business_day, days_between
from sql.vocabulary import Direction, Disposition, Grain, Tells

if TYPE_CHECKING:
    from resources.vendor_api.normalise import Columns
    from resources.vendor_api.series import Column

DOCUMENT = "API Relatório de Gravações Vono"
REPORT = "recording"
AUDIO_REPORT = "recording_audio"
PAGE = 100
"""`limit` in the document's examples; no maximum is documented, so no more is asked for."""
TIME = "%Y-%m-%d %H:%M:%S"
"""`calldate`: wall time."""
LAST_SECOND = time(23, 59, 59)
KEY = key_of("customer_id", "record_id")

ENVELOPED = (200, 400, 401, 403, 404, 422)
"""Statuses whose meaning the envelope's `reason` may tell better."""
HEAD = 64 * 1024
"""So much of a file is looked at: it may be something else."""

SIZE = re.compile(r"(?i)\s*(\d{1,3}(?:\.\d{3}){1,2}|\d{1,9})(?:,(\d{1,9}))?\s*([KMG]?)b\s*")
"""`267,86 Kb`: a comma before decimals, a dot between thousands."""
UNITS = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3}
SIZE_SLACK, SIZE_SLACK_BYTES = 0.01, 1024
"""A listed size is rounded: a file may differ by so much of it, and by so many bytes."""


class VonoOptions(Options):
    """The document's `id_assinante`: the one subscriber whose recordings are loaded."""

    subscriber: int | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of recordings, and what the vendor says of the whole."""

    recordings: list[Any]
    total: int | None
    offset: int | None
    """None: where the page begins isn't said, nor the total, as nothing is beyond the last page."""
    total_time: int | None
    """Seconds of all recordings of the window together. None: it isn't said."""


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
            said: set[tuple[int | None, int | None]] = set()
            durations: dict[str | None, Any] = {}
            for start in pages.offsets():
                listing, permit = self.http.get(
                    REPORT,
                    self._path,
                    partial(_parse_listing, pages.came),
                    params={**asked, "start": start, "limit": PAGE},
                )
                page = pages.take(listing.recordings, permit, listing.total)
                yield page if len(days) == 1 else replace(page, total=None)
                _check_asked_for(listing, start, first, last)
                said.add((listing.total, listing.total_time))
                durations |= {
                    KEY(record): record.get("duration")
                    for record in listing.recordings
                    if isinstance(record, dict)
                }
            _check_time(said, durations)
            if window.days and last.time() == LAST_SECOND:
                yield from self._last_second(last, pages.seen)

    def _last_second(self, last: datetime, seen: set[str]) -> Iterator[Page]:
        """Recordings of a day's last second that haven't come: a server that takes `time_end` as
        excluded shows them only in a span that ends on the next day. How one reads such a span
        isn't documented, so whatever else it answers says nothing.
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
                partial(_parse_listing, 0),
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
        """Fetches one recording's file, checks it and puts it away: the record says where."""
        store = AudioStore.from_environment()
        record_id = parent.key.partition("/")[2]
        day = business_day(parent.started_at, self.account.timezone)
        with store.incoming() as file:
            is_there, permit = self.http.get(
                AUDIO_REPORT,
                self._path,
                partial(_parse_audio, file, parent.facts.get("size_bytes")),
                params={"id_record": record_id, "is_download": 1},
                sink=file,
            )
            if not is_there:
                return Page([], permit.id, permit.granted_at)
            folder = f"{self.account.name}/{day:%Y/%m/%d}"
            kept = store.keep(file, f"{folder}/{file_name(parent.key)}.mp3")
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


def _parse_listing(before: int, answer: Answer) -> tuple[Listing, int]:
    """A page of recordings; `before`: how many pages came before."""
    if _tells_of_nothing(answer, REPORT):
        return Listing([], None if before else 0, None, None), 0
    if answer.status != 200:
        raise refuse_page(answer, REPORT, lambda a: _reason(a) is not None, before=before)
    body = answer.json()
    match body:
        case {
            "error": 0,
            "data": data,
            "total_records": int(total),
            "limit": int(limit),
            "offset": int(offset),
        } if isinstance(rows := payload.listed(data), list) and 0 < limit <= PAGE:
            seconds = body.get("total_time")
            told = seconds if type(seconds) is int else None
            of_page = body.get("records")
            if type(of_page) is int and of_page > len(rows):  # of which some didn't come
                total = max(total, offset + of_page)
            return Listing(rows, total, offset, told), len(rows)
    raise unlike(
        answer,
        REPORT,
        body,
        f"lacks `error`, `data`, `total_records`, `offset` or `limit` (1 to {PAGE})",
    )


def _parse_audio(file: IO[bytes], listed: int | None, answer: Answer) -> tuple[bool, int]:
    """Whether there is a file; 404 is the document's word for none, in the vendor's own envelope or
    without a body. Its 200 is in `file`.
    """
    if _tells_of_nothing(answer, AUDIO_REPORT):
        return False, 0
    is_own = _reason(answer) is not None
    if answer.status == 404 and (is_own or not answer.body):
        return False, 0
    if answer.status != 200:
        raise refuse(answer, AUDIO_REPORT, lambda _: is_own)
    size = file.seek(0, 2)
    file.seek(0)
    head = file.read(HEAD)
    if is_page(head) or head.lstrip().startswith((b"{", b"[")):
        said = replace(answer, body=head)
        if _tells_of_nothing(said, AUDIO_REPORT):
            return False, 0
        raise FailedAnswerError(f"{AUDIO_REPORT}: the answer isn't an MP3{said.words}", head)
    if not (head.startswith(b"ID3") or (head[:1] == b"\xff" and head[1:2] >= b"\xe0")):
        raise RecordError(f"{AUDIO_REPORT}: the answer ({size:,} bytes) isn't an MP3", head[:1000])
    if listed is not None and abs(size - listed) > listed * SIZE_SLACK + SIZE_SLACK_BYTES:
        raise RecordError(
            f"{AUDIO_REPORT}: the file has {size:,} bytes, its listing says about {listed:,}"
        )
    return True, 1


def _reason(answer: Answer) -> str | None:
    """The `reason` of the vendor's own envelope of an error; None if it isn't one."""
    try:
        body = payload.decode(answer.body)
    except ContractError:
        return None
    match body:
        case {"error": 1 | "1" | True, **rest} if not rest.get("data"):
            return str(rest.get("reason", ""))
    return None


def _tells_of_nothing(answer: Answer, report: str) -> bool:
    """Whether it says that there is nothing to list or to give. Raises what it says instead, where
    that is an error with a meaning of its own. The status may be 200 all the same.
    """
    reason = _reason(answer) if answer.status in ENVELOPED else None
    if reason is None:
        return False
    what = f"{report}: the vendor says: {answer.quoted(reason)}"
    match answer.meaning_of(reason):
        case Meaning.NOTHING if answer.status in (200, 404):
            return True
        case Meaning.PAUSE:
            raise ThrottledError(what, retry_after(answer))
        case Meaning.REFUSAL:
            raise PermanentError(what)
        case Meaning.PASSING:
            raise TransientError(what)
        case _ if answer.status == 200:
            raise ContractError(what, answer.body)
    return False


def _check_asked_for(listing: Listing, start: int, first: datetime, last: datetime) -> None:
    """Raises ContractError for another page or another time than was asked for."""
    if listing.offset not in (start, None):
        raise ContractError(
            f"{REPORT}: asked for start={start}, the vendor began at {listing.offset}"
        )
    require_inside(REPORT, listing.recordings, _start, first, last)


def _start(record: Record) -> datetime:
    return datetime.strptime(record["calldate"], TIME)  # noqa: DTZ007 - wall time


def _check_time(said: set[tuple[int | None, int | None]], durations: dict[str | None, Any]) -> None:
    """Raises ContractError where `total_time` isn't the time of the recordings that came.

    Nothing is compared where totals or recordings differ from page to page (who counts the
    recordings has those read again), or where a duration is none (the mapping's to reject).
    """
    (total, told), *others = said
    seconds = [s for s in durations.values() if type(s) is int and 0 <= s < 2**31]
    if others or told is None or len(seconds) != total:
        return
    if told != sum(seconds):
        raise ContractError(
            f"{REPORT}: the vendor counts {told:,} s in {total:,} recordings, whose durations are "
            f"{sum(seconds):,} s together"
        )


def recordings_to_facts(records: Sequence[Record], account: Account) -> Facts:
    """`facts.recordings`, and `facts.calls` of grain `recorded_call`.

    What was recorded was answered. Which side is the customer's isn't said, and `duration` is the
    call's: when it was answered and when it ended stay unknown.
    """
    import pandas as pd

    from resources.vendor_api.normalise import Columns

    columns = Columns(records, account)
    for name in ("record_id", "customer_id"):
        columns.text(name, required=True)
    size = columns.text("size")
    columns.text("duration2")  # `duration` once more, in words
    source = columns.text("source")
    destination = columns.text("destination")
    common = {
        "started_at": columns.local("calldate", TIME, required=True),
        "duration_s": columns.seconds("duration"),
        "from_number": source,
        "to_number": destination,
    }
    recordings = pd.DataFrame(
        {
            **common,
            "size_bytes": _bytes(columns, size),
            "size_raw": size,
        }
    )
    calls = pd.DataFrame(
        {
            **common,
            "grain": Grain.RECORDED_CALL,
            "direction": Direction.UNKNOWN,
            "from_e164": columns.e164(source),
            "to_e164": columns.e164(destination),
            "disposition": Disposition.ANSWERED,
            "is_final": True,
            "has_recording": True,
            "attributes": columns.rest("customer_id", "clid"),
        }
    )
    return columns.facts(common["started_at"], {"recordings": recordings, "calls": calls})


def _bytes(columns: "Columns", size: "Column") -> "Column":
    """About so many bytes as the listing says."""
    found = size.map(lambda text: SIZE.fullmatch(text) if isinstance(text, str) else None)
    unread = size.notna() & found.isna()
    stands_for_nothing = size.map(is_no_value)
    columns.note(unread & stands_for_nothing, "size", NO_VALUE)
    columns.note(unread & ~stands_for_nothing, "size", "expected a size like 267,86 Kb")
    return found.map(_bytes_of).astype("Int64")


def _bytes_of(found: re.Match[str] | None) -> int | None:
    if found is None:
        return None
    whole, decimals, unit = found.groups()
    number = float(f"{whole.replace('.', '')}.{decimals or 0}")
    return round(number * UNITS[unit.upper()])


def audio_to_facts(records: Sequence[Record], account: Account) -> Facts:
    """Where each recording's audio is, for its row in `facts.recordings`."""
    import pandas as pd

    from resources.vendor_api.normalise import Columns

    columns = Columns(records, account)
    audio = pd.DataFrame(
        {name: columns.text(name, required=True) for name in ("audio_uri", "audio_sha256")}
    )
    return columns.facts(None, {"audio": audio})


RECORDINGS = Stream(
    name="recordings",
    title="Recordings, and the calls they are of",
    document=DOCUMENT,
    table="recordings",
    also=("calls",),
    read=Vono.recordings,
    key=KEY,
    normalise=recordings_to_facts,
    live="since",
    lookback=timedelta(hours=2),  # known by the call's start, but listed when it has ended
    settle=timedelta(hours=3),
    settle_every=timedelta(hours=3),
)

RECORDING_AUDIO = DetailStream(
    name="recording_audio",
    title="The audio of each recording",
    document=DOCUMENT,
    table="audio",
    of="recordings",
    needs=("size_bytes",),
    read=Vono.audio,
    normalise=audio_to_facts,
    default=False,
)

VENDOR = Vendor(
    name="vono",
    title="Vono",
    timezone="America/Sao_Paulo",
    country="BR",
    client=Vono,
    streams=(RECORDINGS, RECORDING_AUDIO),
    credentials=("token", "key"),
    options=VonoOptions,
    tells=frozenset({Tells.RECORDINGS}),
    limits=Limits(
        concurrency=4,
        requests_per_s=10,
        max_window_days=1,
        sources={
            "concurrency": "assumed: not documented",
            "requests_per_s": "assumed: not documented",
            "max_window_days": "ours: how times and dates combine over days isn't documented",
        },
    ),
)
