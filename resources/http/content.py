"""An answer's body out of its content encoding, in bounded pieces: a bomb never unpacks whole, and
what would become one when it is parsed is told by its bytes.
"""

import zlib
from collections.abc import Iterable, Iterator

from resources.errors import ContractError, CutShortError, WindowTooLargeError

ACCEPTED = "gzip"
"""What is asked for."""
PIECE = 256 * 1024
GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS
GZIP = b"\x1f"
"""How another member begins, where one has ended."""

MOST_UNPACKED = 200
"""Times the bytes on the wire: of records, even of many that are alike, it is 50 at most."""
SMALL = 10 * 1024 * 1024
"""Up to here it may be any number of times."""
BYTES_A_VALUE = 8
"""Of an answer at its limit: in vendors' records a value takes from 15 to 30, with its name."""
FEW_VALUES = 1_000_000
"""So many are never too many."""
LISTS_COST = 3
"""In memory an object or a list takes the place of so many values."""


def decoded(encoding: str, body: Iterable[bytes]) -> Iterator[bytes]:
    """The body's pieces, none bigger than PIECE, out of at most one encoding (`encoding` is the
    value of the header).

    Raises ContractError for an encoding that wasn't asked for, or for several, and CutShortError
    for one that is broken or cut off.
    """
    names = [name.strip().lower() for name in encoding.split(",")]
    match [name for name in names if name not in ("", "identity")]:
        case []:
            return iter(body)
        case ["gzip" | "x-gzip" | "deflate"]:
            return _inflated(body)
        case _:
            what = f"the answer's content-encoding is {encoding[:100]!r}"
            raise ContractError(f"{what}: only {ACCEPTED} was asked for")


def _inflated(body: Iterable[bytes]) -> Iterator[bytes]:
    inflater = None
    try:
        for received in body:
            rest = received
            while rest:
                if inflater is None:
                    inflater = zlib.decompressobj(GZIP_OR_ZLIB)
                if inflater.eof:
                    if not rest.startswith(GZIP):
                        break  # padding
                    inflater = zlib.decompressobj(GZIP_OR_ZLIB)
                yield inflater.decompress(rest, PIECE)
                rest = inflater.unused_data if inflater.eof else inflater.unconsumed_tail
        while inflater and (piece := inflater.decompress(b"", PIECE)):
            yield piece
    except zlib.error as error:
        raise CutShortError(f"the answer's compression is broken: {error}") from None
    if inflater and not inflater.eof:
        raise CutShortError("the compressed answer was cut off")


def check_unpacked(size: int, received: int) -> None:
    """Raises WindowTooLargeError where a body of `size` bytes came as far fewer on the wire."""
    if size > SMALL and size > MOST_UNPACKED * received:
        raise WindowTooLargeError(
            f"the answer unpacks to more than {MOST_UNPACKED} times what came: no records do"
        )


def check_values(body: bytes | bytearray, most_bytes: int) -> None:
    """Raises WindowTooLargeError where the body, if it is JSON, would take many times its size in
    memory: `[{},{},…]` takes thirty times. `most_bytes` is the account's limit.
    """
    most = max(FEW_VALUES, most_bytes // BYTES_A_VALUE)
    if (
        len(body) > most
        and body.count(b",") + LISTS_COST * (body.count(b"{") + body.count(b"[")) > most
    ):
        raise WindowTooLargeError(
            f"the answer has more values than {most_bytes:,} bytes of records (`max_bytes`) have"
        )
