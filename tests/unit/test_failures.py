"""What a message means, and what of an envelope tells of a failure."""

import pytest

from resources.http.failures import doubts_in, failure_in, outline, page_title
from resources.http.words import Meaning, is_harmless, meaning_of

TEXTS = {
    Meaning.NOTHING: [
        "Nenhum registro encontrado",
        "NENHUMA GRAVAÇÃO",
        "Nenhuma gravação encontrada para o período",
        "Não foram encontrados",
        "Não foram encontradas gravações no período.",
        "sem registros",
        "Não há gravações",
        "Gravação não encontrada",
        "0 registros encontrados",
        "Nenhum registro encontrado, tente novamente com outro período",
        "No records found",
        "no data",
        "Recordings were not found",
        "No se encontraron registros",
    ],
    Meaning.REFUSAL: [
        "Requisição inválida: token não encontrado",
        "Nenhum token encontrado",
        "Token ou chave inválida",
        "Acesso negado",
        "Não autorizado: tente novamente",
        "PLEASE VALIDATE TOKEN",
        "Invalid API key",
    ],
    Meaning.PAUSE: [
        "requisições demais",
        "Excesso de requisições",
        "Limite de requisições por minuto excedido para este token",
        "Muitas requisições, aguarde",
        "Too Many Requests",
        "EXCEEDS THE LIMIT OF SIMULTANEOUS REQUESTS PER TOKEN (2)",
        "Por favor, aguarde",
    ],
    Meaning.INVALID: [
        "Requisição inválida: data",
        "Requisição inválida: data não encontrada",
        "Parâmetro date_ini obrigatório: nenhum registro",
    ],
    Meaning.PASSING: [
        "Erro interno: tente novamente",
        "Sistema em manutenção: nenhum registro encontrado",
        "Serviço temporariamente indisponível",
    ],
    Meaning.UNKNOWN: [
        "",
        "OK",
        "Não encontrado",
        "Assinante não encontrado",
        "Não foi possível listar gravações",
        "10 registros encontrados",
        "Too many records",
        "Unexpected token < in JSON",
    ],
}


@pytest.mark.parametrize(
    ("meaning", "text"), [(meaning, text) for meaning, texts in TEXTS.items() for text in texts]
)
def test_a_message_means_what_its_gravest_words_say(meaning: Meaning, text: str) -> None:
    assert meaning_of(text) is meaning
    assert meaning_of(f"  {text.upper()} ") is meaning


@pytest.mark.parametrize(
    ("envelope", "told"),
    [
        ({"success": False, "data": []}, "success: false"),
        ({"Success": "FALSE", "message": "who?"}, 'Success: "FALSE", message: "who?"'),
        ({"error": "internal", "data": []}, 'error: "internal"'),
        ({"error": 1, "reason": "x"}, 'error: 1, reason: "x"'),
        ({"errors": [{"message": "bad"}]}, 'errors: a list of 1, message: "bad"'),
        ({"error": {"code": 401}}, "error: object, code: 401"),
        ({"status": "error"}, 'status: "error"'),
        ({"meta": {"status": 500}}, "status: 500"),
        ({"code": "403"}, 'code: "403"'),
        ({"message": "Internal server error", "data": []}, 'message: "Internal server error"'),
        ({"message": "Token expired", "data": [1]}, 'message: "Token expired"'),
        ({"message": ["Query timeout"]}, 'message: a list of 1, message: "Query timeout"'),
        ({"reason": "Sessão expirada"}, 'reason: "Sessão expirada"'),
        ({"reason": "Token não encontrado"}, 'reason: "Token não encontrado"'),
        ({"info": "Sistema em manutenção"}, 'info: "Sistema em manutenção"'),
        ({"detail": "Serviço indisponível"}, 'detail: "Serviço indisponível"'),
        ({"meta": {"message": "Unauthenticated."}}, 'message: "Unauthenticated."'),
        ({"msg": "Inicie sesión"}, 'msg: "Inicie sesión"'),
        ({"msg": "Sesja wygasła"}, 'msg: "Sesja wygasła"'),
        ({"msg": "Daily quota exceeded"}, 'msg: "Daily quota exceeded"'),
        ({"fault": {"code": 1}, "data": []}, "fault: object"),
        ({"login_required": True}, "login_required: true"),
        ({"redirect": "/login"}, 'redirect: "/login"'),
        ({"timed_out": True, "data": [1]}, "timed_out: true"),
        ({"partialResults": "true"}, 'partialResults: "true"'),
        ({"_shards": {"total": 5, "failed": 2}}, "_shards: object"),
        ({"warnings": ["Results limited to the first 20"]}, "warnings: a list of 1"),
        ({"warning": "2 of 5 shards failed"}, 'warning: "2 of 5 shards failed"'),
        ({"status": "processing", "data": []}, 'status: "processing"'),
        ({"reason": "Processando, aguarde"}, 'reason: "Processando, aguarde"'),
        ({"msg": "Report is being generated"}, 'msg: "Report is being generated"'),
        ({"error_message": "x"}, 'error_message: "x"'),
        ({"errorMessage": "x"}, 'errorMessage: "x"'),
        ({"errmsg": "x"}, 'errmsg: "x"'),
        ({"mensagem_erro": "x"}, 'mensagem_erro: "x"'),
        ({"hasError": True}, "hasError: true"),
        ({"is_success": False}, "is_success: false"),
        ({"status": "unauthorized"}, 'status: "unauthorized"'),
        ({"statusText": "Timeout"}, 'statusText: "Timeout"'),
        ({"code": "AUTH_ERROR"}, 'code: "AUTH_ERROR"'),
        ({"responseMessage": "Forbidden"}, 'responseMessage: "Forbidden"'),
    ],
)
def test_an_envelope_tells_of_a_failure_in_many_ways(envelope: object, told: str) -> None:
    assert failure_in(envelope) == told


