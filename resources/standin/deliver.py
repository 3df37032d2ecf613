"""Puts an `Answer` on the wire, the broken ones included."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import Any

from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from resources.standin.answer import JSON, Answer

TRANSPORT = "standin.transport"
_PIECE = 1 << 20


class Protocol(HttpToolsProtocol):
    """Uvicorn's own protocol, with a door to the socket: a reset can't be said in ASGI."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["state"][TRANSPORT] = self.transport


async def deliver(answer: Answer, scope: Scope, receive: Receive, send: Send) -> bool:
    """Whether the caller was still there to be answered."""
    if answer.delay_s and not await _stays(receive, answer.delay_s):
        return False
    if answer.reset:
        _reset(scope["state"][TRANSPORT])
        return True

    body = answer.encoded()
    length = answer.padding + len(body)
    headers = {"content-type": JSON, **answer.headers}
    if answer.status != 204:
        headers["content-length"] = str(length)
    await send(
        {
            "type": "http.response.start",
            "status": answer.status,
            "headers": [(k.encode(), v.encode()) for k, v in headers.items()],
        }
    )
    if answer.share_sent < 1:
        cut = body[: int(len(body) * answer.share_sent)]
        await send({"type": "http.response.body", "body": cut, "more_body": True})
        scope["state"][TRANSPORT].close()
        return True
    for start in range(0, answer.padding, _PIECE):
        piece = b" " * min(_PIECE, answer.padding - start)
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    if answer.drip_s:
        body = await _drip(body, answer.drip_s, receive, send)
    # The rest in one piece that is also the last: a caller who has read it, and asks again at
    # once, must not find this request still in flight.
    await send({"type": "http.response.body", "body": body})
    return True


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


def _reset(transport: Any) -> None:
    """Ends the connection with RST instead of FIN."""
    peer: socket.socket = transport.get_extra_info("socket")
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
