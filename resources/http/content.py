"""An answer's body out of its content encoding, in bounded pieces: a bomb never unpacks whole."""

import zlib
from collections.abc import Iterable, Iterator

from resources.errors import ContractError, CutShortError

ACCEPTED = "gzip"
"""What is asked for."""
PIECE = 256 * 1024
GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS
GZIP = b"\x1f"
"""How another member begins, where one has ended."""


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
