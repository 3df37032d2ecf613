"""What goes out to a vendor, and what comes back, byte by byte."""

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from resources.errors import ConfigurationError
from resources.http.transport import BrokenExchangeError, Transport, headers_of
from resources.http.wire import Exchange

ANSWER = (
    b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nLink: <a>; rel=first\r\nlink: <b>; rel=next\r\n"
    b"x-town: Bogot\xe1\r\nx-river: Bi\xc3\xb3bio\r\n\r\n{}"
)


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        ("/a/b.c/d..e?f=g%20h&i=%C3%A9", "/a/b.c/d..e?f=g%20h&i=%C3%A9"),
        ("/calls/1/cdr?token=~a-b_c", "/calls/1/cdr?token=~a-b_c"),
        ("", "/"),
        ("?a=1", "/?a=1"),
        ("/a b/ñ?c=é", "/a%20b/%C3%B1?c=%C3%A9"),
        ("/a/../b", "/b"),
        ("/a#b", "/a"),
    ],
)
def test_a_url_is_spelt_as_servers_expect_it(asked: str, sent: str) -> None:
    with _server() as (base, requests), closing(Transport()) as transport:
        exchange = Exchange(5, 1000)
        with transport.ask(base + asked, {"token": "t", "accept": "*/*"}, None, exchange) as answer:
            assert b"".join(answer.iter_stream()) == b"{}"
            headers = headers_of(answer)
    first, *lines = requests[0].split("\r\n")
    assert first == f"GET {sent} HTTP/1.1"
    assert lines[0] == f"host: {base.removeprefix('http://')}"
    assert "token: t" in lines
    assert [line for line in lines if line.startswith("accept:")] == ["accept: */*"]
    assert headers["link"] == "<a>; rel=first, <b>; rel=next"
    assert (headers["x-town"], headers["x-river"]) == ("Bogotá", "Bióbio")


def test_a_server_that_cant_be_is_a_broken_exchange() -> None:
    url, exchange = "http://[::1/calls", Exchange(5, 1000)
    with (
        closing(Transport()) as transport,
        pytest.raises(BrokenExchangeError),
        transport.ask(url, {}, None, exchange),
    ):
        pass


@pytest.mark.parametrize("proxy", ["http_proxy", "ALL_PROXY", "Http_Proxy"])
def test_requests_go_by_the_environments_proxy(monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    with _server() as (base, requests):
        monkeypatch.setenv(proxy, base)
        exchange = Exchange(5, 1000)
        url = "http://vendor.invalid/calls"
        with closing(Transport()) as transport, transport.ask(url, {}, None, exchange) as answer:
            assert answer.status == 200
    assert requests[0].startswith(f"GET {url} HTTP/1.1")


@pytest.mark.parametrize("proxy", ["http_proxy", "ALL_PROXY", "Http_Proxy"])
def test_this_machine_is_asked_without_a_proxy(monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    monkeypatch.setenv(proxy, "http://127.0.0.1:1")
    exchange = Exchange(5, 1000)
    with (
        _server() as (base, requests),
        closing(Transport()) as transport,
        transport.ask(f"{base}/calls", {}, None, exchange) as answer,
    ):
        assert answer.status == 200
    assert requests[0].startswith("GET /calls HTTP/1.1")


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("ALL_PROXY", "socks5://user:s3cr3t@127.0.0.1:1"),
        ("all_proxy", "socks://127.0.0.1:1"),
        ("HTTPS_PROXY", "foo://user:s3cr3t"),
        ("http_proxy", "user:s3cr3t"),
        ("NO_PROXY", "localhost,fd00::/8"),
        ("no_proxy", "[::1"),
    ],
)
def test_a_proxy_that_cant_be_used_is_named_without_its_password(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    exchange = Exchange(5, 1000)
    with (
        closing(Transport()) as transport,
        pytest.raises(ConfigurationError, match=f"(?i)^{variable}: expected") as caught,
        transport.ask("http://vendor.invalid/calls", {}, None, exchange),
    ):
        pass
    assert "s3cr3t" not in str(caught.value)
    with (
        _server() as (base, _),
        closing(Transport()) as transport,
        transport.ask(base, {}, None, exchange) as answer,
    ):
        assert answer.status == 200, "nothing goes by it on this machine"


def test_a_body_is_posted_with_its_length() -> None:
    exchange = Exchange(5, 1000)
    with (
        _server() as (base, requests),
        closing(Transport()) as transport,
        transport.ask(f"{base}/search", {}, b'{"a":1}', exchange) as answer,
    ):
        assert answer.status == 200
    head = requests[0].split("\r\n")
    assert head[0] == "POST /search HTTP/1.1"
    assert "content-length: 7" in head


@contextmanager
def _server() -> Iterator[tuple[str, list[str]]]:
    """Answers one request. Gives its URL, and what it was asked."""
    requests: list[str] = []

    def serve() -> None:
        connection, _ = listening.accept()
        with connection:
            received = b""
            while b"\r\n\r\n" not in received:
                received += connection.recv(4096)
            requests.append(received.decode("latin-1"))
            connection.sendall(ANSWER)
            connection.recv(1)  # until it is closed

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", requests
        thread.join(5)