@pytest.mark.parametrize(
    "envelope",
    [
        {"success": True, "data": []},
        {"error": 0, "reason": "OK"},
        {"error": None, "code": "200", "msg": "1 records were found"},
        {"error": False, "errors": [], "status": "ok", "message": "No errors, no error"},
        {"error": "", "code": 200, "meta": {"status": 200, "message": "OK"}},
        {"data": [{"status": "error", "error": 1}]},
        {"timed_out": False, "partial": 0, "_shards": {"total": 5, "failed": 0}},
        {"warnings": [], "warning": "`limit` is deprecated", "message": "Processing took 3 ms"},
        {"status": "complete", "msg": "20 records were found, 2 shards"},
        {"message": "Your token expires on Sunday", "info": {"pages": 1, "note": "page 1 of 1"}},
        {"notice": "Scheduled maintenance on Sunday", "redirect": None, "fault": False},
        {"message": "Rekordy zostały pobrane pomyślnie", "detail": "limit: 50, offset: 0"},
        {"errorMessage": "", "error_code": 0, "hasErrors": False, "errno": "0", "isSuccess": True},
        {"last_error": "timed out", "errors_url": "https://x", "error_rate": 0.1, "no_error": True},
        {"error": "Nenhum registro encontrado", "data": []},
        {"data": None},
        [{"error": 1}],
        None,
        "error",
    ],
)
def test_what_went_well_is_not_taken_for_a_failure(envelope: object) -> None:
    assert failure_in(envelope) is None


@pytest.mark.parametrize(
    "beside",
    [
        {"meta": {"answered": 27, "failed": 3}}, {"failed": 3}, {"faults": {"a": 1}},
        {"errorCode": 0, "errorMessage": "Successful"}, {"error_message": "Sem erros"},
        {"status": "NO_ERROR"}, {"status": "No error"}, {"hasErrors": "N"}, {"blad": "brak"},
        {"error_message": "N/A"}, {"code": "ERR_NONE"}, {"status": {"failed": 3, "answered": 20}},
    ],
)  # fmt: skip
def test_what_only_looks_like_a_failure_is_none(beside: dict[str, object]) -> None:
    assert failure_in({"data": [{"id": 1}], **beside}) is None


class _Unread(list[object]):
    def __repr__(self) -> str:
        raise AssertionError("megabytes of records are read for words")


@pytest.mark.parametrize(
    "text",
    [
        "OK", "Success", "Sucesso", "0 records were found", "No records found", "page 1 of 1",
        "Nenhum registro encontrado", "Nenhuma chamada interna encontrada", "Brak rekordów",
        "No hay llamadas encontradas.", "Consulta realizada com sucesso", "Token válido",
        "Validate dates entered", "Autenticado com sucesso", "Token ok. No records found.",
        "Use o parâmetro page para paginar", "Showing 0 to 0 of 0 entries",
        "Rekordy zostały pobrane pomyślnie", "Limite de 100 registros por consulta",
    ],
)  # fmt: skip
def test_a_quiet_day_may_have_such_words(text: str) -> None:
    assert is_harmless(text)
    assert failure_in({"message": text, "data": []}) is None
    assert doubts_in({"message": text, "data": []}) == []


@pytest.mark.parametrize(
    "text",
    [
        "Token expired", "Query timeout", "Sistema em manutenção: nenhum registro", "Aguarde",
        "Maintenance window", "Login", "Data inválida: nenhum registro encontrado", "Acesso negado",
        "Parâmetro date_ini obrigatório: nenhum registro", "Token não foi encontrado",
        "Muitas requisições", "Try again later", "Not authorized",
        "Please enter a valid token", "Authentication needed", "Login without success",
    ],
)  # fmt: skip
def test_an_empty_list_beside_such_words_is_doubted(text: str) -> None:
    assert not is_harmless(text)


