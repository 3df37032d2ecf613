"""Every request ends: whatever a server does, within its time and its size, in a clear sentence."""

import gzip
import json
import os
import random
import shutil
import socket
import ssl
import subprocess
import threading
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.account import Account
from resources.errors import (
    CallhouseError,
    ContractError,
    TimedOutError,
    TransientError,
    WindowTooLargeError,
)
from resources.http import client, content, wire
from resources.http.answer import Answer
from resources.http.client import Http
from resources.http.content import PIECE, decoded
from resources.http.permits import POLL, Limiter, Permit
from resources.http.transport import Transport
from resources.standin import Fault, StandIn, Tenant
from resources.standin.answer import Answer as Answered
from tests.support import Replay, Reply
from tests.unit import helpers

LIMIT_S = 0.6
BOMB = 100 * 2**20
SAMPLES = sorted(Path("tests/fixtures").glob("*/*.sample.json"))


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch, once: None) -> None:
    monkeypatch.setattr(client, "GRACE_S", 0.1)
    monkeypatch.setattr(wire, "CONNECT_S", 0.4)


@pytest.fixture(scope="module")
def replay() -> Iterator[Replay]:
    with Replay() as replay:
        yield replay


@pytest.fixture
def tenant(vendors: StandIn) -> Tenant:
    return vendors.tenant("conpeek", "endless")


def account_at(base_url: str, **limits: Any) -> Account:
    account = helpers.account("conpeek", base_url=base_url)
    changes = {"timeout_s": LIMIT_S, "max_bytes": 1_000_000} | limits
    return account.model_copy(update={"limits": account.limits.model_copy(update=changes)})


def read(answer: Answer) -> tuple[bytes, int]:
    return bytes(answer.body), 0


@contextmanager
def asking(account: Account, grants: helpers.Grants | None = None) -> Iterator[Http]:
    transport = Transport()
    try:
        yield Http(transport, cast("Limiter", grants or helpers.Grants()), account, "dialogs", POLL)
    finally:
        transport.close()


@dataclass(frozen=True)
class Ended:
    """How a request ended, and after how many seconds."""

    error: CallhouseError
    seconds: float


def end_of(account: Account, grants: helpers.Grants | None = None) -> Ended:
    with asking(account, grants) as asked:
        started = time.monotonic()
        with pytest.raises(CallhouseError) as caught:
            asked.get("cdr_dialog", "cdr_dialog", read)
        return Ended(caught.value, time.monotonic() - started)


SLOW = [
    (Fault.hang(), TimedOutError, "no answer within 0.7 s"),
    (Fault.endless_headers(0.05), TransientError, "the answer's headers didn't end within 0.7 s"),
    (Fault.endless_interim(0.05), TransientError, "the answer's headers didn't end within 0.7 s"),
    (Fault.endless_body(0.05), TimedOutError, "the answer took longer than 0.7 s"),
]
ENDLESS = [
    (Fault.endless_headers(), TransientError, "headers are longer than 65,536 bytes, or never end"),
    (Fault.endless_interim(), TransientError, "headers are longer than 65,536 bytes, or never end"),
    (Fault.endless_body(), WindowTooLargeError, "the answer is bigger than 1,000,000 bytes"),
    (Fault.endless_chunks(), WindowTooLargeError, "the answer is bigger than 1,000,000 bytes"),
]


@pytest.mark.parametrize(("fault", "kind", "told"), SLOW, ids=lambda v: getattr(v, "name", ""))
def test_what_drips_ends_in_time(
    vendors: StandIn, tenant: Tenant, fault: Fault, kind: type[CallhouseError], told: str
) -> None:
    tenant.arm(fault)
    ended = end_of(account_at(vendors.url(tenant)))
    assert type(ended.error) is kind
    assert told in str(ended.error)
    assert LIMIT_S < ended.seconds < LIMIT_S + 1


@pytest.mark.parametrize(("fault", "kind", "told"), ENDLESS, ids=lambda v: getattr(v, "name", ""))
def test_what_never_ends_is_cut_off_by_its_size(
    vendors: StandIn, tenant: Tenant, fault: Fault, kind: type[CallhouseError], told: str
) -> None:
    tenant.arm(fault)
    ended = end_of(account_at(vendors.url(tenant), timeout_s=30))
    assert type(ended.error) is kind
    assert told in str(ended.error)
    assert ended.seconds < 10


def test_after_an_answer_that_was_cut_off_the_next_is_the_next(
    vendors: StandIn, tenant: Tenant
) -> None:
    with asking(account_at(vendors.url(tenant))) as asked:
        for _ in range(3):
            tenant.arm(Fault.endless_body(0.05))
            with pytest.raises(WindowTooLargeError):
                asked.get("cdr_dialog", "cdr_dialog", read)
            answer, _ = asked.get("cdr_dialog", "cdr_dialog", read)
            assert answer


