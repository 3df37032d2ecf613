"""The only place that talks to vendors: GET alone, permitted, redacted, bounded, retried.

No other module imports httpx. Vendors' clients say what to ask and how to read the answer.
"""

import logging
import random
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cached_property
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import IO, TypeVar
from urllib.parse import quote, urlencode, urlsplit

import httpx
import stamina

from resources import content, payload, wire
from resources.account import Account
from resources.errors import (
    CallhouseError,
    ContractError,
    DeferredError,
    PermanentError,
    QuotaExhaustedError,
    ThrottledError,
    TransientError,
    WindowTooLargeError,
)
from resources.payload import Body, Json
from resources.permits import Limiter, Patience, Permit
from resources.redact import Redactor

# httpx logs whole URLs at INFO, and Vono's credentials are in the path.
logging.getLogger("httpx").setLevel(logging.WARNING)
logging.getLogger("httpcore").setLevel(logging.WARNING)
# stamina would log arguments and exceptions of its own accord; the ledger has every attempt.
stamina.instrumentation.set_on_retry_hooks([])

T = TypeVar("T")
LOOPBACK = {"127.0.0.1", "localhost", "::1"}
ATTEMPTS = 4
TRYING = timedelta(seconds=5)
"""So soon after the first attempt another may begin, however impatient one is."""
FAILED_S = 0.5
"""The first pause after a failure; it doubles with every attempt, as all of these do."""
THROTTLED_S = 2.0
"""The first pause after a 429 or 503 without Retry-After."""
LONGEST_PAUSE_S = 86_400
"""Whatever a Retry-After says: a day later the vendor is asked again."""
MOST_HEADERS = 200
GRACE_S = 2.0
"""Beyond the time that a vendor says it takes at most: for the way there and back."""
KEPT_OF_A_BODY = 64 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """A vendor's answer, read whole, and the permit under which it was asked."""

    status: int
    headers: Mapping[str, str]
    body: Body
    permit: Permit

    def json(self) -> Json:
        """The body as JSON. Raises ContractError when it isn't."""
        return payload.decode(self.body)


Parse = Callable[[Answer], tuple[T, int]]
"""Reads an answer: what it says, and how many records it holds. Raises the errors of
`resources.errors`; statuses that a vendor doesn't give a meaning of its own go to `refuse`."""


class Transport:
    """The process's connections to vendors, shared by all accounts. No cookies, no redirects.

    How many there are is the limiter's matter: a request that waited here would lose its time.
    """

    def __init__(self) -> None:
        nothing = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
        self._client = httpx.Client(
            verify=ssl.create_default_context(),
            cookies=nothing,
            follow_redirects=False,
            timeout=None,  # noqa: S113 - `wire` keeps the time
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=32),
            headers={
                "user-agent": "callhouse",
                "accept": "application/json",
                "accept-encoding": content.ACCEPTED,
            },
        )
        for transport in (self._client._transport, *self._client._mounts.values()):  # noqa: SLF001
            if isinstance(
                transport, httpx.HTTPTransport
            ):  # directly, or by the environment's proxy
                transport._pool._network_backend = wire.Backend()  # noqa: SLF001 - no other way in

    @contextmanager
    def get(
        self, url: str, headers: Mapping[str, str], exchange: wire.Exchange
    ) -> Iterator[httpx.Response]:
        """A streamed GET. Raises whatever ends the exchange before its time."""
        with (
            wire.governed_by(exchange),
            self._client.stream("GET", url, headers=dict(headers)) as response,
        ):
            exchange.has_head = True
            yield response

    def close(self) -> None:
        """Closes every connection."""
        self._client.close()


