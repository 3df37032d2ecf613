"""How an answer says that something went wrong: in an envelope, in words, or as a page.

Servers tell of failures with status 200, in several languages, and what stands in between (a
firewall, a proxy, a portal) answers in a vendor's name. Nothing here knows a vendor.
"""

import re
import unicodedata
from collections.abc import Callable, Collection, Iterator
from enum import Enum
from functools import lru_cache
from itertools import islice

from resources.text.payload import Body, Json

_TRUE = {"true", "1", "yes"}
_FALSE = {"false", "0", "no", "nok", "ko", "n", "nao", "nie"}
_NO_ERROR = {"", "200", "false", "no", "none", "null", "ok", "no error", "sem erro", "success"}
_FAILED = {"error", "err", "erro", "fail", "failed", "failure", "falha", "ko", "nok", "exception"}
_SUCCESS_NAME = re.compile("(is|was)?(success|succeeded|successful|sucesso|sukces|ok)")
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
_KEY = r"""(tokens?|chave|clave|(api.?)?key|credenci\w+|credentials?|session|sessao|sesion|sesja
    |password|senha|contrasena|login|account|conta|cuenta|licen\w+)"""
_GONE = r"""(expired|expirou|expiro|expirad[oa]s?|vencid[oa]|vencio|caducad[oa]|caduco|wygas\w*
    |revoked|revo[gc]ad[oa]|blocked|bloquead[oa]|suspen\w+|disabled|desativad[oa]|invalid\w*
    |incorret[oa]|incorrect[oa]?|missing|required|unknown
    |(not|nao|no|nie)\ ((foi|fue|was|esta|es|e)\ )?
        (found|encontrad\w+|exist\w*|valid\w*|informad\w+|provided|known))"""
