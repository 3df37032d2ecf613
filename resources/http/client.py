"""The only place that talks to vendors: reading alone, permitted, redacted, bounded, retried.

A request is a GET. A POST is sent only where a stream declares that it searches, and for a token.

No other module imports httpx. Vendors' clients say what to ask and how to read the answer.
"""

import logging
import math
import random
import ssl
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import IO, Any, Generic, TypeVar
from urllib.parse import quote, urlencode, urlsplit

import httpx
import stamina

from resources.account import Account
from resources.errors import (
    CallhouseError,
    ContractError,
    CutShortError,
    DeferredError,
    DoubtfulRefusalError,
    FailedAnswerError,
    PermanentError,
    QuotaExhaustedError,
    ThrottledError,
    TransientError,
    VendorError,
    WindowTooLargeError,
)
from resources.http import content, failures, more, wire
from resources.http.auth import LIFE_USED, NO_AUTH, TOKEN, Auth, Login, Token, Tokens
from resources.http.failures import Meaning
from resources.http.permits import Limiter, Patience, Permit
from resources.text import foreign_text, payload
from resources.text.payload import Body, Json
from resources.text.redact import Redactor, redactor

# httpx logs whole URLs at INFO, and Vono's credentials are in the path.
logging.getLogger("httpx").setLevel(logging.WARNING)
logging.getLogger("httpcore").setLevel(logging.WARNING)
# stamina would log arguments and exceptions of its own accord; the ledger has every attempt.
stamina.instrumentation.set_on_retry_hooks([])

T = TypeVar("T")
LOOPBACK = {"127.0.0.1", "localhost", "::1"}
ATTEMPTS = 4
LONGEST_INTERVAL = timedelta(minutes=10)
"""Between two requests: a poll waits for so long within a window."""
TRYING = timedelta(seconds=5)
"""So soon after the first attempt another may begin, however impatient one is."""
FAILED_S = 0.5
"""The first pause after a failure; it doubles with every attempt, as all of these do."""
THROTTLED_S = 2.0
"""The first pause after a 429 or 503 without Retry-After."""
LONGEST_PAUSE_S = 86_400
"""Whatever a Retry-After says: a day later the vendor is asked again."""
MOST_HEADERS = 200
CLOCKS_DIFFER = timedelta(minutes=5)
"""A vendor's clock may be so far behind."""
WRONG_CLOCK = timedelta(days=366)
"""So far behind is no answer that was kept, but a clock that nobody has set."""
GRACE_S = 2.0
"""Beyond the time that a vendor says it takes at most: for the way there and back."""
TOO_MUCH = {413}
"""Statuses that can say so of a window."""
TOO_DEEP = {400, 413, 414, 416, 422}
"""And of a page beyond its first: the same question was understood with an earlier place in it."""
KEPT_OF_A_BODY = 64 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """A vendor's answer, read whole, and the permit under which it was asked."""

    status: int
    headers: Mapping[str, str]
    body: Body
    permit: Permit
    redactor: Redactor = field(default_factory=lambda: Redactor(()))

    def json(self, but: Collection[str] = ()) -> Json:
        """The body as JSON. Raises ContractError when it isn't, and FailedAnswerError when it is a
        page or, though the status is 200, says that the request failed. `but`: names in the
        envelope that the caller reads itself.
        """
        if failures.is_page(self.body):
            raise FailedAnswerError(f"the answer isn't JSON ({self._page})", self.body)
        value = payload.decode(self.body)
        outcome = self.permit.outcome
        outcome.more = more.in_envelope(value, outcome.more)
        if self.status == 200 and (failure := failures.failure_in(value, but)):
            raise FailedAnswerError(
                f"the vendor says that the request failed ({self.quoted(failure)})", self.body
            )
        return value

    @property
    def words(self) -> str:
        """What it says to people, for the end of a sentence: short, redacted; '' if nothing."""
        if failures.is_page(self.body):
            return f": {self._page}"
        try:
            told = ", ".join(failures.messages_in(payload.decode(self.body)))
        except ContractError:
            told = self.body[:KEPT_OF_A_BODY].decode("utf-8", "replace").strip()
        return f": {self.quoted(told)}" if told else ""

    def meaning_of(self, message: str) -> Meaning:
        """What its words mean, without the credentials that it may echo: `key` may be in a key."""
        return failures.meaning_of(self.redactor.text(message))

    def quoted(self, text: str) -> str:
        """“…”: `text` in one line, redacted, then cut: half a secret couldn't be found."""
        return foreign_text.quoted(self.redactor.text(text))

    @property
    def _page(self) -> str:
        title = failures.page_title(self.body)
        return f"HTML, {self.quoted(title)}" if title else "HTML"


