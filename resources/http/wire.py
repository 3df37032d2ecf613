"""Connections whose every wait ends: at the request's deadline, or when the request is called off.

The library knows a time-out for each single wait, of which an answer that drips has any number, and
none for a name that isn't resolved. So what it waits with is ours: it never waits long without
looking whether the request may go on.
"""

import contextvars
import errno
import math
import os
import queue
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpcore

from resources.errors import CallhouseError, TimedOutError, TransientError, WindowTooLargeError

LOOK_S = 0.2
"""How long a wait may be without a look."""
CONNECT_S = 10.0
"""For a name, and for a connection with one of its addresses, TLS included."""
LONGEST_HEAD = 64 * 1024
"""Bytes before the body: status line, headers, and whatever interim answers come before them."""


@dataclass(slots=True)
class Exchange:
    """One request and its answer on the wire: for how long, and for how many bytes.

    `check` raises when the request is called off: its permit is lost, or its run has ended.
    """

    limit_s: float
    most_bytes: int
    """Of the body; as many again are allowed for what it is wrapped in."""
    check: Callable[[], None] = lambda: None
    host: str = ""
    has_connected: bool = False
    has_head: bool = False
    """Whether the answer's headers are complete."""
    received: int = 0
    deadline: float = field(init=False)

    def __post_init__(self) -> None:
        self.deadline = time.monotonic() + self.limit_s

    def wait(self, until: float = math.inf) -> float:
        """For how many seconds to wait before the next look. Raises what ends the request."""
        self.check()
        now = time.monotonic()
        if now >= min(self.deadline, until):
            raise self._late()
        return min(LOOK_S, self.deadline - now, until - now)

    def room(self) -> int:
        """How many bytes more may come. Raises what ends the request when there are none."""
        room = LONGEST_HEAD - self.received
        if self.has_head:
            room += 2 * self.most_bytes
        if room > 0:
            return room
        if self.has_head:
            raise WindowTooLargeError(f"the answer is bigger than {self.most_bytes:,} bytes")
        raise TransientError(
            f"the answer's headers are longer than {LONGEST_HEAD:,} bytes, or never end"
        )

    def _late(self) -> CallhouseError:
        limit = f"{self.limit_s:g} s"
        if not self.has_connected:
            return TransientError(
                f"no connection to {self.host} within {min(CONNECT_S, self.limit_s):g} s"
            )
        if self.has_head:
            return TimedOutError(f"the answer took longer than {limit}")
        if self.received:
            return TransientError(f"the answer's headers didn't end within {limit}")
        return TimedOutError(f"no answer within {limit}")


_current: contextvars.ContextVar[Exchange] = contextvars.ContextVar("exchange")


@contextmanager
def governed_by(exchange: Exchange) -> Iterator[Exchange]:
    """What this thread does with connections in the block is this request's."""
    token = _current.set(exchange)
    try:
        yield exchange
    finally:
        _current.reset(token)


class Backend(httpcore.NetworkBackend):
    """Opens connections for the request that the thread is at."""

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - the exchange knows better
        local_address: str | None = None,  # noqa: ARG002 - nobody gives one
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """The first of the host's addresses that answers. Raises httpcore.ConnectError."""
        exchange = _current.get()
        exchange.host, exchange.has_connected = host, False
        failure = "it has no address"
        for address in _resolve(host, port, exchange):
            try:
                return _Stream(_connect(address, exchange, socket_options or ()))
            except OSError as error:
                failure = str(error)
        raise httpcore.ConnectError(failure)


class _Stream(httpcore.NetworkStream):
    """One connection; who reads from it is whose request it is at the time."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        exchange = _current.get()
        while True:
            most = min(max_bytes, exchange.room())
            self._socket.settimeout(exchange.wait())
            try:
                data = self._socket.recv(most)
            except TimeoutError:
                continue
            except OSError as error:
                raise httpcore.ReadError(str(error)) from None
            exchange.received += len(data)
            return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        exchange = _current.get()
        exchange.has_connected = True
        while buffer:
            self._socket.settimeout(exchange.wait())
            try:
                buffer = buffer[self._socket.send(buffer) :]
            except TimeoutError:
                continue
            except OSError as error:
                raise httpcore.WriteError(str(error)) from None

    def close(self) -> None:
        self._socket.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore.NetworkStream:
        if isinstance(self._socket, ssl.SSLSocket):
            raise TransientError("a proxy that is itself reached by https isn't supported")
        exchange, until = _current.get(), time.monotonic() + CONNECT_S
        secured = ssl_context.wrap_socket(
            self._socket, server_hostname=server_hostname, do_handshake_on_connect=False
        )
        try:
            while True:
                secured.settimeout(exchange.wait(until))
                try:
                    secured.do_handshake()
                    return _Stream(secured)
                except TimeoutError:
                    continue
        except BaseException as error:
            secured.close()
            if isinstance(error, OSError):
                raise httpcore.ConnectError(str(error)) from None
            raise

    def get_extra_info(self, info: str) -> Any:
        if info == "ssl_object" and isinstance(self._socket, ssl.SSLSocket):
            return self._socket
        if info == "is_readable":  # an idle connection is so when its other end has closed it
            return self._socket.fileno() < 0 or _is_ready(self._socket, select.POLLIN, 0)
        return None


def _resolve(host: str, port: int, exchange: Exchange) -> list[Any]:
    """Addresses of the host. In a thread, as nothing else ends a resolver's waiting."""
    answers: queue.SimpleQueue[list[Any] | OSError] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            answers.put(error if isinstance(error, OSError) else OSError(str(error)))

    threading.Thread(target=ask, name="resolver", daemon=True).start()
    until = time.monotonic() + CONNECT_S
    while True:
        try:
            answer = answers.get(timeout=exchange.wait(until))
        except queue.Empty:
            continue
        if isinstance(answer, OSError):
            raise httpcore.ConnectError(str(answer))
        return answer


def _connect(
    address: Any, exchange: Exchange, options: Iterable[httpcore.SOCKET_OPTION]
) -> socket.socket:
    """A connection with one address. Raises OSError when that takes too long, too."""
    family, kind, protocol, _, where = address
    connection = socket.socket(family, kind, protocol)
    until = time.monotonic() + CONNECT_S
    try:
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for option in options:
            connection.setsockopt(*option)
        code = connection.connect_ex(where)
        if code == errno.EINPROGRESS:
            while not _is_ready(connection, select.POLLOUT, exchange.wait()):
                if time.monotonic() > until:
                    raise TimeoutError(f"{exchange.host} doesn't answer within {CONNECT_S:g} s")
            code = connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            raise OSError(code, os.strerror(code))
    except BaseException:
        connection.close()
        raise
    return connection


def _is_ready(connection: socket.socket, event: int, timeout_s: float) -> bool:
    poll = select.poll()
    poll.register(connection, event)
    return bool(poll.poll(timeout_s * 1000))
