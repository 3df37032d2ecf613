"""The only place that sends requests to vendors: permitted, redacted, bounded and retried.

A request only reads: it is a GET. A POST is sent only where a stream declares that it searches,
and for a token.

Vendors' clients say what to ask and how to read the answer.
"""

import time
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import IO, Any, Generic
from urllib.parse import quote, urlencode, urlsplit

import stamina

from resources.account import Account
from resources.errors import (
    CallhouseError,
    ContractError,
    CutShortError,
    DeferredError,
    PermanentError,
    QuotaExhaustedError,
    ThrottledError,
    TransientError,
    WindowTooLargeError,
)
from resources.http import content, more, wire
from resources.http.addresses import is_safe
from resources.http.answer import PAUSES, Answer, Parse, T, age, check_ready, pause_in
from resources.http.auth import LIFE_USED, NO_AUTH, TOKEN, Auth, Token, TokenEndpoint, parse_token
from resources.http.permits import Limiter, Patience, Permit
from resources.http.retries import ATTEMPTS, FAILED_S, TRYING, backoff, try_again
from resources.http.transport import BrokenExchangeError, Transport, headers_of
from resources.text import foreign_text, payload
from resources.text.encodings import in_utf8
from resources.text.redact import Redactor, redactor

# stamina would log arguments and exceptions; the ledger has every attempt.
stamina.instrumentation.set_on_retry_hooks([])

LONGEST_INTERVAL = timedelta(minutes=10)
"""Between two requests: a poll waits for so long within a window."""
MOST_HEADERS = 200
GRACE_S = 2.0
"""Beyond the time that a vendor says it takes at most: for the way there and back."""


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


