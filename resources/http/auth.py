"""Schemes of signing requests. A vendor's module names one; `client` signs with it.

Whatever a request is signed with is a secret: it is never in a URL that is logged, in an error or
in the ledger. What a scheme makes of a credential (base64, a token that was given for it) is
masked as the credential itself is.
"""

import base64
import math
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote_plus

from resources.account import Account
from resources.errors import ContractError, PermanentError
from resources.http.answer import Answer
from resources.http.refusals import refuse

TOKEN = "token"  # noqa: S105 - a report's name
"""What the ledger and the limits call a request for an access token."""
LIFE_USED = 0.9
"""The part of a token's life after which it is renewed."""


@dataclass(frozen=True, slots=True)
class Signature:
    """What a request carries beside the question."""

    headers: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Token:
    """An access token, and for how long it may be used: until `ends`, by `time.monotonic`."""

    value: str = field(repr=False)
    ends: float


@dataclass(frozen=True, slots=True)
class TokenEndpoint:
    """Where an access token is to be had, and what the request for one is signed with."""

    base_url: str
    path: str
    signature: Signature


class Auth:
    """A way to sign requests. This one signs nothing: none is needed, or the path has it."""

    __slots__ = ()

    def token_endpoint(self, account: Account) -> TokenEndpoint | None:  # noqa: ARG002
        """Where to get a token first; None: the credentials themselves are enough."""
        return None

    def sign(self, account: Account, token: str | None = None) -> Signature:  # noqa: ARG002
        """The account's signature. `token`: the access token, where there is an endpoint for it."""
        return Signature()


NO_AUTH = Auth()


@dataclass(frozen=True, slots=True)
class HeaderToken(Auth):
    """A credential in a header, such as `security-token: …` or `authorization: Bearer …`."""

    header: str
    prefix: str = ""
    credential: str = "token"

    def sign(self, account: Account, token: str | None = None) -> Signature:  # noqa: ARG002
        """The header."""
        return Signature({self.header: self.prefix + account.secret(self.credential)})


@dataclass(frozen=True, slots=True)
class QueryToken(Auth):
    """A credential in the query: `?api_key=…`."""

    parameter: str
    credential: str = "token"

    def sign(self, account: Account, token: str | None = None) -> Signature:  # noqa: ARG002
        """The parameter."""
        return Signature(params={self.parameter: account.secret(self.credential)})


@dataclass(frozen=True, slots=True)
class Basic(Auth):
    """RFC 7617: two credentials, as user and password."""

    user: str
    password: str

    def sign(self, account: Account, token: str | None = None) -> Signature:  # noqa: ARG002
        """The header `authorization`."""
        return _basic(account.secret(self.user), account.secret(self.password))


@dataclass(frozen=True, slots=True)
class ClientCredentials(Auth):
    """RFC 6749, 4.4: the client's id and secret buy an access token for a while.

    `path` of the token's endpoint is below the account's `base_url`, or below the URL that the
    account's option `host` names, where vendors keep it on a host of its own.
    """

    path: str
    client_id: str = "client_id"
    client_secret: str = "client_secret"  # noqa: S105 - a credential's name
    host: str | None = None

    def token_endpoint(self, account: Account) -> TokenEndpoint:
        """The id is encoded before it is put into the header, as the RFC says."""
        base_url = getattr(account.options, self.host) if self.host else account.base_url
        id_, secret = account.secret(self.client_id), account.secret(self.client_secret)
        return TokenEndpoint(base_url, self.path, _basic(quote_plus(id_), quote_plus(secret)))

    def sign(self, account: Account, token: str | None = None) -> Signature:  # noqa: ARG002
        """With the token that was given."""
        assert token
        return Signature({"authorization": f"Bearer {token}"})


def _basic(user: str, password: str) -> Signature:
    coded = base64.b64encode(f"{user}:{password}".encode()).decode()
    return Signature({"authorization": f"Basic {coded}"})


class Tokens:
    """The access tokens that a process has, one for each credential; nowhere else are they kept."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._locks: dict[tuple[str, ...], threading.Lock] = {}
        self._tokens: dict[tuple[str, ...], Token] = {}
        self._accepted: set[str] = set()

    def get(self, account: Account, ask: Callable[[], Token]) -> str:
        """The account's token. `ask` gets a new one, by one thread at a time, where there is none
        that is good for a while.
        """
        owner = _owner(account)
        with self._lock:
            lock = self._locks.setdefault(owner, threading.Lock())
        with lock:
            token = self._tokens.get(owner)
            if token is None or time.monotonic() >= token.ends:
                self._forget(owner)
                token = self._tokens[owner] = ask()
            return token.value

    def accept(self, token: str) -> None:
        """The vendor has answered a request that was signed with it."""
        self._accepted.add(token)

    def refuse(self, account: Account, token: str) -> bool:
        """The vendor refuses it. True where it had accepted it before: it has expired early, or was
        revoked, and another may do. One that was never accepted says something of the credential.
        """
        was_good = token in self._accepted
        with self._lock:
            known = self._tokens.get(_owner(account))
            if known is not None and known.value == token:
                self._forget(_owner(account))
        return was_good

    def _forget(self, owner: tuple[str, ...]) -> None:
        token = self._tokens.pop(owner, None)
        if token is not None:
            self._accepted.discard(token.value)


def _owner(account: Account) -> tuple[str, ...]:
    return (account.vendor, account.base_url, *account.secrets)


def parse_token(answer: Answer) -> tuple[tuple[str, float], int]:
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