Parse = Callable[[Answer], tuple[T, int]]
"""Reads an answer: what it says, and how many records it holds. Raises the errors of
`resources.errors`; statuses that a vendor doesn't give a meaning of its own go to `refuse`."""


@dataclass(frozen=True, slots=True)
class _Request(Generic[T]):
    """What is asked, again for each attempt. With a `body` it is a POST, else a GET."""

    report: str
    url: str
    parse: Parse[T]
    auth: Auth = NO_AUTH
    headers: Mapping[str, str] = field(default_factory=dict)
    sink: IO[bytes] | None = None
    body: bytes | None = None


class Transport:
    """The process's connections to vendors, shared by all accounts. No cookies, no redirects.
    `tokens` are those that the vendors gave it.

    How many there are is the limiter's matter: a request that waited here would lose its time.
    """

    def __init__(self) -> None:
        self.tokens = Tokens()
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
                "cache-control": "no-cache",
            },
        )
        for transport in (self._client._transport, *self._client._mounts.values()):  # noqa: SLF001
            if isinstance(
                transport, httpx.HTTPTransport
            ):  # directly, or by the environment's proxy
                transport._pool._network_backend = wire.Backend()  # noqa: SLF001 - no other way in

    @contextmanager
    def ask(
        self, url: str, headers: Mapping[str, str], body: bytes | None, exchange: wire.Exchange
    ) -> Iterator[httpx.Response]:
        """A streamed GET; a POST with a body. Raises whatever ends the exchange before its time."""
        method = "GET" if body is None else "POST"
        with (
            wire.governed_by(exchange),
            self._client.stream(method, url, headers=dict(headers), content=body) as response,
        ):
            exchange.has_head = True
            yield response

    def close(self) -> None:
        """Closes every connection."""
        self._client.close()