_SYSTEM = r"(service|servico|servicio|system|sistema|server|servidor|api|database|temporar\w+)"
_FAILURE_WORDS = re.compile(
    rf"""(?<!no\ )(?<!sem\ )\b(error|erro|failed|falhou|failure|falha|exception|forbidden|denied)\b
    |\bun(authori[sz]|authenticat)ed\b|\b(acesso|acceso)\ (negado|denegado)\b
    |\b(not|nao|no)\ (\w+\ )?(authori[sz]|authenticat|autenticad|autorizad|logged)
    |\b{_KEY}\ ((has|is|was|foi|esta|ha)\ )?(been\ )?{_GONE}|\b{_GONE}\ {_KEY}\b
    |\bplease\ (log|sign)\ ?in\b|\bfaca\ (o\ )?login\b|\binicie\ sesion\b
    |\b(time[ -]?out|timed\ out)\b
    |\b(tempo|tiempo)\b.*\b(esgotado|agotado|excedido)\b
    |\b(em|en|in|under|undergoing)\ (\w+\ )?(manutencao|mantenimiento|maintenance)\b
    |\b{_SYSTEM}\ (\w+\ )?(unavailable|indisponivel|(no|not)\ (disponible|available))\b
    |\btoo\ many\ requests\b
    |\b(limite?|quota|cota|cuota)\ (was\ |foi\ )?(exceed\w+|excedid[oa]|reached|atingid[oa])\b
    |\bblad\b|\bprzerwa\ techniczna\b|\bbrak\ (uprawnien|autoryzacji|dostepu)\b
    """,
    re.VERBOSE,
)
"""What no answer says of itself that is all, be it empty or not. What may become so (a token that
expires soon, maintenance on Sunday) isn't meant.
"""
_SUCCESS_WORDS = re.compile(
    rf"""(?<!not\ )(?<!nao\ )(?<!no\ )(?<!without\ )(?<!sem\ )(?<!sin\ )
    \b(ok|success\w*|sucesso|exito\w*|authenticated|authori[sz]ed|autenticad[ao]|autorizad[ao])\b
    |\b{_KEY}\ ((is|e|es)\ )?valid[ao]?\b
    """,
    re.VERBOSE,
)
_TROUBLE_WORDS = re.compile(
    r"""\b(unable|cannot|impossible|impossivel|imposible|wrong|problem\w*|lost|gone|offline|busy
        |overload\w*|unavailable|unreachable|retry|indisponive\w+|stale|missing|refused|rejected|abort\w*|cancel\w*
        |expired|revoked|blocked|suspended|inactive|throttled|mismatch|exhausted|deadlock|degraded
        |maintenance|manutencao|mantenimiento|inativ[oa]|inactiv[oa]|encerrad[oa]|esgotad[oa]
        |vencid[oa]|caducad[oa]|sqlstate)\b
    |\b(can|could|did|was|is|are|has|does)\ ?n[o']t\b
    |\bnot\ (allowed|enabled|permitted|ready|active)\b
    |\bno\ disponibles?\b|\btoo\ (long|slow|late)\b
    |\b(nao|no)\ ((foi|e|fue|es|esta)\ )?(possivel|posible|permitid\w+)\b|\bno\ se\ pudo\b
    |\b(sem|sin|brak|no)\ (conexao|conexion|polaczenia|connection)\b|\bfora\ do\ ar\b
    |\bfuera\ de\ servicio\b|\b(limite?|quota|cota|cuota)\ (\w+\ )?(exce|reach|ating)\w+
    |\bnie(prawidl|autoryz|wazn|aktywn|dostep|powodz)\w*|\bnie\ (udalo|mozna|powiodl)\w*
    |\b(wygas|przekrocz|zabron|zablok|odmow|uplyn|awari)\w*|\bzbyt\ wiele\b
    |\bprace\ (serwis|konserw)\w+|\bsprobuj\b""",
    re.VERBOSE,
)
"""What an empty answer may have for its reason, and no answer with records fails for."""
_DONE_WORDS = re.compile(
    r"""^(not\ found|nao\ encontrad\w+|no\ encontrad\w+)$
    |(?<!not\ )(?<!nao\ )(?<!no\ )(?<!nie\ )\b(complet\w+|done|finished|executed|processed
        |found|empty|active|ready|true|none|no\ (data|content)|concluid\w+|realizad\w+|finalizad\w+
        |listo|encontrad\w+|vazi[oa]|vaci[oa]|ativ[oa]|activ[oa]|pomyslnie|gotowe|zakonczon\w+
        |poprawn\w+|pust[aey]|efetuad\w+|wykonan\w+)\b
    |\b(records?|recordings?|results?|rows?|entries|calls?|dialogs?|data|items?|pages?|dates|limit
        |offset|registros?|gravac\w+|grabacion\w*|resultados?|dados|datos|chamadas?|llamadas?
        |ligac\w+|pagina\w*|fechas|rekord\w*|wynik\w*|polacze\w*|rozmow\w*|stron\w*)\b""",
    re.VERBOSE,
)
"""What a server says of a list that is empty because there is nothing."""
_WANTED_WORDS = re.compile(
    r"\b(valid|authenticated|authori[sz]ed|logged|ready|complete|completed|done|finished|healthy"
    r"|available|online|connected)\b"
)
"""Names that say so of what isn't well if they are false."""
_JOINTS = re.compile(r"(?<=[a-z])(?=[A-Z])|[_.-]+")
_IS_PLACE = re.compile(r"[a-z]+://|/|\d{4}-\d\d-\d\d")
"""An address, a path or a date."""
_LONG = 40
_UNFINISHED = {"processing", "pending", "queued", "in progress", "in_progress", "partial",
               "incomplete"}  # fmt: skip
_PARTIAL_NAMES = {"partial", "ispartial", "partialresults", "incompleteresults", "timedout",
                  "terminatedearly"}  # fmt: skip
_PARTIAL_WORDS = re.compile(
    r"\b(partial|parcial|parciais|parciales)\b|\b(truncat|incomplet)|\btimed out\b|shards? failed"
    r"|\blimited to\b.*\d|\bbeing (generated|prepared|processed)\b|^\W*processing\b\W*$"
    r"|\b(still processing|processando|procesando|em processamento|en proceso)\b"
)
"""What an answer says that isn't all, or isn't yet."""
_HEADS = {"meta", "response", "result", "status", "header"}
"""Parts of an envelope that may say what the envelope itself doesn't; those of its errors, too."""
_ECHOES = {"filter", "filters", "query", "params", "parameters", "request", "links", "_links"}
"""Parts that say what was asked for."""
_MOST_SHOWN = 4
_HEAD_BYTES = 16 * 1024
_TITLE = re.compile(rb"(?is)<(title|h1)\b[^>]*>(.*?)</\1")
_TAG = re.compile(r"<[^>]*>?")


