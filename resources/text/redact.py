"""Secrets out of everything that is written down: by value first, then by name.

numpy is imported where there is something to look for: commands that only read begin sooner.
"""

import base64
import html
import json
import re
import sys
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property, lru_cache
from typing import Any
from urllib.parse import quote, quote_plus

from resources.text import escapes
from resources.text.escapes import Bytes

MASK = "***"
LONG = 8
"""A secret of so many characters is no word by chance."""
_PIECE = 1024 * 1024
_WORD = r'(?<![\w-])(?:{})(?![\w-])(?!"\s*:)'
AROUND = 64
"""Bytes around a suspect in which a secret may begin and end."""
LONGEST_ESCAPE = 40
"""Bytes that one character of a secret may take."""
_URLSAFE = str.maketrans("+/", "-_")
_SECRET_NAME = re.compile(
    r"(?i)(auth|token|secret|passw|senha|credential|cookie|api[-_]?key|^key$|signature|bearer)"
)
_USERINFO = re.compile(r"(?i)\b([a-z][a-z0-9+.-]*://)[^/\s@]+(?=@)")
_SECRET_QUERY = re.compile(
    r"(?i)([?&;](?:[^=&;\s]*(?:auth|token|secret|passw|senha|key|signature)[^=&;\s]*)=)[^&;\s#\"']+"
)

_MARK = re.compile("[?&;@]")
"""Where none of these is, there is neither a URL's query nor its user."""
_REQUEST_PARTS = {"auth", "body", "cookies", "data", "headers", "json", "params"}
_QUERY_VALUE = re.compile(r"([?&][^=&#\s]+=)[^&#\s\"']+")


class Redactor:
    """Removes the given secret values: as they are, in any case, and as an echo may write them:
    escaped for a URL, for JSON or for HTML, also several times, in base64 or in hex.

    A body is redacted once, as it came, before anybody parses it; texts again where they are
    written. Cheap to make, and to use where no secret is.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        # The longest first: a secret may contain another.
        self._secrets = sorted({secret for secret in secrets if secret}, key=len, reverse=True)

    def text(self, text: str) -> str:
        """`text` without any secret value, any user:password@ and any secret-looking parameter."""
        if self._secrets:
            told = text.encode("utf-8", "surrogatepass")
            if spans := self._spans(told, self._pattern, are_words=False):
                masked = _replaced(told, spans, lambda *_: MASK.encode())
                text = masked.decode("utf-8", "surrogatepass")
        return _without_parameters(text)

    def texts(self, texts: Iterable[str]) -> list[str]:
        """`text` of each: of all together first, as nearly always none has anything to remove."""
        texts = list(texts)
        together = "\n".join(texts)
        return texts if self.text(together) == together else [self.text(text) for text in texts]

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
        if spans := self._spans(body, self._body_pattern, are_words=True):
            return _replaced(body, spans, _mask)
        return body

    def _spans(
        self, body: bytes | bytearray, pattern: re.Pattern[bytes], are_words: bool
    ) -> list[tuple[int, int]]:
        """Where secrets stand, in order. Only around what may be one is the pattern tried, which
        says exactly where it begins and ends. `are_words`: of a short one nothing else will do.
        """
        ahead = LONGEST_ESCAPE * max(map(len, self._secrets))
        suspects: set[tuple[int, int, bool]] = set()
        for at in range(0, len(body), _PIECE):
            piece = body[at : at + _PIECE + ahead]
            if not self._is_clean(piece):
                found_here = self._suspects(bytes(piece))
                suspects |= {(at + s, at + e, is_long) for s, e, is_long in found_here}
        found = sorted(suspects)
        # What is undone of a backslash depends on what stands behind it: everything is tried.
        with_backslash = any("\\" in secret for secret in self._secrets)
        spans: list[tuple[int, int]] = []
        for first, last, near in [(0, len(body), found)] if with_backslash else _neighbours(found):
            begin = max(first - AROUND, 0)
            window = bytes(body[begin : last + AROUND])
            exact = [(begin + m.start(), begin + m.end()) for m in pattern.finditer(window)]
            spans += exact
            spans += [
                (s, e)
                for s, e, is_long in near
                if (is_long or not are_words) and not _is_within(s, e, exact)
            ]
        return _merged(spans)

    def _is_clean(self, piece: Bytes) -> bool:
        """Whether surely no secret is in it: nothing of what is looked for is, even where case and
        separators don't count. Nearly always so, and cheaper than to look for where.
        """
        layer: Bytes | None = piece
        for _ in range(escapes.ROUNDS + 1):
            if layer is None:
                return False
            bare = escapes.bare(layer)
            if any(needle in bare for needle in self._bare_needles):
                return False
            if not escapes.are_in(layer):
                return True
            layer = escapes.undone(layer)
        return False

    def _suspects(self, piece: bytes) -> Iterator[tuple[int, int, bool]]:
        """What may be a secret, in whatever way it is escaped; and whether it is a long one."""
        from resources.text.unescaped import squeezed, views

        for view in (layers := list(views(piece))):
            for needle, is_long in self._needles.items():
                yield from ((*place, is_long) for place in view.places(needle))
        if bare := squeezed(layers[-1], self._codes):
            for needle in self._codes:
                yield from ((*place, True) for place in bare.places(needle))

    @cached_property
    def _codes(self) -> set[bytes]:
        """Long secrets in hex and base64, which may be wrapped or spaced."""
        return {
            code.lower().encode()
            for secret in self._secrets
            if len(secret) >= LONG
            for code in (secret.encode().hex(), *_in_base64(secret.encode()))
        }

    @cached_property
    def _bare_needles(self) -> set[bytes]:
        return {bytes(escapes.bare(code)) for code in (*self._needles, *self._codes)}

    @cached_property
    def _needles(self) -> dict[bytes, bool]:
        """What to look for, in lower case, and whether it is of a long secret."""
        needles: dict[bytes, bool] = {}
        for secret in self._secrets[::-1]:
            plain = {spelt.encode().lower() for spelt in (secret, secret.lower(), secret.upper())}
            plain.add(secret.encode("latin-1", "ignore").lower())  # as \u00e9 is undone
            for form in _forms(secret) - {_percent_encoded(secret)}:
                undone = _layers(form.encode())
                if plain.isdisjoint(undone[1:]):  # else it is found once that is undone
                    plain.add(undone[0])
            plain |= {_layers(spelt)[-1] for spelt in plain}
            needles |= dict.fromkeys(filter(None, plain), len(secret) >= LONG)
        return needles

    @cached_property
    def _pattern(self) -> re.Pattern[bytes]:
        return re.compile("|".join(map(_any_form, self._secrets)).encode(), re.IGNORECASE)

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
        _percent_encoded(secret),
        html.escape(secret),
        json.dumps(secret)[1:-1],
        secret.encode().hex(),
        *_in_base64(secret.encode()),
    }


def _percent_encoded(text: str) -> str:
    return "".join(f"%{byte:02x}" for byte in text.encode())


def _layers(text: bytes) -> list[bytes]:
    """What it says in lower case: as it is, then with a layer of escapes undone after the other."""
    if not escapes.are_in(text):
        return [text.lower()]
    from resources.text.unescaped import views

    return [view.text for view in views(text)]


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
        f"(?:{_percent_encoded(char)}|\\\\u{ord(char):04x}"
        + (f"|\\\\{re.escape(char)}" if char in '/"\\' else "")
        + f"|{re.escape(char)})"
        for char in secret
    )
    forms = sorted(_forms(secret) - {secret}, key=len, reverse=True)
    return "|".join([mixed, *map(re.escape, forms)])


def _neighbours(
    suspects: list[tuple[int, int, bool]],
) -> Iterator[tuple[int, int, list[tuple[int, int, bool]]]]:
    """Those that are near each other, together: from where to where, and which."""
    near: list[tuple[int, int, bool]] = []
    last = 0
    for suspect in suspects:
        if near and suspect[0] > last + 2 * AROUND:
            yield near[0][0], last, near
            near = []
        last = max(last, suspect[1]) if near else suspect[1]
        near.append(suspect)
    if near:
        yield near[0][0], last, near


def _is_within(start: int, end: int, spans: list[tuple[int, int]]) -> bool:
    at = bisect_right(spans, (start, sys.maxsize)) - 1
    return at >= 0 and spans[at][1] >= end


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _replaced(
    body: bytes | bytearray,
    spans: Iterable[tuple[int, int]],
    mask: Callable[[bytes | bytearray, int, int], bytes],
) -> bytes:
    parts: list[bytes | bytearray] = []
    at = 0
    for start, end in spans:
        parts += (body[at:start], mask(body, start, end))
        at = end
    return b"".join([*parts, body[at:]])


def _mask(body: bytes | bytearray, start: int, end: int) -> bytes:
    """A number's mask is a string, where it stands as a number: what was JSON stays it."""
    if not body[start:end].isdigit():
        return MASK.encode()
    before = body[max(start - 64, 0) : start].rstrip()[-1:]
    behind = body[end : end + 64].lstrip()[:1]
    stands_alone = before in b":[," and behind in b",]}"
    return f'"{MASK}"'.encode() if stands_alone else MASK.encode()