class Http:
    """What one account asks its vendor, for one stream."""

    def __init__(
        self,
        transport: Transport,
        limiter: Limiter,
        account: Account,
        stream: str,
        patience: Patience,
    ) -> None:
        self._transport = transport
        self._limiter = limiter
        self._account = account
        self._stream = stream
        self._patience = patience

    @cached_property
    def redactor(self) -> Redactor:
        """Removes this account's secrets from whatever is written down."""
        return Redactor(self._account.secrets)

    def get(
        self,
        report: str,
        path: str,
        parse: Parse[T],
        *,
        params: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
        sink: IO[bytes] | None = None,
    ) -> tuple[T, Permit]:
        """Asks for `path` under the account's base URL until `parse` accepts the answer.

        Every attempt has a permit of its own and stands in the ledger. `report` is what the
        vendor counts the limit by. With `sink` the body of a 200 goes there instead of memory.
        No attempt begins when the patience is over.
        Raises whatever `parse` raises, TransientError after the last attempt, and
        WindowTooLargeError for an answer beyond the account's size or time limit.
        """
        url = self._url(path, params)
        self._check_headers(headers or {})
        failure: TransientError | None = None
        try:
            for attempt in stamina.retry_context(
                on=_pause,
                attempts=ATTEMPTS,
                timeout=max(self._patience.longest, TRYING),
                wait_initial=FAILED_S,
                wait_max=30,
            ):
                with attempt:
                    try:
                        return self._once(report, url, parse, headers or {}, sink, attempt.num)
                    except TransientError as error:
                        failure = error
                        raise
        except DeferredError:
            if failure is None or isinstance(failure, ThrottledError):
                raise
            raise failure from None  # that the next try has to wait isn't what went wrong
        raise AssertionError("unreachable")

    def _once(
        self,
        report: str,
        url: str,
        parse: Parse[T],
        headers: Mapping[str, str],
        sink: IO[bytes] | None,
        attempt: int,
    ) -> tuple[T, Permit]:
        with self._limiter.permit(self._account, self._stream, report, self._patience) as permit:
            outcome = permit.outcome
            outcome.url = self.redactor.text(url)
            try:
                if sink is not None:
                    sink.seek(0)
                    sink.truncate()  # an attempt before this one may have left half a body
                answer = self._send(url, headers, permit, sink)
                result, outcome.records = parse(answer)
            except CallhouseError as error:
                error.args = (self.redactor.text(str(error)),)  # a vendor may echo the secret
                if isinstance(error, ContractError):
                    error.body = self.redactor.bytes(error.body)
                outcome.error = str(error)[:2000]
                if isinstance(error, TransientError):
                    outcome.hold = error.retry_after
                if isinstance(error, ThrottledError) and outcome.hold is None:
                    outcome.hold = _backoff(attempt)
                if isinstance(error, QuotaExhaustedError):
                    outcome.exhausted_until = error.until
                raise
        return result, permit

    def _send(
        self, url: str, headers: Mapping[str, str], permit: Permit, sink: IO[bytes] | None
    ) -> Answer:
        limits, outcome = self._account.limits, permit.outcome
        exchange = wire.Exchange(limits.timeout_s + GRACE_S, limits.max_bytes, permit.check)
        kept = bytearray()
        try:
            with self._transport.get(url, headers, exchange) as response:
                outcome.reached_s = time.monotonic() - outcome.started
                outcome.status = response.status_code
                if len(response.headers.raw) > MOST_HEADERS:
                    raise ContractError(f"the answer has more than {MOST_HEADERS} headers")
                encoding = response.headers.get("content-encoding", "")
                for piece in content.decoded(encoding, response.iter_raw()):
                    outcome.bytes += len(piece)
                    if outcome.bytes > limits.max_bytes:
                        raise WindowTooLargeError(
                            f"the answer is bigger than {limits.max_bytes:,} bytes"
                        )
                    if sink is not None and response.status_code == 200:
                        sink.write(piece)
                    else:
                        kept += piece
                return Answer(response.status_code, response.headers, kept, permit)
        except httpx.HTTPError as error:
            # Not chained: an httpx exception holds the request, and that its URL and headers.
            raise TransientError(self.redactor.text(f"{type(error).__name__}: {error}")) from None

    def _url(self, path: str, params: Mapping[str, str | int] | None) -> str:
        """Joined without losing a path of the base URL; every parameter fully percent-encoded."""
        url = f"{self._account.base_url.rstrip('/')}/{path.lstrip('/')}"
        parts = urlsplit(url)
        if parts.scheme != "https" and parts.hostname not in LOOPBACK:
            raise PermanentError(
                f"{self._account.name}: base_url must be https: a token never travels in clear"
            )
        return f"{url}?{urlencode(params, quote_via=quote, safe='')}" if params else url

    def _check_headers(self, headers: Mapping[str, str]) -> None:
        """Before httpx sees them: its complaint about a value would quote it."""
        for name, value in headers.items():
            if not (value.isascii() and value.isprintable()):
                raise PermanentError(
                    f"{self._account.name}: the value for the header {name} has a character that "
                    "no header can carry (a line break, an accent): look at the credential"
                )


def refuse(answer: Answer, what: str) -> ContractError | PermanentError | TransientError:
    """The error that a status means when the vendor's document gives it no other meaning."""
    status = answer.status
    if status in (429, 503):
        return ThrottledError(
            f"{what}: the vendor asks for a pause (HTTP {status})", retry_after(answer)
        )
    if status in (408, 425) or status >= 500:
        return TransientError(f"{what}: HTTP {status}", retry_after(answer))
    if status in (401, 403):
        return PermanentError(f"{what}: the vendor refuses the credentials (HTTP {status})")
    if 300 <= status < 400:
        host = urlsplit(answer.headers.get("location", "")).hostname or "another path"
        return ContractError(
            f"{what}: redirected (HTTP {status}) to {host}, which is never followed with a token; "
            "if the vendor has moved, set the account's base_url",
            answer.body[:KEPT_OF_A_BODY],
        )
    return ContractError(f"{what}: unexpected HTTP {status}", answer.body[:KEPT_OF_A_BODY])


def retry_after(answer: Answer) -> timedelta | None:
    """What Retry-After says, in seconds or as a date; None when absent or unreadable.

    A date is seen from the answer's own, where it has one: our clock may differ from the vendor's.
    """
    value = answer.headers.get("retry-after", "").strip()
    if value.isdecimal():
        seconds = float(value)
    elif moment := _moment(value):
        now = _moment(answer.headers.get("date", "")) or datetime.now(UTC)
        seconds = (moment - now).total_seconds()
    else:
        return None
    return timedelta(seconds=min(max(seconds, 0), LONGEST_PAUSE_S))


def _moment(value: str) -> datetime | None:
    """An HTTP date; without a zone it is UTC."""
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _pause(error: Exception) -> bool | timedelta:
    """Whether to try again. A pause for every process that uses the credential is kept by the
    limiter, so it isn't slept here too.
    """
    if isinstance(error, ThrottledError) or (
        isinstance(error, TransientError) and error.retry_after is not None
    ):
        return timedelta(milliseconds=1)
    return isinstance(error, TransientError)


def _backoff(attempt: int) -> timedelta:
    """How long everybody pauses when a vendor asks for it without saying how long."""
    return timedelta(seconds=THROTTLED_S * 2 ** (attempt - 1) * random.uniform(1, 1.5))  # noqa: S311
