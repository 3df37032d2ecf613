"""What can go wrong with an answer, each as a small function on it, so that faults compose."""

from __future__ import annotations

import gzip
import itertools
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from resources.standin.answer import Answer, Ask

TOKEN = "token"  # noqa: S105 - a report's name
"""The report of requests for access tokens: only a fault that is armed for it spoils them."""
PLACE = "put the value here"
FIREWALL = (
    b"<!doctype html><html><head><title>403 Forbidden</title></head><body><h1>Access denied</h1>"
    b"<p>Your request was blocked. Reference: 18.5f2c.1741791600</p></body></html>"
)
LOGIN = (
    b"<!doctype html><html><head><title>Sign in</title></head><body><form method=post>"
    b"<input name=user><input name=password type=password></form></body></html>"
)
HTML = b"<!doctype html><html><body><h1>We'll be back soon</h1></body></html>"


def _packed(padding: int, body: bytes) -> bytes:
    """Gzip of so much white space and the body, without having it all at once."""
    packer = zlib.compressobj(wbits=16 + zlib.MAX_WBITS)
    piece = b" " * (1 << 20)
    packed = [packer.compress(piece) for _ in range(padding >> 20)]
    rest = piece[: padding % (1 << 20)] + body
    return b"".join([*packed, packer.compress(rest), packer.flush()])


def _as_it_is(_: Answer) -> None:
    """A fault that spoils the question only."""