class Http:
    """What one account asks its vendor, for one stream.

    `searches`: paths to which the stream may POST, as its declaration says. `hide`: takes people
    who have been forgotten out of what the vendor says of a failure.
    """

    def __init__(
        self,
        transport: Transport,
        limiter: Limiter,
        account: Account,
        stream: str,
        patience: Patience,
        searches: Collection[str] = (),
        *,
        hide: Callable[[str], str] = str,
    ) -> None:
        self._transport = transport
        self._limiter = limiter
        self._account = account
        self._stream = stream
        self._searches = searches
        self._hide = hide
        self._usual: frozenset[str] = frozenset()
        """What stood beside records, and is no reason for an empty answer."""
        self._tokens: tuple[str, ...] = ()
        """The last two that it signed with."""
        self.redactor: Redactor = redactor(account.secrets)
        """Removes this account's secrets from whatever is written down."""
        self._whole = self._patience = patience

    def begin_window(self) -> None:
        """A window begins: before its first answer it may be put off at no cost."""
        self._patience = self._whole

    def continue_window(self) -> None:
        """The window has begun. A poll that gave up now would ask for its beginning again, and so
        would the next one: it waits for an interval that the account's limits ask for instead.
        """
        interval = timedelta(seconds=self._account.limits.min_interval_s)
        if interval <= LONGEST_INTERVAL:
            self._patience = replace(self._whole, longest=self._whole.longest + interval)

    def in_a_row(self) -> AbstractContextManager[None]:
        """In the block this thread makes one request after the other, at once: that costs less.
        Before anything else that takes time it says `let_go`.
        """
        return self._limiter.in_a_row()

    def let_go(self) -> None:
        """No request follows at once: others may have the last one's place now."""
        self._limiter.let_go()

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
        began = time.monotonic()
        try:
            return self._once(request, 1)  # nearly always enough: to prepare others costs a tenth
        except TransientError as error:
            failure = error
        patience_s = max(self._patience.longest, TRYING).total_seconds()
        try:
            for attempt in stamina.retry_context(
                on=try_again,
                attempts=1 if self._patience.once else ATTEMPTS,
                timeout=max(0.001, patience_s - (time.monotonic() - began)),
                wait_initial=FAILED_S,
                wait_max=30,
            ):
                with attempt:
                    if attempt.num == 1:
                        raise failure
                    try:
                        return self._once(request, attempt.num)
                    except TransientError as error:
                        failure = error
                        raise
        except DeferredError:
            if isinstance(failure, ThrottledError):
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
                if answer.status == 200 and request.sink is None:
                    outcome.digest = payload.digest(answer.body)
                result, outcome.records = request.parse(answer)
                if outcome.records:
                    self._usual |= outcome.doubts
                elif request.report != TOKEN:
                    check_ready(answer, self._usual)
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
        """Notes a failure for the ledger and the limiter. Secrets that it echoes are masked, and
        people who have been forgotten: whoever writes the error down has it so.
        """
        outcome = permit.outcome
        if isinstance(error, ContractError):
            error.body = self.redactor.excerpt(error.body)
        told = (outcome.hold, outcome.retry_after, getattr(error, "retry_after", None))
        outcome.hold = max(filter(None, told), default=None)
        if isinstance(error, TransientError):
            error.retry_after = outcome.hold
        is_pause = isinstance(error, ThrottledError) or outcome.status in PAUSES
        if is_pause and outcome.hold is None:
            outcome.hold, outcome.hold_grows = backoff(attempt), True
        if isinstance(error, QuotaExhaustedError):
            outcome.exhausted_until = error.until
        error.args = (self.redactor.text(str(error)),)  # whatever becomes of the next line
        error.args = (self._hide(str(error)),)
        outcome.error = foreign_text.short(str(error))

    def _token(self, auth: Auth, attempt: int) -> str | None:
        """The access token to sign with; a new one where there is none that is still good."""
        endpoint = auth.token_endpoint(self._account)
        if endpoint is None:
            return None
        self._limiter.let_go()  # another thread may be logging in, and wait for its turn
        token = self._transport.tokens.get(self._account, lambda: self._log_in(endpoint, attempt))
        if token not in self._tokens:
            tokens = (*self._tokens[-1:], token)
            self.redactor = redactor((*self._account.secrets, *tokens))
            self._tokens = tokens  # last: another thread that finds it here signs with it at once
        return token

    def _log_in(self, endpoint: TokenEndpoint, attempt: int) -> Token:
        """RFC 6749, 4.4.2: asks for a token by a form. What it is for is tried again, not this."""
        asked = time.monotonic()
        headers = {
            **endpoint.signature.headers, "content-type": "application/x-www-form-urlencoded",
        }  # fmt: skip
        url = self._url(endpoint.base_url, endpoint.path)
        body = b"grant_type=client_credentials"
        request = _Request(TOKEN, url, parse_token, headers=headers, body=body)
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
                outcome.status = response.status
                told = headers_of(response)
                outcome.more = more.in_headers(told)
                outcome.retry_after = pause_in(told, permit.now)
                if len(response.headers) > MOST_HEADERS:
                    raise ContractError(f"the answer has more than {MOST_HEADERS} headers")
                encoding = told.get("content-encoding", "")
                for piece in content.decoded(encoding, response.iter_stream()):
                    outcome.bytes += len(piece)
                    if outcome.bytes > limits.max_bytes:
                        raise WindowTooLargeError(
                            f"the answer is bigger than {limits.max_bytes:,} bytes"
                        )
                    content.check_unpacked(outcome.bytes, exchange.received)
                    if request.sink is not None and response.status == 200:
                        request.sink.write(piece)
                    else:
                        kept += piece
                content.check_values(kept, limits.max_bytes)
                return Answer(
                    response.status,
                    dict(zip(told, self.redactor.texts(told.values()), strict=True)),
                    self.redactor.body(in_utf8(kept, told.get("content-type", ""))),
                    permit,
                    self.redactor,
                )
        except BrokenExchangeError as error:
            kind = CutShortError if outcome.status == 200 else TransientError
            raise kind(self.redactor.text(str(error))) from None

    def _url(self, base_url: str, path: str, params: Mapping[str, str | int] | None = None) -> str:
        """Joined without losing a path of the base URL; every parameter fully percent-encoded."""
        url = f"{base_url.rstrip('/')}/{path.lstrip('/')}"
        if not is_safe(urlsplit(base_url)):
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