class Meaning(Enum):
    """What a vendor's message means for what is done next."""

    PAUSE = "too much was asked: wait"
    REFUSAL = "the credentials are refused"
    INVALID = "the request is wrong"
    NOTHING = "there are no records"
    PASSING = "try again soon"
    UNKNOWN = "nobody knows"


_REQUESTS = "(requisicoes|solicitacoes|consultas|acessos|peticiones|solicitudes|requests)"
_RECORDS = r"""(registros?|gravac\w+|grabacion\w*|resultados?|dados|datos|chamadas?|llamadas?
    |ligac\w+|audios?|arquivos?|records?|recordings?|results?|rows?|entries|calls?)"""
_WRONG = r"inval|incorret|incorrect|malform|obrigat|obligat|required|suficient|bad\ request"
_MEANINGS = {
    Meaning.PAUSE: rf"""
        too\ many(?!\ (records|results|rows|entries)\b)|throttl|rate.?limit|slow\ down|simultan
        |\b{_REQUESTS}\b.*(demais|excess|exced|exceed|\b(por|per)\ [smhd])
        |\b(excess\w*|muit[ao]s|demasiad[ao]s|limite?|maxim[ao]|exced\w*)(\ \w+){{0,3}}
            \ {_REQUESTS}\b
        |\b(quota|cota|cuota)\b.*(exced|exceed|atingid|reached|esgotad|agotad)""",
    Meaning.REFUSAL: r"""
        (?<!unexpected\ )\btokens?\b|\b(chave|clave|key)s?\b|\bapi.?key|credenci|credential
        |autentic|authentic|autoriz|authori[sz]|permiss|\bpermiso
        |\b(acesso|acceso|access)\ (negado|denegado|denied)
        |\blogin\b|\bsenha|password|contrasen|bloquead|suspens""",
    Meaning.INVALID: rf"{_WRONG}|parametr",
    Meaning.PASSING: r"""
        \bintern(o|a|al)\b|temporar|indispon|unavailable|time.?out|manuten|mantenim|maintenance""",
    Meaning.NOTHING: rf"""
        \b(nenhuma?|ningun|ninguna|sem|sin|zero|0)\ {_RECORDS}\b
        |\bnao\ (foi|foram|ha|existem?|houve)(\ \w+d[ao]s?)?\ {_RECORDS}\b
        |\bno\ (se\ )?(encontr\w+|hay|existen?|hubo)(\ \w+)?\ {_RECORDS}\b
        |\bno\ (matching\ )?(records|recordings|results|rows|entries|calls)\b
        |\bno\ (record|recording|result|data)\ (was\ |were\ )?(found|available)
        |\b{_RECORDS}\ ((foi|foram|were|was)\ )?(nao|no|not)\ ((foi|foram|fueron|se)\ )?
            (encontr|localiz|found|exist)
        |\b(nao\ (foi|foram)\ encontrad\w+|nada\ encontrado|nie\ znaleziono
            |nothing\ found|no\ data)\W*$""",
}
"""In this order: a text about a token is about the token whatever else it says, and one about an
invalid request, or about a fault of the server's, isn't about an empty day.
"""
_HINTS = {
    Meaning.PAUSE: r"aguarde|please\ wait|espere",
    Meaning.PASSING: r"novamente|try\ again|intente",
}
"""What counts only in texts that say nothing else."""
_PATTERNS = [
    (meaning, re.compile(pattern, re.VERBOSE))
    for words in (_MEANINGS, _HINTS)
    for meaning, pattern in words.items()
]


