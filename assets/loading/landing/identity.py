"""What tells two states of one record apart: its bytes, without secrets and volatile fields."""

from typing import Any

from resources.text import payload
from resources.vendor_api.vendor import AnyStream


def redacted(stream: AnyStream, record: Any) -> Any:
    """The record without what it quotes of other systems' secrets, as it is stored."""
    if not stream.redact:
        return record
    try:
        return stream.redact(record)
    except RecursionError:
        return stream.redact(payload.storable(record))


def identity(stream: AnyStream, record: Any, encoded: bytes) -> bytes:
    """Canonical bytes of a redacted record (`encoded`), without fields that change at each read."""
    if not stream.volatile:
        return encoded
    for field in stream.volatile:
        record = payload.without(record, field.split("."))
    return payload.encode(record)
