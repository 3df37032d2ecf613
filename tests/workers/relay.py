"""`python -m tests.workers.relay LISTEN:PORT=TARGET:PORT…`: carries connections from one address to
another, as a tunnel does. What listens on loopback only is reached by other hosts through it.
"""

import asyncio
import sys
from contextlib import suppress


async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    with suppress(OSError):
        writer.close()


async def listen(here: str, there: str) -> None:
    host, _, port = here.rpartition(":")
    target, _, target_port = there.rpartition(":")

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            their_reader, their_writer = await asyncio.open_connection(target, int(target_port))
        except OSError:
            writer.close()
            return
        await asyncio.gather(copy(reader, their_writer), copy(their_reader, writer))

    server = await asyncio.start_server(carry, host, int(port))
    await server.serve_forever()


async def main() -> None:
    pairs = [word.partition("=") for word in sys.argv[1:]]
    await asyncio.gather(*(listen(here, there) for here, _, there in pairs))


if __name__ == "__main__":
    asyncio.run(main())
