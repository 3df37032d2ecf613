"""Secrets out of everything that is written down: by value first, then by name."""

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

MASK = "***"
_SECRET_NAME = re.compile(
    r"(?i)(auth|token|secret|passw|senha|credential|cookie|api[-_]?key|^key$|signature|bearer)"
)
_USERINFO = re.compile(r"(?i)\b([a-z][a-z0-9+.-]*://)[^/\s@]+@")
_SECRET_QUERY = re.compile(
    r"(?i)([?&;](?:[^=&;\s]*(?:auth|token|secret|passw|senha|key|signature)[^=&;\s]*)=)[^&;\s#\"']+"
)

_REQUEST_PARTS = {"auth", "body", "cookies", "data", "headers", "json", "params"}
_QUERY_VALUE = re.compile(r"([?&][^=&#\s]+=)[^&#\s\"']+")


class Redactor:
    """Removes the given secret values, also as they look percent-encoded in a URL."""

    def __init__(self, secrets: Iterable[str]) -> None:
        forms = {form for secret in secrets if secret for form in (secret, quote(secret, safe=""))}
        # The longest first: a secret may contain another.
        ordered = sorted(forms, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, ordered))) if ordered else None

    def text(self, text: str) -> str:
        """`text` without any secret value, any user:password@ and any secret-looking parameter."""
        if self._pattern:
            text = self._pattern.sub(MASK, text)
        return _SECRET_QUERY.sub(rf"\1{MASK}", _USERINFO.sub(rf"\1{MASK}@", text))

    def bytes(self, body: bytes | bytearray) -> bytes:
        """`body` without any secret value: for what is kept of an answer as it came."""
        return self.text(body.decode("utf-8", "replace")).encode()


def mask_named(value: Any) -> Any:
    """`value` (JSON) with whatever stands under a secret-looking name masked, however deep.

    For payloads that quote other systems' requests (Evolux's `task_raw_params`), whose
    secrets we can't know by value.
    """
    if isinstance(value, dict):
        return {
            name: MASK
            if _SECRET_NAME.search(name) and item not in (None, "", {}, [])
            else mask_named(item)
            for name, item in value.items()
        }
    if isinstance(value, list):
        return [mask_named(item) for item in value]
    if isinstance(value, str):
        return _SECRET_QUERY.sub(rf"\1{MASK}", _USERINFO.sub(rf"\1{MASK}@", value))
    return value


def mask_requests(value: Any) -> Any:
    """`value` (JSON) without what it quotes of requests to other systems.

    Their secrets are under names and in places that nobody can list: of a request's parts and of
    a URL's query only the names stay; what is called a secret elsewhere is masked too.
    """
    return mask_named(_without_requests(value))


def _without_requests(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: _hidden(item) if name.lower() in _REQUEST_PARTS else _without_requests(item)
            for name, item in value.items()
        }
    if isinstance(value, list):
        return [_without_requests(item) for item in value]
    return _QUERY_VALUE.sub(rf"\1{MASK}", value) if isinstance(value, str) else value


def _hidden(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _hidden(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_hidden(item) for item in value]
    return value if value in (None, "") or isinstance(value, bool) else MASK