@contextmanager
def tarpit() -> Iterator[int]:
    """A port at which connections are never accepted: its queue is full."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server:
        port = server.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(("127.0.0.1", port))
        yield port
        for each in waiting:
            each.close()


@contextmanager
def mute() -> Iterator[int]:
    """A port at which connections are accepted by the system, and nobody speaks."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_connection_that_is_never_made_ends_in_time() -> None:
    with tarpit() as port:
        ended = end_of(account_at(f"http://127.0.0.1:{port}", timeout_s=30))
    assert type(ended.error) is TransientError
    assert "127.0.0.1 doesn't answer within 0.4 s" in str(ended.error)
    assert ended.seconds < 2


def test_a_tls_handshake_without_an_end_ends_in_time() -> None:
    with mute() as port:
        ended = end_of(account_at(f"https://127.0.0.1:{port}", timeout_s=30))
    assert type(ended.error) is TransientError
    assert "no connection to 127.0.0.1 within 0.4 s" in str(ended.error)
    assert ended.seconds < 2


def test_a_name_that_is_never_resolved_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: time.sleep(2))
    ended = end_of(account_at("https://vendor.example", timeout_s=30))
    assert "no connection to vendor.example within 0.4 s" in str(ended.error)
    assert ended.seconds < 2


def test_a_name_that_nobody_knows_is_said() -> None:
    ended = end_of(account_at("https://vendor.invalid"))
    assert type(ended.error) is TransientError
    assert str(ended.error).startswith("ConnectError")


def test_of_several_addresses_the_one_that_answers_is_taken(
    vendors: StandIn, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant.arm(Fault.body(b"[]"))
    ask = socket.getaddrinfo
    with tarpit() as port:

        def addresses(host: str, wanted: int, **kinds: Any) -> Any:
            return [*ask("127.0.0.1", port, **kinds), *ask("127.0.0.1", wanted, **kinds)]

        monkeypatch.setattr(socket, "getaddrinfo", addresses)
        with asking(account_at(vendors.url(tenant), timeout_s=5)) as asked:
            assert asked.get("cdr_dialog", "cdr_dialog", read)[0] == b"[]"


class Recalled(helpers.Grants):
    """Its permits are lost after a while."""

    def __init__(self, after_s: float) -> None:
        super().__init__()
        self._after_s = after_s

    @contextmanager
    def permit(self, *args: Any) -> Iterator[Permit]:
        with super().permit(*args) as permit:
            permit.lease_ends = time.monotonic() + self._after_s
            yield permit


@pytest.mark.parametrize("fault", [fault for fault, *_ in SLOW], ids=lambda fault: fault.name)
def test_a_lost_permit_ends_its_request_at_once(
    vendors: StandIn, tenant: Tenant, fault: Fault
) -> None:
    tenant.arm(fault)
    ended = end_of(account_at(vendors.url(tenant), timeout_s=30), Recalled(0.3))
    assert "the permit for this request was lost" in str(ended.error)
    assert ended.seconds < 1.5


def test_a_lost_permit_ends_a_handshake_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "CONNECT_S", 30)
    with mute() as port:
        ended = end_of(account_at(f"https://127.0.0.1:{port}", timeout_s=30), Recalled(0.3))
    assert "the permit for this request was lost" in str(ended.error)
    assert ended.seconds < 1.5


@pytest.fixture
def secured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A server behind TLS that answers a megabyte in pieces, two to a look."""
    if not shutil.which("openssl"):
        pytest.skip("a certificate is made with openssl")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=localhost"
    options = ["-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*command.split(), *options, *files], check=True, capture_output=True)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-length", str(len(BODY)))
            self.end_headers()
            for start in range(0, len(BODY), len(BODY) // 6):
                self.wfile.write(BODY[start : start + len(BODY) // 6])
                time.sleep(wire.LOOK_S / 2)

        def log_message(self, *_: Any) -> None:
            """Nothing on the terminal."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"https://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


BODY = random.Random(1).randbytes(900_000)


def test_an_answer_over_tls_is_whole(secured: str) -> None:
    with asking(account_at(secured, timeout_s=30)) as asked:
        for _ in range(2):  # on one connection
            assert asked.get("cdr_dialog", "cdr_dialog", read)[0] == BODY