@dataclass(frozen=True)
class Fault:
    """One way to spoil an answer. Made by its class methods; `Fault(name, function)` makes more."""

    name: str
    spoil: Callable[[Answer], None] = _as_it_is
    asks: Mapping[str, str | None] = field(default_factory=dict)
    """Parameters that the vendor takes for others than were sent; None: it ignores them."""

    def misread(self, ask: Ask) -> Ask:
        query = {**ask.query, **self.asks}
        return replace(ask, query={k: v for k, v in query.items() if v is not None})

    # The wrong answer altogether.

    @classmethod
    def status(cls, code: int, retry_after: str | None = None, payload: object = None) -> Fault:
        """An error; `retry_after` in seconds or as an HTTP date."""

        def spoil(answer: Answer) -> None:
            answer.status, answer.payload, answer.rows = code, payload, []
            answer.body = None if payload is not None else HTML
            if retry_after is not None:
                answer.headers["retry-after"] = retry_after

        return cls("status", spoil)

    @classmethod
    def refusal(cls, message: str, code: int = 403) -> Fault:
        """Wolkvox's envelope of an error, told apart by its message alone."""
        return cls.status(
            code, payload={"code": str(code), "error": "1", "msg": message, "data": []}
        )

    @classmethod
    def body(cls, body: bytes, content_type: str = "application/json") -> Fault:
        def spoil(answer: Answer) -> None:
            answer.body, answer.headers["content-type"] = body, content_type

        return cls("body", spoil)

    @classmethod
    def html(cls) -> Fault:
        """A maintenance page where JSON should be, with status 200."""
        return cls.body(HTML, "text/html; charset=utf-8")

    @classmethod
    def firewall(cls, code: int = 403) -> Fault:
        """A page of whoever stands in between, with any status."""

        def spoil(answer: Answer) -> None:
            answer.status, answer.payload, answer.rows = code, None, []
            answer.body, answer.headers["content-type"] = FIREWALL, "text/html"

        return cls("firewall", spoil)

    @classmethod
    def login(cls) -> Fault:
        """A form to log in with, and status 200: of a portal, or of a session that has ended."""
        return cls.body(LOGIN, "text/html; charset=utf-8")

    @classmethod
    def unsuccessful(cls, **said: Any) -> Fault:
        """Status 200, and an envelope that tells of a failure; `said` is what else it says."""
        return cls.status(200, payload={"success": False, "data": [], **said})

    @classmethod
    def empty(cls) -> Fault:
        return cls.body(b"")

    @classmethod
    def redirect(cls, url: str) -> Fault:
        def spoil(answer: Answer) -> None:
            answer.status, answer.body, answer.headers["location"] = 302, b"", url

        return cls("redirect", spoil)

    # The right answer, spoiled on its way.

    @classmethod
    def half_body(cls, share: float = 0.5) -> Fault:
        """The connection ends before the promised length."""

        def spoil(answer: Answer) -> None:
            answer.share_sent = share

        return cls("half_body", spoil)

    @classmethod
    def kept(cls, seconds: int) -> Fault:
        """From a cache, which says since when it has kept the answer."""

        def spoil(answer: Answer) -> None:
            answer.headers |= {"age": str(seconds), "x-cache": "HIT"}

        return cls("kept", spoil)

    @classmethod
    def reset(cls) -> Fault:
        """The connection is reset before a byte of the answer."""

        def spoil(answer: Answer) -> None:
            answer.reset = True

        return cls("reset", spoil)

    @classmethod
    def slow(cls, seconds: float) -> Fault:
        def spoil(answer: Answer) -> None:
            answer.delay_s += seconds

        return cls("slow", spoil)

    @classmethod
    def drip(cls, seconds: float) -> Fault:
        """Ten pieces with a pause after each."""

        def spoil(answer: Answer) -> None:
            answer.drip_s = seconds / 10

        return cls("drip", spoil)

    @classmethod
    def truncated_json(cls, share: float = 0.5) -> Fault:
        """A complete response whose JSON stops in the middle."""

        def spoil(answer: Answer) -> None:
            whole = answer.encoded()
            answer.body = whole[: int(len(whole) * share)]

        return cls("truncated_json", spoil)

    @classmethod
    def latin1(cls) -> Fault:
        """Names with accents, in an encoding that JSON doesn't allow."""

        def spoil(answer: Answer) -> None:
            answer.body = answer.encoded().decode().encode("latin-1", errors="replace")

        return cls("latin1", spoil)

    @classmethod
    def charset(cls, charset: str) -> Fault:
        """In an encoding that JSON doesn't allow, and that the header names."""

        def spoil(answer: Answer) -> None:
            answer.body = answer.encoded().decode().encode(charset)
            answer.headers["content-type"] = f"application/json; charset={charset}"

        return cls("charset", spoil)

    @classmethod
    def oversized(cls, size: int) -> Fault:
        """The answer behind so many bytes of white space."""

        def spoil(answer: Answer) -> None:
            answer.padding = size

        return cls("oversized", spoil)

    @classmethod
    def gzip_bomb(cls, size: int, layers: int = 1) -> Fault:
        """A small body that unpacks to `size` bytes, packed so many times."""

        def spoil(answer: Answer) -> None:
            answer.body = _packed(size, answer.encoded())
            for _ in range(layers - 1):
                answer.body = gzip.compress(answer.body)
            answer.headers["content-encoding"] = ", ".join(["gzip"] * layers)

        return cls("gzip_bomb", spoil)

    # Answers without an end.

    @classmethod
    def hang(cls) -> Fault:
        """The question is taken, and nothing ever comes."""
        return cls._without_end("hang", b"", b"", 3600)

    @classmethod
    def endless_headers(cls, pause_s: float = 0) -> Fault:
        """One header after the other."""
        return cls._without_end(
            "endless_headers", b"HTTP/1.1 200 OK\r\n", b"x-more: 1\r\n", pause_s
        )

    @classmethod
    def endless_interim(cls, pause_s: float = 0) -> Fault:
        """Interim answers, and never the one that counts."""
        hint = b"HTTP/1.1 103 Early Hints\r\nlink: </style.css>\r\n\r\n"
        return cls._without_end("endless_interim", b"", hint, pause_s)

    @classmethod
    def endless_body(cls, pause_s: float = 0) -> Fault:
        """A body of white space, byte by byte."""
        head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n"
        return cls._without_end("endless_body", head, b" ", pause_s)

    @classmethod
    def endless_chunks(cls) -> Fault:
        """Gzip that unpacks to nothing, for ever."""
        head = b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n"
        return cls._without_end("endless_chunks", head, gzip.compress(b"") * 1000, 0)

    @classmethod
    def _without_end(cls, name: str, first: bytes, more: bytes, pause_s: float) -> Fault:
        """The same again and again; several at once where there is no pause."""
        again = more if pause_s else more * 1000

        def spoil(answer: Answer) -> None:
            answer.raw = lambda: itertools.chain([first], itertools.repeat(again))
            answer.drip_s = pause_s

        return cls(name, spoil)

    # Records that aren't what the document says.

    @classmethod
    def rows(cls, change: Callable[[list[Any]], None], name: str = "rows") -> Fault:
        """Changes the records of the answer in place (they are copies)."""

        def spoil(answer: Answer) -> None:
            change(answer.rows)

        return cls(name, spoil)

    @classmethod
    def field(cls, name: str, value: Any) -> Fault:
        """Another value in the first record: of a wrong type, too large, nested, or unheard of."""

        def change(rows: list[Any]) -> None:
            for row in rows[:1]:  # the page behind the last one has none
                row.update({name: value})

        return cls.rows(change, "field")

    @classmethod
    def nul(cls, name: str) -> Fault:
        """A NUL, which JSON can carry and Postgres can't store."""
        return cls.field(name, "before\x00after")

    @classmethod
    def huge_number(cls, name: str) -> Fault:
        """A number beyond bigint."""
        return cls.field(name, 2**64 - 1)

    @classmethod
    def without(cls, name: str) -> Fault:
        return cls.rows(lambda rows: rows[0].pop(name), "without")

    @classmethod
    def literal(cls, name: str, value: bytes, fault: str = "literal") -> Fault:
        """The first record's value as these very bytes, however wrong."""

        def spoil(answer: Answer) -> None:
            answer.rows[0][name] = PLACE
            answer.body = answer.encoded().replace(f'"{PLACE}"'.encode(), value, 1)

        return cls(fault, spoil)

    @classmethod
    def bad_byte(cls, name: str) -> Fault:
        """A text that was cut by bytes, in the middle of a letter."""
        return cls.literal(name, b'"Andr\xc3"', "bad_byte")

    @classmethod
    def half_emoji(cls, name: str) -> Fault:
        """A text that was cut by UTF-16 units, in the middle of an emoji."""
        return cls.literal(name, rb'"Ana \ud83d"', "half_emoji")

    @classmethod
    def endless_number(cls, name: str, digits: int = 5001) -> Fault:
        """A number of more digits than most programs read."""
        return cls.literal(name, b"7" * digits, "endless_number")

    @classmethod
    def deep_nesting(cls, name: str, levels: int = 5000) -> Fault:
        """Lists in lists, deeper than most programs read."""
        return cls.literal(name, b"[" * levels + b"]" * levels, "deep_nesting")

    @classmethod
    def array_record(cls) -> Fault:
        """A record that is a list of its values."""

        def change(rows: list[Any]) -> None:
            rows[0] = list(rows[0].values())

        return cls.rows(change, "array_record")

    @classmethod
    def numbered(cls) -> Fault:
        """The list under numbered keys with gaps, as PHP writes one that rows were taken out of."""

        def spoil(answer: Answer) -> None:
            rows = {str(2 * place): row for place, row in enumerate(answer.rows)}
            if not rows:
                return
            if isinstance(answer.payload, dict):
                answer.payload = {
                    name: rows if value is answer.rows else value
                    for name, value in answer.payload.items()
                }
            else:
                answer.payload = rows

        return cls("numbered", spoil)

    # Pages and windows that don't add up.

    @classmethod
    def add(cls, *records: Any) -> Fault:
        """Records that nobody asked for: from outside of the window, or twice on a page."""
        return cls.rows(lambda rows: rows.extend(records), "add")

    @classmethod
    def repeat(cls) -> Fault:
        """Each page begins with the last record of the one before; arm it for several answers."""
        previous: list[Any] = []

        def change(rows: list[Any]) -> None:
            before, previous[:] = previous.copy(), rows[-1:]
            rows[:0] = before

        return cls.rows(change, "repeat")

    @classmethod
    def short(cls, records: int = 1) -> Fault:
        """So many records fewer than the answer should have, and says it has."""

        def change(rows: list[Any]) -> None:
            del rows[-records:]

        return cls.rows(change, "short")

    @classmethod
    def says(cls, headers: Mapping[str, str] | None = None, **envelope: Any) -> Fault:
        """The envelope has these members, too, and the answer these headers."""

        def spoil(answer: Answer) -> None:
            answer.headers |= headers or {}
            if envelope:
                assert isinstance(answer.payload, dict)
                answer.payload |= envelope

        return cls("says", spoil)

    @classmethod
    def total(cls, total: int | None) -> Fault:
        """Another total than there are records; None: no total at all."""
        return cls("total", lambda answer: answer.set_total(total))

    @classmethod
    def query(cls, **parameters: str | None) -> Fault:
        """The vendor reads other parameters than were sent; None: it ignores the parameter."""
        return cls("query", asks=parameters)


@dataclass
class Armed:
    """A fault and the answers that it waits for."""

    fault: Fault
    times: int
    after: int
    report: str | None
    when: Callable[[Ask], bool] | None

    def is_due(self, report: str, ask: Ask) -> bool:
        is_other = self.report not in (None, report) or (self.report is None and report == TOKEN)
        if is_other or (self.when and not self.when(ask)):
            return False
        if self.after > 0:
            self.after -= 1
            return False
        self.times -= 1
        return True
