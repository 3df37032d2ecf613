"""How an answer says that something went wrong: in an envelope, in words, or as a page.

Servers tell of failures with status 200, in several languages, and what stands in between (a
firewall, a proxy, a portal) answers in a vendor's name. Nothing here knows a vendor.
"""

import re
import unicodedata
from collections.abc import Collection, Iterator
from enum import Enum
from itertools import islice

from resources.text.payload import Body, Json

_SUCCESS_NAMES = {"success", "succeeded", "successful", "sucesso", "ok"}
_TRUE = {"true", "1", "yes"}
_FALSE = {"false", "0", "no", "nok", "ko"}
_ERROR_NAMES = {
    "error", "errors", "erro", "erros", "err", "error_code", "errorcode", "exception", "fault",
    "faults", "failure", "falha", "login_required", "redirect", "redirect_url",
}  # fmt: skip
_NO_ERROR = {"", "200", "false", "no", "none", "null", "ok", "no error", "sem erro", "success"}
_STATUS_NAMES = {"status", "state", "result", "code", "status_code", "statuscode"}
_FAILED = {"error", "err", "erro", "fail", "failed", "failure", "falha", "ko", "nok", "exception"}
_MESSAGE_NAMES = {
    "message", "msg", "mensagem", "mensaje", "reason", "motivo", "detail", "description",
    "descricao", "error_description", "title", "messages", "info", "note", "notice",
}  # fmt: skip
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
    |\bbład\b|\bprzerwa\ techniczna\b|\bbrak\ (uprawnien|autoryzacji|dostepu)\b
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
_UNFINISHED = {"processing", "pending", "queued", "in progress", "in_progress", "partial",
               "incomplete"}  # fmt: skip
_PARTIAL_NAMES = {"partial", "ispartial", "partialresults", "incompleteresults", "timedout",
                  "terminatedearly"}  # fmt: skip
_WARNING_NAMES = {"warning", "warnings", "aviso", "avisos", "advertencia", "advertencias"}
_PARTIAL_WORDS = re.compile(
    r"\b(partial|parcial|parciais|parciales)\b|\b(truncat|incomplet)|\btimed out\b|shards? failed"
    r"|\blimited to\b.*\d|\bbeing (generated|prepared|processed)\b|^\W*processing\b\W*$"
    r"|\b(still processing|processando|procesando|em processamento|en proceso)\b"
)
"""What an answer says that isn't all, or isn't yet."""
_HEADS = {"meta", "response", "result", "status", "header", *_ERROR_NAMES}
"""Parts of an envelope that may say what the envelope itself doesn't."""
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
        too\ many|throttl|rate.?limit|slow\ down|simultan
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
        |\b(nao\ (foi|foram)\ encontrad\w+|nada\ encontrado|nothing\ found|no\ data)\W*$""",
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
    if _FAILURE_WORDS.search(plain) or re.search(_WRONG, plain, re.VERBOSE):
        return False
    said = {meaning for meaning, words in _PATTERNS if words.search(plain)}
    return bool(
        not said - {Meaning.INVALID}  # the name of a parameter is no fault of it
        or Meaning.NOTHING in said
        or _SUCCESS_WORDS.search(plain)
    )


def plain_text(text: str) -> str:
    """`text` in lower case, without accents and with single blanks."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(c for c in decomposed if not unicodedata.combining(c)).split())


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
        if name.lower() not in but
        and (_is_failure(name.lower(), item) or _is_partial(name.lower(), item))
    ]
    if not failures:
        return None
    return ", ".join(list(dict.fromkeys([*failures, *messages_in(value)]))[:_MOST_SHOWN])


def messages_in(value: Json) -> list[str]:
    """The sentences of an envelope, such as `message: "Forbidden"`."""
    return [
        f"{name}: {_shown(text)}"
        for head in _heads(value, ())
        for name, item in head.items()
        if name.lower() in _MESSAGE_NAMES | _ERROR_NAMES
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
        if name.lower() in _HEADS and name.lower() not in but:
            part = item[0] if isinstance(item, list) and item else item
            if isinstance(part, dict):
                yield part


def _texts(item: Json) -> list[str]:
    """A text, or the first ones of a list or an object: others may be records."""
    inner = item.values() if isinstance(item, dict) else item if isinstance(item, list) else [item]
    return [text for text in islice(inner, _MOST_SHOWN) if isinstance(text, str)]


def _is_failure(name: str, item: Json) -> bool:
    if name in _MESSAGE_NAMES:
        return any(_FAILURE_WORDS.search(plain_text(text)) for text in _texts(item))
    if isinstance(item, dict | list) or item is None:
        return bool(item) and name in _ERROR_NAMES
    text = str(item).strip().lower()
    if name in _SUCCESS_NAMES:
        return text in _FALSE
    if name in _ERROR_NAMES:
        return text not in _NO_ERROR and bool(text.strip("0."))
    if name in _STATUS_NAMES:
        return text in _FAILED or re.fullmatch("[45][0-9][0-9]", text) is not None
    return False


def _is_partial(name: str, item: Json) -> bool:
    """Whether it says that the answer isn't all, or not yet."""
    if name == "_shards":  # Elasticsearch's
        return isinstance(item, dict) and bool(item.get("failed"))
    if re.sub("[^a-z]", "", name) in _PARTIAL_NAMES:
        return _words(item) in _TRUE
    if name in _STATUS_NAMES:
        return _words(item) in _UNFINISHED
    if name in _WARNING_NAMES:
        return _PARTIAL_WORDS.search(plain_text(str(item))) is not None
    if name not in _MESSAGE_NAMES:
        return False  # which may be the records: megabytes
    return any(_PARTIAL_WORDS.search(plain_text(text)) for text in _texts(item))


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