@pytest.mark.parametrize(
    "text",
    [
        "Nieprawidłowy klucz API", "Przekroczono limit zapytań", "Serwis chwilowo niedostępny",
        "Trwają prace serwisowe", "Something went wrong", "Não foi possível consultar",
        "Sem conexão com o banco de dados", "Sistema fora do ar", "Limite diário atingido",
        "Unable to process request", "MySQL server has gone away", "Sessão encerrada",
        "Base de datos no disponible", "No se pudo procesar la solicitud",
        "Could not load records", "The server is busy",
    ],
)  # fmt: skip
def test_a_message_of_trouble_makes_an_empty_list_doubtful(text: str) -> None:
    assert doubts_in({"data": [], "message": text}) == [f'message: "{text}"']
    assert doubts_in({"data": [], "meta": {"status": 200, "message": text}})


@pytest.mark.parametrize(
    "beside",
    [
        {"status": "maintenance"}, {"status": False}, {"tokenExpired": True},
        {"maintenance": True}, {"ready": False}, {"authenticated": False}, {"last_error": "x"},
        {"warning": "connection to replica lost"}, {"notice": "Maintenance"},
        {"messages": [{"type": "error", "text": "x"}]}, {"auth": {"state": "expired"}},
        {"backend": "shard 3 is offline"}, {"info": {"data_error": "x"}},
    ],
)  # fmt: skip
def test_whatever_else_tells_of_trouble_makes_an_empty_list_doubtful(
    beside: dict[str, object],
) -> None:
    assert failure_in({"data": [], **beside}) is None
    assert len(doubts_in({"data": [], **beside})) == 1


@pytest.mark.parametrize(
    "beside",
    [
        {"version": "1.4.2-beta", "request_id": "req_9f-Err0r", "time": "2025-03-09T00:00:00Z"},
        {"took_ms": 3, "timeout": 30, "cached": True, "empty": True, "has_more": False, "ok": 1},
        {"links": {"self": "https://x/error", "next": None}, "pagination": {"status": "last"}},
        {"server": "api-02 (nginx)", "copyright": "(c) Acme Sp. z o.o. All rights reserved"},
        {"filters": {"status": "BUSY", "reason": "lost"}, "sort": "start_time desc"},
        {"account": {"name": "Acme", "status": "trial"}, "user": {"authenticated": True}},
        {"message": "0 dialogs", "error_message": None, "errors": [], "warnings": [], "code": 5},
        {"status": "no_results", "statusText": "OK", "result": "success", "state": "finished"},
        {"last_error": None, "maintenance": False, "maintenance_window": "none"},
        {"total_time_text": "0 min 00 seg", "total_size": "0 Kb", "title": "CDR report"},
        {"message": "Nie znaleziono rozmów", "komunikat": "Zapytanie wykonane poprawnie"},
        {"message": "Retrieved", "status": "normal", "state": "E17", "more_available": False},
        {"columns": ["dialog_uuid", "error_code"], "totals": {"cancelled": "0 min"}},
        {"status": False, "message": "No records found"}, {"user": {"status": "busy"}},
        {"queue": {"name": "Cancelamento"}, "project": "Lost & Found", "reason": "N/A"},
    ],
)  # fmt: skip
def test_a_servers_own_extras_leave_an_empty_list_as_it_is(beside: dict[str, object]) -> None:
    assert failure_in({"data": [], **beside}) is None
    assert doubts_in({"data": [], **beside}) == []


@pytest.mark.parametrize("name", ["data", "rows", "result", "status", "partial", "messages"])
def test_records_are_not_looked_through_for_words(name: str) -> None:
    assert failure_in({name: _Unread([["a record"]])}) is None


def test_names_that_the_caller_reads_itself_are_left_to_it() -> None:
    assert failure_in({"meta": {"status": 401}}, but=("meta",)) is None
    assert failure_in({"error": 1, "success": False}, but=("error",)) == "success: false"


def test_an_outline_shows_the_form_and_nobodys_data() -> None:
    assert outline({"data": None, "n": 5, "t": "secret", "l": [1]}) == (
        "an object with data (null), n (number), t (text), l (a list of 1)"
    )
    assert outline({}) == "an empty object"
    assert outline([1, 2]) == "a list of 2"
    assert outline({str(n): n for n in range(99)}).endswith("7 (number), …")


def test_a_page_is_known_by_its_title_or_its_first_headline() -> None:
    assert page_title(b"<html><TITLE lang=x> Sign <b>in</b>\n</TITLE>") == "Sign in"
    assert page_title(b"<html><h1>Blocked</h1>") == "Blocked"
    assert page_title(b"<html>") == ""
