"""Secrets out of everything that is written down: by value first, then by name."""

import base64
import html
import json
import re
from collections.abc import Iterable, Iterator
from functools import cached_property, lru_cache
from typing import Any
from urllib.parse import quote, quote_plus

MASK = "***"
LONG = 8
"""A secret of so many characters is no word by chance."""
_PIECE = 1024 * 1024
_WORD = r'(?<![\w-])(?:{})(?![\w-])(?!"\s*:)'
_ESCAPED = {mark: re.compile(re.escape(mark) + rb"([2-7][0-9a-f])") for mark in (b"\\u00", b"%")}
_URLSAFE = str.maketrans("+/", "-_")
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
    """Removes the given secret values: as they are, in any case, and as an echo may write them:
    escaped for a URL, for JSON or for HTML, in base64 or in hex.

    A body is redacted once, as it came, before anybody parses it; texts again where they are
    written. Cheap to make, and to use where no secret is.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        # The longest first: a secret may contain another.
        self._secrets = sorted({secret for secret in secrets if secret}, key=len, reverse=True)

    def text(self, text: str) -> str:
        """`text` without any secret value, any user:password@ and any secret-looking parameter."""
        if self._is_suspect(text.encode("utf-8", "replace")):
            text = self._pattern.sub(MASK, text)
        return _SECRET_QUERY.sub(rf"\1{MASK}", _USERINFO.sub(rf"\1{MASK}@", text))

    def excerpt(self, body: bytes | bytearray) -> bytes:
        """`text` for a body that is kept as it came."""
        return self.text(body.decode("utf-8", "replace")).encode()

    def body(self, body: bytes | bytearray) -> bytes | bytearray:
        """A body without any secret value, and JSON if it was: the same object where there is none.

        Of a short value only whole words are masked, and no names of JSON: it may be a word that
        the vendor's answers consist of.
        """
        if not self._secrets:
            return body
        ahead = max(map(len, self._needles))
        pieces = (body[at : at + _PIECE + ahead] for at in range(0, len(body), _PIECE))
        if not any(map(self._is_suspect, pieces)):
            return body
        return self._body_pattern.sub(_masked, bytes(body))

    def _is_suspect(self, piece: bytes | bytearray) -> bool:
        """Whether it may hold a secret: to look for plain values costs a tenth of a pattern's."""
        lowered = piece.lower()
        if any(needle in lowered for needle in self._needles):
            return True
        plain = lowered.replace(b"\\/", b"/")
        for mark, escaped in _ESCAPED.items():
            if mark in plain:
                plain = escaped.sub(_unescaped, plain)
                if any(needle in plain for needle in self._needles):
                    return True
        plain = plain.replace(b'\\"', b'"').replace(b"\\\\", b"\\")
        return plain != lowered and any(needle in plain for needle in self._needles)

    @cached_property
    def _needles(self) -> list[bytes]:
        """What to look for, in lower case."""
        return [form.lower().encode() for secret in self._secrets for form in _forms(secret)]

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile("|".join(map(_any_form, self._secrets)), re.IGNORECASE)

    @cached_property
    def _body_pattern(self) -> re.Pattern[bytes]:
        patterns = [
            _any_form(secret) if len(secret) >= LONG else _WORD.format(_any_form(secret))
            for secret in self._secrets
        ]
        return re.compile("|".join(patterns).encode(), re.IGNORECASE)


@lru_cache(maxsize=1024)
def redactor(secrets: tuple[str, ...]) -> Redactor:
    """The redactor of an account's secrets: patterns are made once, not at each poll."""
    return Redactor(secrets)


def _forms(secret: str) -> set[str]:
    """A secret as an echo may write it from its first character to its last."""
    return {
        secret,
        quote(secret, safe=""),
        quote(secret),
        quote_plus(secret),
        quote(quote(secret, safe=""), safe=""),
        "".join(f"%{byte:02x}" for byte in secret.encode()),
        html.escape(secret),
        json.dumps(secret)[1:-1],
        secret.encode().hex(),
        *_in_base64(secret.encode()),
    }


def _in_base64(secret: bytes) -> Iterator[str]:
    """What stays the same of it in base64, whatever stands before and behind it."""
    for before in range(3):
        coded = base64.b64encode(b"\0" * before + secret).decode()
        whole = coded[-(-before * 8 // 6) : (before + len(secret)) * 8 // 6]
        if len(whole) >= LONG:
            yield whole
            yield whole.translate(_URLSAFE)


def _any_form(secret: str) -> str:
    """A pattern: each character plain or escaped, or all of it in another form."""
    mixed = "".join(
        # The plain one last: of an escaped percent sign or backslash it is the beginning.
        f"(?:{''.join(f'%{byte:02x}' for byte in char.encode())}|\\\\u{ord(char):04x}"
        + (f"|\\\\{re.escape(char)}" if char in '/"\\' else "")
        + f"|{re.escape(char)})"
        for char in secret
    )
    forms = sorted(_forms(secret) - {secret}, key=len, reverse=True)
    return "|".join([mixed, *map(re.escape, forms)])


def _unescaped(found: re.Match[bytes]) -> bytes:
    return bytes([int(found[1], 16)]).lower()


def _masked(found: re.Match[bytes]) -> bytes:
    """A number's mask is a string, where it stands as a number: what was JSON stays it."""
    if not found[0].isdigit():
        return MASK.encode()
    before = found.string[max(found.start() - 64, 0) : found.start()].rstrip()[-1:]
    behind = found.string[found.end() : found.end() + 64].lstrip()[:1]
    stands_alone = before in b":[," and behind in b",]}"
    return f'"{MASK}"'.encode() if stands_alone else MASK.encode()


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
