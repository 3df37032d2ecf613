"""What the words of a vendor's message mean, in Portuguese, Spanish, English and Polish.

They are looked for in `plain_text`. Nothing here knows a vendor, nor where a message stands.
"""

import re
import unicodedata
from enum import Enum

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
    r"""\b(unable|cannot|impossible|impossivel|imposible|wrong|problem\w*|lost|gone|offline
        |overload\w*|unavailable|unreachable|retry|indisponive\w+|stale|missing|refused|rejected|abort\w*|cancel\w*
        |expired|revoked|blocked|suspended|inactive|throttled|mismatch|exhausted|deadlock|degraded
        |maintenance|manutencao|mantenimiento|inativ[oa]|inactiv[oa]|encerrad[oa]|esgotad[oa]
        |vencid[oa]|caducad[oa]|sqlstate)\b
    |\b(can|could|did|was|is|are|has|does)\ ?n[o']t\b
    |\bnot\ (allowed|enabled|permitted|ready|active)\b
    |\b(server|system|service|servidor|sistema)\ (is\ )?busy\b|\bno\ disponibles?\b
    |\btoo\ (long|slow|late)\b
    |\b(nao|no)\ ((foi|e|fue|es|esta)\ )?(possivel|posible|permitid\w+)\b|\bno\ se\ pudo\b
    |\b(sem|sin|brak|no)\ (conexao|conexion|polaczenia|connection)\b|\bfora\ do\ ar\b
    |\bfuera\ de\ servicio\b|\b(limite?|quota|cota|cuota)\ (\w+\ )?(exce|reach|ating)\w+
    |\bnie(prawidl|autoryz|wazn|aktywn|dostep|powodz)\w*|\bnie\ (udalo|mozna|powiodl)\w*
    |\b(wygas|przekrocz|zabron|zablok|odmow|uplyn|awari)\w*|\bzbyt\ wiele\b
    |\bprace\ (serwis|konserw)\w+|\bsprobuj\b""",
    re.VERBOSE,
)
"""What an empty answer may have for its reason, and no answer with records fails for."""
_PARTIAL_WORDS = re.compile(
    r"\b(partial|parcial|parciais|parciales)\b|\b(truncat|incomplet)|\btimed out\b|shards? failed"
    r"|\blimited to\b.*\d|\bbeing (generated|prepared|processed)\b|^\W*processing\b\W*$"
    r"|\b(still processing|processando|procesando|em processamento|en proceso)\b"
)


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
    """What the words of a vendor's message mean for what is done next."""
    plain = plain_text(text)
    return next((m for m, words in _PATTERNS if words.search(plain)), Meaning.UNKNOWN)


def is_harmless(text: str) -> bool:
    """Whether an answer without records may say so of itself: that there are none, that all went
    well, or what nobody knows the meaning of.
    """
    plain = plain_text(text)
    if tells_of_trouble(plain) or re.search(_WRONG, plain, re.VERBOSE):
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
    plain = "".join(c for c in decomposed if not unicodedata.combining(c))
    return " ".join(plain.replace("ł", "l").split())


def tells_of_failure(plain: str) -> bool:
    """Whether it says what no answer says of itself that is all, be it empty or not."""
    return _FAILURE_WORDS.search(plain) is not None


def tells_of_trouble(plain: str) -> bool:
    """Whether it says that, or what an empty answer may have for its reason."""
    return tells_of_failure(plain) or _TROUBLE_WORDS.search(plain) is not None


def tells_of_part(plain: str) -> bool:
    """Whether it says that an answer isn't all, or isn't yet."""
    return _PARTIAL_WORDS.search(plain) is not None