def test_a_certificate_is_checked(secured: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    ended = end_of(account_at(secured))
    assert "CERTIFICATE_VERIFY_FAILED" in str(ended.error)


def test_an_authority_that_was_taken_away_vouches_for_nobody(secured: str) -> None:
    account = account_at(secured, timeout_s=30)
    with asking(account) as asked:
        assert asked.get("cdr_dialog", "cdr_dialog", read)[0] == BODY
    Path(os.environ["SSL_CERT_FILE"]).write_text("")
    assert "CERTIFICATE_VERIFY_FAILED" in str(end_of(account).error)


# Bombs.


@pytest.mark.parametrize(
    ("layers", "kind", "told"),
    [
        (1, WindowTooLargeError, "the answer is bigger than 1,000,000 bytes"),
        (2, ContractError, "the answer's content-encoding is 'gzip, gzip'"),
    ],
)
def test_a_bomb_never_unpacks(
    replay: Replay, layers: int, kind: type[CallhouseError], told: str
) -> None:
    bomb = Answered()
    Fault.gzip_bomb(BOMB, layers).spoil(bomb)
    assert bomb.body is not None
    replay.will_answer(Reply(200, bomb.body, bomb.headers))
    tracemalloc.start()
    try:
        ended = end_of(account_at(replay.url, timeout_s=30))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert type(ended.error) is kind
    assert told in str(ended.error)
    assert peak < 5_000_000, f"{peak:,} bytes for a limit of a million"


MANY = {
    "empty objects": b"{},",
    "empty lists": b"[],",
    "objects": b'{"a":1},',
    "objects in objects": b'{"a":{"a":{"a":{}}}},',
    "empty texts": b'"",',
    "digits": b"1,",
}


@pytest.mark.parametrize("kind", MANY)
def test_what_grows_when_it_is_parsed_never_is(replay: Replay, kind: str) -> None:
    """A list of 8 MB, of which the parser would make up to 240 MB."""
    piece = MANY[kind]
    body = b"[" + piece * (8_100_000 // len(piece)) + b"1]"
    replay.will_answer(Reply(200, gzip.compress(body, 1), {"content-encoding": "gzip"}))
    ended = end_of(account_at(replay.url, timeout_s=30, max_bytes=8_200_000))
    assert type(ended.error) is WindowTooLargeError
    assert "more values than 8,200,000 bytes of records" in str(ended.error)


def test_what_unpacks_to_hundreds_of_times_its_size_is_cut_off(replay: Replay) -> None:
    bomb = gzip.compress(b"[" + b" " * 30_000_000 + b"]")
    replay.will_answer(Reply(200, bomb, {"content-encoding": "gzip"}))
    ended = end_of(account_at(replay.url, timeout_s=30, max_bytes=2**28))
    assert type(ended.error) is WindowTooLargeError
    assert "unpacks to more than 200 times" in str(ended.error)


@pytest.mark.parametrize("recorded", SAMPLES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_as_many_records_as_the_bytes_allow_are_read(recorded: Path) -> None:
    """An answer at its limit may consist of such records, without a blank."""
    sample = json.dumps(json.loads(recorded.read_bytes()), separators=(",", ":")).encode()
    body = b"[" + b",".join([sample] * (12_000_000 // len(sample))) + b"]"
    content.check_values(body, len(body))


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, br", "compress", "x" * 5000])
def test_an_encoding_that_was_not_asked_for_is_refused(replay: Replay, encoding: str) -> None:
    replay.will_answer(Reply(200, b"[]", {"content-encoding": encoding}))
    ended = end_of(account_at(replay.url))
    assert type(ended.error) is ContractError
    assert "content-encoding" in str(ended.error)
    assert len(str(ended.error)) < 250


def test_too_many_headers_are_refused(replay: Replay) -> None:
    replay.will_answer(Reply(200, b"[]", {f"x-{n}": "" for n in range(300)}))
    ended = end_of(account_at(replay.url))
    assert (type(ended.error), str(ended.error)) == (
        ContractError,
        "the answer has more than 200 headers",
    )


def test_gzip_alone_is_asked_for(replay: Replay) -> None:
    replay.will_answer(Reply(200, gzip.compress(b"[1]"), {"content-encoding": "gzip"}))
    with asking(account_at(replay.url)) as asked:
        assert asked.get("cdr_dialog", "cdr_dialog", read)[0] == b"[1]"
    assert {k.lower(): v for k, v in replay.asked[0].headers.items()}["accept-encoding"] == "gzip"


@given(
    parts=st.lists(st.binary(max_size=2000), max_size=4),
    size=st.integers(1, 300),
    trailer=st.sampled_from([b"", b"\x00\x00\x00"]),
    encoding=st.sampled_from(["gzip", "GZIP", " x-gzip", "identity, gzip"]),
)
def test_whatever_was_packed_is_unpacked(
    parts: list[bytes], size: int, trailer: bytes, encoding: str
) -> None:
    """In pieces of any size, members one after the other as the standard has it."""
    sent = b"".join(map(gzip.compress, parts)) + (trailer if parts else b"")
    pieces = [sent[at : at + size] for at in range(0, len(sent), size)]
    assert b"".join(decoded(encoding, pieces)) == b"".join(parts)


@given(body=st.binary(min_size=1, max_size=500), cut=st.integers(1, 20))
def test_what_was_cut_off_is_noticed(body: bytes, cut: int) -> None:
    with pytest.raises(TransientError):
        list(decoded("gzip", [gzip.compress(body)[:-cut]]))


def test_no_piece_is_big() -> None:
    sizes = [len(piece) for piece in decoded("gzip", [gzip.compress(b" " * 10_000_000)])]
    assert sum(sizes) == 10_000_000
    assert max(sizes) <= PIECE
