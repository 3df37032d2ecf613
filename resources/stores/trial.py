"""Tries a store with a small file, before anything is lost by it."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from resources.errors import TransientError
from resources.stores.store import Removal, Store

NAME = ".callhouse-check-"


def try_out(store: Store) -> Removal:
    """Writes a small file, reads it and deletes it; returns what became of it.

    Raises TransientError that names the step which failed, and the file if it is left.
    """
    name, content = f"{NAME}{secrets.token_hex(8)}", secrets.token_bytes(64)
    with _step("writing"):
        uri = store.write(content, name, "application/octet-stream")
    try:
        with _step("reading"):
            if store.read(name) != content:
                raise TransientError(f"{uri}: another content came back than was written")
    except BaseException as error:
        try:
            store.remove(name)
        except TransientError:
            raise TransientError(f"{error}; {uri} is left: delete it") from None
        raise
    with _step("deleting"):
        return store.remove(name)


@contextmanager
def _step(name: str) -> Iterator[None]:
    try:
        yield
    except TransientError as error:
        raise TransientError(f"{name} fails: {error}") from None