class Http:
    """What one account asks its vendor, for one stream.

    `searches`: paths to which the stream may POST, as its declaration says.
    """

    def __init__(
        self,
        transport: Transport,
        limiter: Limiter,
        account: Account,
        stream: str,
        patience: Patience,
        searches: Collection[str] = (),
    ) -> None:
        self._transport = transport
        self._limiter = limiter
        self._account = account
        self._stream = stream
        self._searches = searches
        self._tokens: tuple[str, ...] = ()
        """The last two that it signed with."""
        self._whole = self._patience = patience

    def begins(self) -> None:
        """A window begins: before its first answer it may be put off at no cost."""
        self._patience = self._whole

    def goes_on(self) -> None:
        """The window has begun. A poll that gave up now would ask for its beginning again, and the
        next one too: so it rather waits for an interval that the account's limits ask for.
        """
        interval = timedelta(seconds=self._account.limits.min_interval_s)
        if interval <= LONGEST_INTERVAL:
            self._patience = replace(self._whole, longest=self._whole.longest + interval)

    @property
    def redactor(self) -> Redactor:
        """Removes this account's secrets from whatever is written down."""
        return redactor((*self._account.secrets, *self._tokens))

    def get(
        self,
        report: str,
        path: str,
        parse: Parse[T],
        *,
        auth: Auth = NO_AUTH,
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
        url = self._url(self._account.base_url, path, params)
        return self._answered(_Request(report, url, parse, auth, headers or {}, sink))

    def search(
        self,
        report: str,
        path: str,
        parse: Parse[T],
        body: Mapping[str, Any],
        *,
        auth: Auth = NO_AUTH,
    ) -> tuple[T, Permit]:
        """The same by a POST of `body` as JSON, which changes nothing at the vendor: so the stream
        says of this path. Raises ValueError, before anything is sent, where it doesn't.
        """
        if path not in self._searches:
            raise ValueError(f"{self._stream} doesn't declare that a POST to {path} only searches")
        url = self._url(self._account.base_url, path)
        headers = {"content-type": "application/json"}
        return self._answered(
            _Request(report, url, parse, auth, headers, body=payload.encode(body))
        )

    def _answered(self, request: _Request[T]) -> tuple[T, Permit]:
        failure: TransientError | None = None
        try:
            for attempt in stamina.retry_context(
                on=_pause,
                attempts=1 if self._patience.once else ATTEMPTS,
                timeout=max(self._patience.longest, TRYING),
                wait_initial=FAILED_S,
                wait_max=30,
            ):
                with attempt:
                    try:
                        return self._once(request, attempt.num)
                    except TransientError as error:
                        failure = error
                        raise
        except DeferredError:
            if failure is None or isinstance(failure, ThrottledError):
                raise
            raise failure from None  # that the next try has to wait isn't what went wrong
        raise AssertionError("unreachable")

    def _once(self, request: _Request[T], attempt: int) -> tuple[T, Permit]:
        token = self._token(request.auth, attempt)
        signed = self._signed(request, token)
        with self._limiter.permit(
            self._account, self._stream, request.report, self._patience
        ) as permit:
            outcome = permit.outcome
            outcome.url = self.redactor.text(request.url)
            try:
                if request.sink is not None:
                    request.sink.seek(0)
                    request.sink.truncate()  # an attempt before this one may have left half a body
                answer = self._send(signed, permit)
                result, outcome.records = request.parse(answer)
                permit.granted_at -= age(answer)
            except CallhouseError as error:
                self._note(error, permit, attempt)
                if token and outcome.status == 401 and self._is_over(token):
                    raise TransientError(
                        f"{request.report}: the access token isn't accepted any more"
                    ) from None
                raise
        if token:
            self._transport.tokens.accept(token)
        return result, permit

    def _note(self, error: CallhouseError, permit: Permit, attempt: int) -> None:
        """What the ledger and the limiter are told of a failure; the vendor may echo secrets."""
        outcome = permit.outcome
        error.args = (self.redactor.text(str(error)),)
        if isinstance(error, ContractError):
            error.body = self.redactor.excerpt(error.body)
        outcome.error = foreign_text.short(str(error))
        if isinstance(error, TransientError):
            outcome.hold = error.retry_after
        if isinstance(error, ThrottledError) and outcome.hold is None:
            outcome.hold, outcome.hold_grows = _backoff(attempt), True
        if isinstance(error, QuotaExhaustedError):
            outcome.exhausted_until = error.until

    def _token(self, auth: Auth, attempt: int) -> str | None:
        """The access token to sign with; a new one where there is none that is still good."""
        login = auth.login(self._account)
        if login is None:
            return None
        token = self._transport.tokens.get(self._account, lambda: self._log_in(login, attempt))
        if token not in self._tokens:
            self._tokens = (*self._tokens[-1:], token)
        return token

    def _log_in(self, login: Login, attempt: int) -> Token:
        """RFC 6749, 4.4.2: asks for a token by a form. What it is for is tried again, not this."""
        asked = time.monotonic()
        headers = {
            **login.signature.headers, "content-type": "application/x-www-form-urlencoded",
        }  # fmt: skip
        url = self._url(login.base_url, login.path)
        body = b"grant_type=client_credentials"
        request = _Request(TOKEN, url, _parse_token, headers=headers, body=body)
        (value, life_s), _ = self._once(request, attempt)
        return Token(value, asked + life_s * LIFE_USED)

    def _is_over(self, token: str) -> bool:
        """Whether a token that is refused now had been good before."""
        return self._transport.tokens.refuse(self._account, token)

    def _signed(self, request: _Request[T], token: str | None) -> _Request[T]:
        signature = request.auth.sign(self._account, token)
        headers = {**request.headers, **signature.headers}
        self._check_headers(headers)
        url = request.url
        if signature.params:
            url += ("&" if "?" in url else "?") + _query(signature.params)
        return replace(request, url=url, headers=headers)

    def _send(self, request: _Request[T], permit: Permit) -> Answer:
        limits, outcome = self._account.limits, permit.outcome
        exchange = wire.Exchange(limits.timeout_s + GRACE_S, limits.max_bytes, permit.check)
        kept = bytearray()
        try:
            with self._transport.ask(
                request.url, request.headers, request.body, exchange
            ) as response:
                outcome.reached_s = time.monotonic() - outcome.started
                outcome.status = response.status_code
                outcome.more = more.in_headers(response.headers)
                if len(response.headers.raw) > MOST_HEADERS:
                    raise ContractError(f"the answer has more than {MOST_HEADERS} headers")
                encoding = response.headers.get("content-encoding", "")
                for piece in content.decoded(encoding, response.iter_raw()):
                    outcome.bytes += len(piece)
                    if outcome.bytes > limits.max_bytes:
                        raise WindowTooLargeError(
                            f"the answer is bigger than {limits.max_bytes:,} bytes"
                        )
                    content.check_unpacked(outcome.bytes, exchange.received)
                    if request.sink is not None and response.status_code == 200:
                        request.sink.write(piece)
                    else:
                        kept += piece
                content.check_values(kept, limits.max_bytes)
                return Answer(
                    response.status_code,
                    {name: self.redactor.text(told) for name, told in response.headers.items()},
                    self.redactor.body(kept),
                    permit,
                    self.redactor,
                )
        except httpx.HTTPError as error:
            # Not chained: an httpx exception holds the request, and that its URL and headers.
            kind = CutShortError if outcome.status == 200 else TransientError
            raise kind(self.redactor.text(f"{type(error).__name__}: {error}")) from None

    def _url(self, base_url: str, path: str, params: Mapping[str, str | int] | None = None) -> str:
        """Joined without losing a path of the base URL; every parameter fully percent-encoded."""
        url = f"{base_url.rstrip('/')}/{path.lstrip('/')}"
        parts = urlsplit(url)
        if parts.scheme != "https" and parts.hostname not in LOOPBACK:
            raise PermanentError(
                f"{self._account.name}: base_url must be https: a token never travels in clear"
            )
        return f"{url}?{_query(params)}" if params else url

    def _check_headers(self, headers: Mapping[str, str]) -> None:
        """Before httpx sees them: its complaint about a value would quote it."""
        for name, value in headers.items():
            if not (value.isascii() and value.isprintable()):
                raise PermanentError(
                    f"{self._account.name}: the value for the header {name} has a character that "
                    "no header can carry (a line break, an accent): look at the credential"
                )


def _query(params: Mapping[str, str | int]) -> str:
    return urlencode(params, quote_via=quote, safe="")


def _parse_token(answer: Answer) -> tuple[tuple[str, float], int]:
    """The access token, and for how many seconds it is good. A good answer's body isn't kept or
    quoted: it may hold a token.
    """
    try:
        body = answer.json(but=("error",))
    except ContractError as error:
        if answer.status == 200:
            raise ContractError(f"{TOKEN}: {error}. Is base_url right?") from None
        body = None
    match body:
        case {"access_token": str(token)} if answer.status == 200 and token:
            life_s = body.get("expires_in")
            return (token, life_s if isinstance(life_s, int | float) else math.inf), 0
        case {"error": "invalid_client" | "unauthorized_client" | "invalid_grant" as told}:
            raise PermanentError(f"{TOKEN}: the vendor refuses the credentials ({told})")
    if answer.status < 300:
        raise ContractError(f"{TOKEN}: the answer has no `access_token`. Is base_url right?")
    raise refuse(answer, TOKEN)


IsOwn = Callable[[Answer], bool]
"""Whether an answer is the vendor's own, as its document shows them."""


def refuse_page(
    answer: Answer, what: str, is_own: IsOwn | None = None, *, before: int
) -> VendorError:
    """`refuse` for a page of a window, `before` which so many pages of it came: some statuses can
    mean that less is to be asked for.
    """
    if answer.status in (TOO_DEEP if before else TOO_MUCH):
        told = f"HTTP {answer.status}{answer.words}"
        return WindowTooLargeError(f"{what}: page {before + 1} is too much at once ({told})")
    return refuse(answer, what, is_own)


def refuse(answer: Answer, what: str, is_own: IsOwn | None = None) -> VendorError:
    """The error that a status means when the vendor's document gives it no other meaning.

    `is_own` is asked of a 401 or 403; without it `speaks_of_credentials` is.
    """
    status, told = answer.status, f"HTTP {answer.status}{answer.words}"
    if status in (429, 503):
        return ThrottledError(f"{what}: the vendor asks for a pause ({told})", retry_after(answer))
    if status in (408, 425) or status >= 500:
        return TransientError(f"{what}: {told}", retry_after(answer))
    if status == 407:
        return TransientError(f"{what}: a proxy in between wants a log-in ({told})")
    if status in (401, 403) and (is_own or speaks_of_credentials)(answer):
        return PermanentError(f"{what}: the vendor refuses the credentials ({told})")
    if status in (401, 403):
        return DoubtfulRefusalError(
            f"{what}: {told}, which isn't the vendor's own answer: does a firewall or a proxy "
            "stand in between?"
        )
    return ContractError(f"{what}: {_oddity(answer, told)}", answer.body[:KEPT_OF_A_BODY])


def _oddity(answer: Answer, told: str) -> str:
    if 300 <= answer.status < 400:
        host = urlsplit(answer.headers.get("location", "")).hostname or "another path"
        return (
            f"redirected (HTTP {answer.status}) to {host}, which is never followed with a token; "
            "if the vendor has moved, set the account's base_url"
        )
    if answer.status == 404:
        return f"nothing is there ({told}): is base_url right?"
    return f"unexpected {told}"


def speaks_of_credentials(answer: Answer) -> bool:
    """Whether a 401 or 403 is taken for the vendor's own where no document shows how these look: no
    page, and a 401 or a text about credentials.
    """
    if failures.is_page(answer.body):
        return False
    return answer.status == 401 or failures.meaning_of(answer.words) is Meaning.REFUSAL


def unlike(answer: Answer, what: str, value: Json, lacks: str) -> ContractError:
    """The error for JSON that isn't what the vendor's document shows; what it says isn't told."""
    return ContractError(
        f"{what}: the answer {lacks}; it is {answer.quoted(failures.outline(value))}. "
        "Is base_url right?",
        answer.body,
    )


def pause_when_used_up(answer: Answer, remaining: str, reset: str) -> None:
    """Where the header `remaining` says that no request is left, everybody who uses the credential
    pauses until `reset`: seconds since 1970, or from now on.
    """
    left, at = (answer.headers.get(name, "").strip() for name in (remaining, reset))
    if not (left.isdecimal() and at.isdecimal()) or left.strip("0"):
        return
    seconds = float(at)
    if seconds > LONGEST_PAUSE_S:
        now = _moment(answer.headers.get("date", "")) or answer.permit.now
        seconds -= now.timestamp()
    if seconds > 0:
        answer.permit.outcome.hold = timedelta(seconds=min(seconds, LONGEST_PAUSE_S))


def retry_after(answer: Answer) -> timedelta | None:
    """What Retry-After says, in seconds or as a date; None when absent, unreadable, zero or gone
    by: how long to wait is ours to say then.

    A date is seen from the answer's own, where it has one: our clock may differ from the vendor's.
    """
    value = answer.headers.get("retry-after", "").strip()
    if value.isdecimal():
        seconds = float(value)
    elif moment := _moment(value):
        now = _moment(answer.headers.get("date", "")) or answer.permit.now
        seconds = (moment - now).total_seconds()
    else:
        return None
    return timedelta(seconds=min(seconds, LONGEST_PAUSE_S)) if seconds > 0 else None


def age(answer: Answer) -> timedelta:
    """How long ago the answer was made, by its own headers: whoever stands in between may give one
    that is kept. `Age` says it (RFC 9111, 5.1); else a `Date` that is far behind the database's
    clock, but not as far as only a wrong clock is.
    """
    told = answer.headers.get("age", "").split(",")[0].strip()
    kept_s = float(told) if told.isdecimal() else 0.0
    if made_at := _moment(answer.headers.get("date", "")):
        behind = answer.permit.now - made_at
        if CLOCKS_DIFFER < behind < WRONG_CLOCK:
            kept_s = max(kept_s, behind.total_seconds())
    return timedelta(seconds=min(kept_s, WRONG_CLOCK.total_seconds()))


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
