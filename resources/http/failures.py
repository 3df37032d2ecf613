"""How an answer says that something went wrong: in an envelope, or as a page.

Servers tell of failures with status 200, in several languages, and what stands in between (a
firewall, a proxy, a portal) answers in a vendor's name. Nothing here knows a vendor.
"""

import re
from collections.abc import Callable, Collection, Iterator
from functools import lru_cache
from itertools import islice

from resources.http.words import (
    Meaning,
    is_harmless,
    meaning_of,
    plain_text,
    tells_of_failure,
    tells_of_part,
    tells_of_trouble,
)
from resources.text.payload import Body, Json

_TRUE = {"true", "1", "yes"}
_FALSE = {"false", "0", "no", "nok", "ko", "n", "nao", "nie"}
_NO_ERROR = {"", "200", "false", "no", "none", "null", "ok", "no error", "sem erro", "success"}
_FAILED = {"error", "err", "erro", "fail", "failed", "failure", "falha", "ko", "nok", "exception"}
_ROLES = re.compile(
    r"""(response|string|str|number|no(?!err)|flag|de|text(?=.)
    |(?P<error>(has|is|any)?(err(ors?|os?)?|exceptions?|faults?|failures?|falhas?|failed
        |blad|bledy|bledu)(type|id)?)
    |(?P<message>(user|developer)?messages?|msg|mensagem|mensaje|komunikat|wiadomosc|reason
        |motivo|cause|details?|text|alert)
    |(?P<remark>description|descricao|descripcion|title|info|note|notice|hint|comment)
    |(?P<warning>warnings?|avisos?|advertencias?)
    |(?P<status>status|state|result|resultado|retorno|code|codigo|kod))+
    |(?P<success>(is|was)?(success|succeeded|successful|sucesso|sukces|ok))
    |(?P<elsewhere>loginrequired|redirect(url)?)""",
    re.VERBOSE,
)
"""What a name's value tells, where the name is made of nothing but such words: `errorMessage`,
`status_code`. Of `last_error` or `errors_url` nobody knows whether they speak of this answer.
"""
_ROLES_BY_WEIGHT = ("error", "elsewhere", "success", "message", "warning", "remark", "status")
_WANTED_WORDS = re.compile(
    r"((is|was|has|(api )?key|token|session) )?(valid|authenticated|authori[sz]ed|logged( in)?"
    r"|ready|complete|completed|done|finished|healthy|available|online|connected)"
)
"""Names that say so of what isn't well if they are false."""
_IS_COUNT = re.compile("(?i)failed|failures|falhas|faults")
"""Of calls, where it is no text."""
_NO_FAULT = re.compile(
    r"(no|sem|sin|brak|nenhum|without|0) (err\w*|bled\w*)|err\w* (none|ok|free)"
    r"|n|nao|nie|brak|-|n/a|success\w*|sukces|((request|operation) )?(ok|completed)"
)
"""Said under the name of an error, or of a state."""
_JOINTS = re.compile(r"(?<=[a-z])(?=[A-Z])|[_.-]+")
_IS_PLACE = re.compile(r"[a-z]+://|/|\d{4}-\d\d-\d\d")
"""An address, a path or a date."""
_LONG = 40
_NAMES_BLANKS = 2
"""A text of more blanks is a sentence, and no name such as "Lost & Found"."""
_UNFINISHED = {"processing", "pending", "queued", "in progress", "in_progress", "partial",
               "incomplete"}  # fmt: skip
_PARTIAL_NAMES = {"partial", "ispartial", "partialresults", "incompleteresults", "timedout",
                  "terminatedearly"}  # fmt: skip
_HEADS = {"meta", "response", "result", "status", "header"}
"""Parts of an envelope that may say what the envelope itself doesn't; those of its errors, too."""
_ECHOES = {"filter", "filters", "query", "params", "parameters", "request", "links", "_links"}
"""Parts that say what was asked for."""
_MOST_SHOWN = 4
_HEAD_BYTES = 16 * 1024
_TITLE = re.compile(rb"(?is)<(title|h1)\b[^>]*>(.*?)</\1")
_TAG = re.compile(r"<[^>]*>?")


