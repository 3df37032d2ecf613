"""Requests are signed in each vendor's way; tokens are had, renewed, and written down nowhere."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
import stamina
from pydantic import SecretStr

from resources.account import Account
from resources.errors import CallhouseError, ContractError, PermanentError, TransientError
from resources.http.answer import Answer, pause_when_used_up
from resources.http.auth import Auth, Basic, ClientCredentials, HeaderToken, QueryToken, Tokens
from resources.http.client import Http
from resources.http.permits import POLL, Limiter, Permit, RequestOutcome
from resources.http.refusals import refuse
from resources.http.transport import Transport
from resources.vendor_api.links import read_link
from tests.support import Ledger, Replay, Reply
from tests.unit import helpers

SECRETS = {"id": "my id", "secret": "s3cr3t/+&pass"}
OAUTH = ClientCredentials("oauth/token", "id", "secret")
ISSUED = "issued-token-1", "issued-token-2"


def grant(token: str, **said: Any) -> Reply:
    body = {"access_token": token, "token_type": "bearer", "expires_in": 3600, **said}
    return Reply(200, json.dumps(body).encode())


def refusal(words: str = "expired") -> Reply:
    return Reply(401, json.dumps({"message": f"token {words}"}).encode())


GOOD = Reply(200, b"[]")


@pytest.fixture(autouse=True)
def _no_backoff() -> Iterator[None]:
    with stamina.set_testing(True, attempts=4, cap=True):
        yield


class Asker:
    """Asks a server that replays, as one account, and keeps all that is written down."""

    def __init__(self, replay: Replay, transport: Transport) -> None:
        self.replay = replay
        self.ledger = Ledger()
        secrets = {name: SecretStr(value) for name, value in SECRETS.items()}
        self.account: Account = helpers.account(
            "conpeek", base_url=f"{replay.url}/api", credentials=secrets
        )
        limiter = cast("Limiter", self.ledger)
        self.http = Http(transport, limiter, self.account, "calls", POLL, searches=("search",))

    def get(self, auth: Auth, *replies: Reply) -> CallhouseError | None:
        self.replay.will_answer(*replies)
        try:
            self.http.get("calls", "calls", parse, auth=auth, params={"day": 1})
        except CallhouseError as error:
            return error
        return None

    @property
    def asked(self) -> list[tuple[str, str, str | None]]:
        """Method, path and what the request is signed with."""
        return [
            (asked.method, asked.target, asked.headers.get("authorization"))
            for asked in self.replay.asked
        ]

    @property
    def written(self) -> str:
        return " ".join(f"{p.outcome.url} {p.outcome.error}" for p in self.ledger.permits)


def parse(answer: Answer) -> tuple[None, int]:
    if answer.status != 200:
        raise refuse(answer, "calls")
    return None, 0


@pytest.fixture(scope="module")
def replay() -> Iterator[Replay]:
    with Replay() as replay:
        yield replay


@pytest.fixture(scope="module")
def transport() -> Iterator[Transport]:
    transport = Transport()
    yield transport
    transport.close()


@pytest.fixture
def asker(replay: Replay, transport: Transport) -> Asker:
    transport.tokens = Tokens()
    return Asker(replay, transport)


@pytest.mark.parametrize(
    ("auth", "target", "header"),
    [
        (HeaderToken("authorization", "Bearer ", "secret"), "", "Bearer s3cr3t/+&pass"),
        (QueryToken("api_key", "secret"), "&api_key=s3cr3t%2F%2B%26pass", None),
        (Basic("id", "secret"), "", "Basic bXkgaWQ6czNjcjN0LysmcGFzcw=="),
        (Auth(), "", None),
    ],
)
def test_a_request_is_signed_and_the_ledger_does_not_say_how(
    asker: Asker, auth: Auth, target: str, header: str | None
) -> None:
    assert asker.get(auth, GOOD) is None
    assert asker.asked == [("GET", f"/api/calls?day=1{target}", header)]
    assert asker.written == f"{asker.replay.url}/api/calls?day=1 None"


def test_a_token_is_asked_for_once_and_told_to_nobody(asker: Asker) -> None:
    asker.get(OAUTH, grant(ISSUED[0]), GOOD)
    asker.get(OAUTH, Reply(500, f"who is {ISSUED[0]}?".encode()))
    assert {signed for _, _, signed in asker.asked} == {f"Bearer {ISSUED[0]}"}
    assert asker.ledger.reports == ["token", "calls", "calls", "calls", "calls", "calls"]
    assert "who is ***?" in asker.written
    assert not any(secret in asker.written for secret in (*ISSUED, *SECRETS.values()))


def test_the_request_for_a_token_is_a_form_with_basic_credentials(asker: Asker) -> None:
    asker.get(OAUTH, grant(ISSUED[0]), GOOD)
    assert asker.asked == [
        ("POST", "/api/oauth/token", "Basic bXkraWQ6czNjcjN0JTJGJTJCJTI2cGFzcw=="),
        ("GET", "/api/calls?day=1", f"Bearer {ISSUED[0]}"),
    ]


def test_a_token_is_renewed_before_it_expires(asker: Asker) -> None:
    asker.get(OAUTH, grant(ISSUED[0], expires_in=0), GOOD)
    asker.get(OAUTH, grant(ISSUED[1]), GOOD)
    asker.get(OAUTH, GOOD)
    assert asker.ledger.reports == ["token", "calls", "token", "calls", "calls"]


def test_a_token_that_was_good_is_renewed_when_it_is_refused(asker: Asker) -> None:
    asker.get(OAUTH, grant(ISSUED[0]), GOOD)
    assert asker.get(OAUTH, refusal(), grant(ISSUED[1]), GOOD) is None
    assert asker.ledger.reports == ["token", "calls", "calls", "token", "calls"]


def test_a_new_token_that_is_refused_says_that_the_credential_is(asker: Asker) -> None:
    error = asker.get(OAUTH, grant(ISSUED[0]), refusal())
    assert isinstance(error, PermanentError)
    assert asker.ledger.reports == ["token", "calls"]
    assert asker.get(OAUTH, grant(ISSUED[1]), GOOD) is None, "and isn't used again"


@pytest.mark.parametrize(
    ("reply", "kind", "requests"),
    [
        (Reply(401, b'{"error": "invalid_client"}'), PermanentError, 1),
        (Reply(400, b'{"error": "invalid_client"}'), PermanentError, 1),
        (Reply(200, b"<html><title>Sign in</title></html>"), ContractError, 1),
        (Reply(200, b'{"access_token": ""}'), ContractError, 1),
        (Reply(500, b""), TransientError, 4),
    ],
)
def test_a_token_that_is_not_given_is_an_error(
    asker: Asker, reply: Reply, kind: type[CallhouseError], requests: int
) -> None:
    error = asker.get(OAUTH, reply)
    assert isinstance(error, kind)
    assert "token" in str(error)
    assert asker.ledger.reports == ["token"] * requests


def test_a_post_goes_only_where_the_stream_declares_a_search(asker: Asker) -> None:
    asker.replay.will_answer(GOOD)
    with pytest.raises(ValueError, match="doesn't declare that a POST to calls only searches"):
        asker.http.search("calls", "calls", parse, {})
    assert asker.asked == []
    asker.http.search("calls", "search", parse, {"from": 1})
    assert asker.asked == [("POST", "/api/search", None)]


def test_a_link_to_the_next_page_is_followed_below_the_base_url_alone() -> None:
    base = "https://api.example/v1"
    for link in ("https://api.example/v1/calls?page=2&q=a%26b", "/v1/calls?page=2&q=a%26b"):
        assert read_link(base, link, "calls") == ("calls", {"page": "2", "q": "a&b"})
    for link in (
        "https://evil.example/v1/calls", "http://api.example/v1/calls", "//evil.example/v1/calls",
        "https://api.example:444/v1/calls", "https://api.example@evil.example/v1/calls",
        "https://user:pw@api.example/v1/calls", "/v2/calls", "/v1/../admin", "https://[/",
    ):  # fmt: skip
        with pytest.raises(ContractError, match="the link to the next page"):
            read_link(base, link, "calls")


@pytest.mark.parametrize(
    ("left", "reset", "pause"),
    [
        ("0", "30", 30),
        ("00", "1773140460", 60),
        ("1", "30", None),
        ("", "30", None),
        ("0", "soon", None),
        ("0", "1773140399", None),
        ("9" * 5000, "9" * 5000, None),
    ],
)
def test_everybody_pauses_when_no_request_is_left(left: str, reset: str, pause: int | None) -> None:
    permit = Permit(1, datetime.now(UTC), RequestOutcome())
    headers = {"x-left": left, "x-reset": reset, "date": "Tue, 10 Mar 2026 11:00:00 GMT"}
    pause_when_used_up(Answer(200, headers, b"", permit), "x-left", "x-reset")
    assert permit.outcome.hold == (None if pause is None else timedelta(seconds=pause))