def meaning_of(text: str) -> Meaning:
    """What the words of a vendor's message mean, in Portuguese, Spanish or English."""
    plain = plain_text(text)
    return next((m for m, words in _PATTERNS if words.search(plain)), Meaning.UNKNOWN)


def is_harmless(text: str) -> bool:
    """Whether an answer without records may say so of itself: that there are none, that all went
    well, or what nobody knows the meaning of.
    """
    plain = plain_text(text)
    if _is_trouble(plain) or re.search(_WRONG, plain, re.VERBOSE):
        return False
    said = {meaning for meaning, words in _PATTERNS if words.search(plain)}
    return bool(
        not said - {Meaning.INVALID}  # the name of a parameter is no fault of it
        or Meaning.NOTHING in said
        or _SUCCESS_WORDS.search(plain)
    )


def is_well(text: str) -> bool:
    """Whether its words say that there are no records or that all went well, or speak of lists: not
    what nobody knows the meaning of.
    """
    plain = plain_text(text)
    if not any(map(str.isalpha, plain)):
        return True
    is_known = any(words.search(plain) for words in (_SUCCESS_WORDS, _DONE_WORDS))
    return is_harmless(text) and (is_known or meaning_of(text) is Meaning.NOTHING)


def plain_text(text: str) -> str:
    """`text` in lower case, without accents and with single blanks."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(c for c in decomposed if not unicodedata.combining(c))
    return " ".join(plain.replace("ł", "l").split())


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
    """What stands beside a list and, if that is empty, may be the reason: sentences and states that
    aren't known to be of success, and what is named or said in words of trouble. `clean` takes out
    of a text what it echoes.
    """
    heads = list(_heads(value, ()))
    parts = [(head, True) for head in heads] + [(part, False) for part in _other_parts(heads[:1])]
    return list(
        dict.fromkeys(
            f"{name}: {_shown(text)}"
            for part, speaks in parts
            for name, item in part.items()
            if name.lower() not in _ECHOES
            for text in (_texts(item) if isinstance(item, list) else [item])
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
        return any(_FAILURE_WORDS.search(plain_text(text)) for text in _texts(item))
    if isinstance(item, dict | list) or item is None:
        return bool(item) and role in ("error", "elsewhere")
    text = _words(item)
    match role:
        case "success":
            return text in _FALSE
        case "error" | "elsewhere":
            is_none = text in _NO_ERROR or meaning_of(text) is Meaning.NOTHING
            return not is_none and bool(text.strip("0."))
        case "status":
            words = re.split(r"[\W_]+", text)
            is_failed = not _FAILED.isdisjoint(words) or _FAILURE_WORDS.search(" ".join(words))
            return bool(is_failed) or re.fullmatch("[45][0-9][0-9]", text) is not None
    return False


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
        return _PARTIAL_WORDS.search(plain_text(str(item))) is not None
    if role not in ("message", "remark"):
        return False  # which may be the records: megabytes
    return any(_PARTIAL_WORDS.search(plain_text(text)) for text in _texts(item))


def _is_doubtful(name: str, item: Json, speaks: bool) -> bool:
    """Whether it may be why there are no records: by what its name tells, else by its words.
    `speaks`: whether the part that it stands in is one that tells of the answer.
    """
    role, named = _role(name), plain_text(_JOINTS.sub(" ", name))
    if isinstance(item, bool):
        is_wanted = _WANTED_WORDS.search(named) or (role in ("status", "success") and speaks)
        return not item if is_wanted else item and role is None and _is_trouble(named)
    if not isinstance(item, str) or not any(map(str.isalpha, item)) or _IS_PLACE.match(item):
        return False
    plain = plain_text(_JOINTS.sub(" ", item))
    match role:
        case "message" | "status" if speaks:
            return not is_well(plain)
        case "error" | "success":
            return _is_failure(name, item)
        case None:
            is_named = _is_trouble(named) and plain not in _NO_ERROR | _FALSE
            return is_named or _is_trouble(plain)
    return not is_harmless(plain)


def _is_trouble(plain: str) -> bool:
    return bool(_FAILURE_WORDS.search(plain) or _TROUBLE_WORDS.search(plain))


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