def _without_parameters(text: str) -> str:
    """`text` without any user:password@ and any secret-looking parameter of a URL."""
    if not _MARK.search(text):
        return text
    return _SECRET_QUERY.sub(_masked, _USERINFO.sub(_masked, text))


def _masked(found: re.Match[str]) -> str:
    """What stands before the secret, and the mask: as a template it takes twice the time."""
    return f"{found[1]}{MASK}"


def mask_named(value: Any) -> Any:
    """`value` (JSON) with whatever stands under a secret-looking name masked, however deep.

    For payloads that quote other systems' requests (Evolux's `task_raw_params`), whose
    secrets we can't know by value.
    """
    if isinstance(value, dict):
        return {
            name: MASK if _is_secret(name, item) else mask_named(item)
            for name, item in value.items()
        }
    if isinstance(value, list):
        return [mask_named(item) for item in value]
    return _without_parameters(value) if isinstance(value, str) else value


def mask_requests(value: Any) -> Any:
    """`value` (JSON) without what it quotes of requests to other systems.

    Their secrets are under names and in places that nobody can list: of a request's parts and of
    a URL's query only the names stay; what is called a secret elsewhere is masked too.
    """
    if isinstance(value, str):
        return mask_named(_QUERY_VALUE.sub(_masked, value)) if _MARK.search(value) else value
    if isinstance(value, dict):
        return {
            name: MASK
            if _is_secret(name, item)
            else mask_named(_hidden(item))
            if _is_request_part(name)
            else mask_requests(item)
            for name, item in value.items()
        }
    return [mask_requests(item) for item in value] if isinstance(value, list) else value


def _is_secret(name: str, item: Any) -> bool:
    return _is_secret_name(name) and item not in (None, "", {}, [])


@lru_cache(maxsize=4096)
def _is_secret_name(name: str) -> bool:
    """Records have the same names again and again."""
    return _SECRET_NAME.search(name) is not None


@lru_cache(maxsize=4096)
def _is_request_part(name: str) -> bool:
    return name.lower() in _REQUEST_PARTS


def _hidden(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _hidden(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_hidden(item) for item in value]
    return value if value in (None, "") or isinstance(value, bool) else MASK
