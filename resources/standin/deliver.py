"""Puts an `Answer` on the wire, the broken ones included."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable, Iterator
from typing import Any

from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from resources.standin.answer import JSON, Answer

TRANSPORT = "standin.transport"
HUNG_UP = 499
"""In the log: the caller was gone before the answer."""
_PIECE = 1 << 20


class Protocol(HttpToolsProtocol):
    """Uvicorn's own protocol, with a door to the socket: a reset can't be said in ASGI."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["state"][TRANSPORT] = self.transport


async def deliver(
    answer: Answer, scope: Scope, receive: Receive, send: Send, done: Callable[[int], None]
) -> None:
    """Calls `done` with the status before the last byte, so that no caller is ahead of the log."""
    if answer.delay_s and not await _stays(receive, answer.delay_s):
        done(HUNG_UP)
        return
    transport = scope["state"][TRANSPORT]
    if answer.reset:
        done(answer.status)
        await _close(transport, with_reset=True)
        return
    if answer.raw:
        await _send_raw(answer.raw(), answer.drip_s, transport, receive)
        done(HUNG_UP)
        await _close(transport)
        return

    body = answer.encoded()
    length = answer.padding + len(body)
    headers = {"content-type": JSON, **answer.headers}
    if answer.status != 204:
        headers["content-length"] = str(length)
    if not length:
        done(answer.status)  # the head is all that the caller waits for
    await send(
        {
            "type": "http.response.start",
            "status": answer.status,
            "headers": [(k.encode(), v.encode()) for k, v in headers.items()],
        }
    )
    if length and answer.share_sent < 1:
        cut = body[: int(len(body) * answer.share_sent)]
        await send({"type": "http.response.body", "body": cut, "more_body": True})
        done(answer.status)
        await _close(transport)
        return
    for start in range(0, answer.padding, _PIECE):
        piece = b" " * min(_PIECE, answer.padding - start)
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    if answer.drip_s:
        body = await _drip(body, answer.drip_s, receive, send)
    # The rest in one piece that is also the last: a caller who has read it, and asks again at
    # once, must not find this request still in flight.
    if length:
        done(answer.status)
    await send({"type": "http.response.body", "body": body})


async def _send_raw(
    pieces: Iterator[bytes], pause_s: float, transport: Any, receive: Receive
) -> None:
    """Sends them until there are no more, or nobody listens."""
    for piece in pieces:
        transport.write(piece)
        full = transport.get_write_buffer_size() > _PIECE
        if transport.is_closing() or not await _stays(receive, max(pause_s, 0.05 * full)):
            return


async def _drip(body: bytes, pause_s: float, receive: Receive, send: Send) -> bytes:
    """Sends nine tenths of the body, with pauses, and returns the rest."""
    step = max(1, len(body) // 10)
    for start in range(0, 9 * step, step):
        piece = body[start : start + step]
        await send({"type": "http.response.body", "body": piece, "more_body": True})
        await _stays(receive, pause_s)
    return body[9 * step :]


async def _stays(receive: Receive, seconds: float) -> bool:
    """Waits; false as soon as the caller hangs up, so that a killed one holds nothing."""
    try:
        async with asyncio.timeout(seconds):
            while (await receive())["type"] != "http.disconnect":
                pass
    except TimeoutError:
        return True
    return False


async def _close(transport: Any, with_reset: bool = False) -> None:
    """Ends the connection by FIN or RST, and lets uvicorn notice before the response is missed."""
    if with_reset:
        peer: socket.socket = transport.get_extra_info("socket")
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    else:
        transport.close()
    await asyncio.sleep(0)
