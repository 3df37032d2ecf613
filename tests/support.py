"""What tests of vendors share beyond `tests.unit.helpers`: a server that replays, told secrets."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

import psycopg
import pytest
from pydantic import SecretStr

from resources.account import Account
from resources.http.permits import Patience, Permit
from resources.vendor_api.vendor import Vendor
from tests.unit import helpers

SECRETS = {"token": "s3cr3t t0ken/+&ok", "key": "s3cr3t-k3y"}
"""Values that must never show up in what is written down; odd enough to need encoding."""


@contextmanager
def statements() -> Iterator[list[str]]:
    """Every statement that the driver is given meanwhile, by whomever."""
    seen: list[str] = []
    execute = psycopg.Cursor.execute

    def see(cursor: psycopg.Cursor[Any], query: Any, *arguments: Any, **options: Any) -> Any:
        seen.append(query.decode() if isinstance(query, bytes) else str(query))
        return execute(cursor, query, *arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(psycopg.Cursor, "execute", see)
        yield seen


def account_for(vendor: Vendor, base_url: str, **changes: Any) -> Account:
    """An account of the vendor with those secrets; keywords override."""
    values = zip(vendor.credentials, SECRETS.values(), strict=False)
    known = {name: SecretStr(value) for name, value in values}
    fields: dict[str, Any] = {
        "base_url": base_url,
        "start_date": date(2018, 1, 1),
        "currency": "COP",
        "credentials": known,
    }
    return helpers.account(vendor.name, **fields | changes)


class Ledger(helpers.Grants):
    """Grants at once, and keeps what was asked for: `permits`, and the `reports` they are of."""

    def __init__(self) -> None:
        super().__init__()
        self.permits: list[Permit] = []
        self.reports: list[str] = []

    @contextmanager
    def permit(
        self, account: Account, stream: str, report: str, patience: Patience
    ) -> Iterator[Permit]:
        """A permit whose number is its place in `permits`, from 1."""
        with super().permit(account, stream, report, patience) as permit:
            self.permits.append(permit)
            self.reports.append(report)
            yield permit


@dataclass(frozen=True)
class Reply:
    """What the replaying server answers."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Asked:
    """What the replaying server was asked."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def is_login(self) -> bool:
        """Whether it asks for an access token."""
        return self.body == b"grant_type=client_credentials"


class _Server(ThreadingHTTPServer):
    def handle_error(self, *_: Any) -> None:
        """Whoever has read enough hangs up."""


class Replay:
    """A real HTTP server on loopback that answers whatever it is told to."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self._replies: list[Reply] = [Reply(500)]
        self._login: Reply | None = None
        replay = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # head and body in one packet: two would wait for an acknowledgement

            def _answer(self) -> None:
                sent = self.rfile.read(int(self.headers.get("content-length", 0)))
                asked = Asked(self.command, self.path, dict(self.headers), sent)
                replay.asked.append(asked)
                reply = replay.next_reply(asked)
                body = b"" if reply.status == 204 else reply.body
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                if reply.status != 204:
                    self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815 - the library's names

            def log_message(self, *_: Any) -> None:
                """Nothing on the terminal."""

        self._server = _Server(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    @property
    def url(self) -> str:
        """The base URL of an account that asks here."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def will_answer(self, *replies: Reply) -> None:
        """From now on these, one after the other, the last one again and again."""
        self._replies = list(replies)
        self.asked.clear()

    def will_log_in(self, reply: Reply | None) -> None:
        """From now on a request for an access token gets this, whatever the others get; None: it is
        one of them.
        """
        self._login = reply

    def next_reply(self, asked: Asked) -> Reply:
        """The reply that is due."""
        if self._login and asked.is_login:
            return self._login
        return self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