def is_page(body: Body) -> bool:
    """Whether it is HTML or XML: a page for people, which no vendor's answer is."""
    return bytes(body[:_HEAD_BYTES]).removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<"


def page_title(body: Body) -> str:
    """What a page calls itself; '' if it doesn't."""
    found = _TITLE.search(bytes(body[:_HEAD_BYTES]))
    return _TAG.sub("", found[2].decode("utf-8", "replace")).strip() if found else ""


def failure_in(value: Json, but: Collection[str] = ()) -> str | None:
    """What of an envelope says that the request failed, with the message beside it; None where
    nothing does. `but`: names that the caller reads itself.
    """
    failures = [
        f"{name}: {_shown(item)}"
        for head in _heads(value, but)
        for name, item in head.items()
        if name.lower() not in but and (_is_failure(name, item) or _is_partial(name, item))
    ]
    if not failures:
        return None
    return ", ".join(list(dict.fromkeys([*failures, *messages_in(value)]))[:_MOST_SHOWN])


def doubts_in(value: Json, clean: Callable[[str], str] = str) -> list[str]:
    """What stands beside a list and, if that is empty, may be the reason: what is named or said in
    words of trouble. `clean` takes out of a text what it echoes.
    """
    heads = list(_heads(value, ()))
    says_none = any(
        meaning_of(clean(text)) is Meaning.NOTHING
        for head in heads
        for name, item in head.items()
        if _role(name) == "message"
        for text in _texts(item)
    )
    parts = [(head, True) for head in heads] + [(part, False) for part in _other_parts(heads[:1])]
    return list(
        dict.fromkeys(
            f"{name}: {_shown(text)}"
            for part, speaks in parts
            for name, item in part.items()
            if name.lower() not in _ECHOES
            if not (item is False and says_none)
            for text in (_texts(item) if isinstance(item, list) and _role(name) else [item])
            if _is_doubtful(name, clean(text) if isinstance(text, str) else text, speaks)
        )
    )


def messages_in(value: Json) -> list[str]:
    """The sentences of an envelope, such as `message: "Forbidden"`."""
    return [
        f"{name}: {_shown(text)}"
        for head in _heads(value, ())
        for name, item in head.items()
        if _role(name) in ("error", "elsewhere", "message", "remark")
        for text in _texts(item)
        if any(map(str.isalpha, text))
    ][:_MOST_SHOWN]


def outline(value: Json) -> str:
    """What JSON looks like, without what it says."""
    if not isinstance(value, dict):
        return _kind(value)
    names = [f"{name[:40]} ({_kind(item)})" for name, item in islice(value.items(), 8)]
    more = ", …" if len(value) > len(names) else ""
    return f"an object with {', '.join(names)}{more}" if names else "an empty object"


def _heads(value: Json, but: Collection[str]) -> Iterator[dict[str, Json]]:
    """The envelope, and its parts that may speak for it."""
    if not isinstance(value, dict):
        return
    yield value
    for name, item in value.items():
        speaks = name.lower() in _HEADS or _role(name) in ("error", "elsewhere")
        if speaks and name.lower() not in but:
            part = item[0] if isinstance(item, list) and item else item
            if isinstance(part, dict):
                yield part


def _other_parts(envelope: list[dict[str, Json]]) -> Iterator[dict[str, Json]]:
    """Whatever else holds values, but not what was asked for, nor the records."""
    for name, item in ((name, item) for head in envelope for name, item in head.items()):
        if isinstance(item, dict) and name.lower() not in _ECHOES:
            yield item
        elif isinstance(item, list) and _role(name) in ("message", "warning", "error"):
            yield from (part for part in item[:_MOST_SHOWN] if isinstance(part, dict))


@lru_cache(maxsize=256)
def _role(name: str) -> str | None:
    """What the value under a name tells; None where the name doesn't say."""
    found = _ROLES.fullmatch(re.sub("[^a-z]", "", name.lower())) if len(name) <= _LONG else None
    return next((role for role in _ROLES_BY_WEIGHT if found and found[role]), None)


def _texts(item: Json) -> list[str]:
    """A text, or the first ones of a list or an object: others may be records."""
    inner = item.values() if isinstance(item, dict) else item if isinstance(item, list) else [item]
    return [text for text in islice(inner, _MOST_SHOWN) if isinstance(text, str)]


def _is_failure(name: str, item: Json) -> bool:
    role = _role(name)
    if role in ("message", "remark"):
        return any(tells_of_failure(plain_text(text)) for text in _texts(item))
    if isinstance(item, dict | list) or item is None:
        return bool(item) and role in ("error", "elsewhere") and not _IS_COUNT.fullmatch(name)
    text = _words(item)
    match None if _is_no_fault(name, item) else role:
        case "success":
            return text in _FALSE
        case "error" | "elsewhere":
            is_none = text in _NO_ERROR or meaning_of(text) is Meaning.NOTHING
            return not is_none and bool(text.strip("0."))
        case "status":
            words = re.split(r"[\W_]+", text)
            is_failed = not _FAILED.isdisjoint(words) or tells_of_failure(" ".join(words))
            return bool(is_failed) or re.fullmatch("[45][0-9][0-9]", text) is not None
    return False


def _is_no_fault(name: str, item: Json) -> bool:
    """Whether a plain value under such a name says that there is none, or counts calls."""
    if _IS_COUNT.fullmatch(name) and not isinstance(item, bool | str):
        return True
    said = _NO_FAULT.fullmatch(_JOINTS.sub(" ", _words(item)))
    return said is not None and _role(name) in ("error", "status")


def _is_partial(name: str, item: Json) -> bool:
    """Whether it says that the answer isn't all, or not yet."""
    role = _role(name)
    if name == "_shards":  # Elasticsearch's
        return isinstance(item, dict) and bool(item.get("failed"))
    if re.sub("[^a-z]", "", name.lower()) in _PARTIAL_NAMES:
        return _words(item) in _TRUE
    if role == "status":
        return _words(item) in _UNFINISHED
    if role == "warning":
        return tells_of_part(plain_text(str(item)))
    if role not in ("message", "remark"):
        return False  # which may be the records: megabytes
    return any(tells_of_part(plain_text(text)) for text in _texts(item))


def _is_doubtful(name: str, item: Json, speaks: bool) -> bool:
    """Whether it may be why there are no records: by what its name tells, else by its words.
    `speaks`: whether the part that it stands in is one that tells of the answer.
    """
    role, named = _role(name), plain_text(_JOINTS.sub(" ", name))
    if isinstance(item, bool):
        is_wanted = _WANTED_WORDS.fullmatch(named) or (role in ("status", "success") and speaks)
        return not item if is_wanted else item and role is None and tells_of_trouble(named)
    if not isinstance(item, str) or not any(map(str.isalpha, item)) or _IS_PLACE.match(item):
        return False
    plain = plain_text(_JOINTS.sub(" ", item))
    match role:
        case "error" | "success":
            return _is_failure(name, item)
        case None:
            is_value = plain not in _NO_ERROR | _FALSE and not plain[0].isdigit()
            is_sentence = plain.count(" ") > _NAMES_BLANKS
            told = tells_of_trouble(plain) if is_sentence else tells_of_failure(plain)
            return told or (is_value and tells_of_trouble(named))
    return not is_harmless(plain)


def _words(item: Json) -> str:
    """What a plain value says; nothing if it holds others."""
    return "" if isinstance(item, dict | list) else plain_text(str(item))


def _shown(item: Json) -> str:
    if isinstance(item, str):
        return f'"{" ".join(item.split())}"'
    return _kind(item) if isinstance(item, dict | list | bool | None) else str(item)


def _kind(item: Json) -> str:
    match item:
        case None:
            return "null"
        case bool():
            return str(item).lower()
        case dict():
            return "object"
        case list():
            return f"a list of {len(item)}"
        case str():
            return "text"
    return "number"
