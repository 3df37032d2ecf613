"""Vono as `API Relatório de Gravações Vono` describes it."""

import hashlib
import os
import re
import stat
import tempfile
import traceback
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from resources.audio import INCOMING, AudioStore
from resources.errors import (
    ConfigurationError,
    ContractError,
    CutShortError,
    DoubtfulRefusalError,
    FailedAnswerError,
    PermanentError,
    RecordError,
    ThrottledError,
    TransientError,
    VendorError,
    WindowTooLargeError,
)
from resources.standin import Fault, StandIn, Tenant
from resources.standin.answer import Answer
from resources.text.redact import MASK
from resources.vendor_api.values import NO_VALUE
from resources.vendor_api.vendor import Facts, Page, Parent
from resources.vendors import discover
from resources.vendors.vono import VonoOptions
from resources.windows import Window
from tests.unit.helpers import Grants, account, account_of, client, expected, rows, sample

ZONE = ZoneInfo("America/Sao_Paulo")
DAY = date(2020, 3, 14)
AFTERWARDS = datetime(2020, 4, 1, tzinfo=UTC)
WINDOW = Window.of_days((DAY,), ZONE, AFTERWARDS)
RECORDS: list[dict[str, Any]] = sample("vono/recording.200.sample.json")["data"]
TOKEN, KEY = "7cb40d54 a&é", "b12c87a7-key%"
NAME = "3-1976-bbdf67d601d834b962149f6f.mp3"
AUDIO = b"ID3\x03\x00\x00\x00\x00\x00\x00" + (b"\xff\xfb\x10\xc4" + bytes(96)) * 100
STARTED_AT = datetime(2020, 3, 15, 1, 30, tzinfo=UTC)
PARENT = Parent("3/1976", STARTED_AT, {"size_bytes": len(AUDIO)})

Read = Callable[..., list[Page]]


def stream(name: str = "recordings") -> Any:
    return discover()["vono"].stream(name)


def facts(*changes: dict[str, Any]) -> Facts:
    """The sample's recording, changed in as many ways."""
    records = [RECORDS[0] | change for change in changes]
    result: Facts = stream().normalise(records, account("vono"))
    return result


def recording(number: int, wall: datetime, **changes: Any) -> dict[str, Any]:
    return RECORDS[0] | {"record_id": number, "calldate": f"{wall:%Y-%m-%d %H:%M:%S}"} | changes


@pytest.fixture
def tenant(vendors: StandIn) -> Tenant:
    """A tenant with 250 recordings on the day, from its first second to its last."""
    tenant = vendors.tenant("vono", "test-br", token=TOKEN, key=KEY)
    first = datetime.combine(DAY, time.min)
    walls = [first + timedelta(seconds=n * 86_399 // 249) for n in range(250)]
    tenant.put([recording(n, wall) for n, wall in enumerate(walls)])
    tenant.put([recording(998, first - timedelta(seconds=1))])
    tenant.put([recording(999, first + timedelta(days=1))])
    return tenant


@pytest.fixture
def grants() -> Grants:
    return Grants()


@pytest.fixture
def read(vendors: StandIn, tenant: Tenant, grants: Grants) -> Read:
    def pages(window: Window = WINDOW, **changes: Any) -> list[Page]:
        with client(account_of(vendors, tenant, **changes), grants=grants) as vono:
            return list(stream().read(vono, window))

    return pages


@pytest.fixture
def fetch(
    vendors: StandIn,
    tenant: Tenant,
    grants: Grants,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., Page]:
    """Fetches a recording's audio into `tmp_path / "audio files"`."""
    monkeypatch.setenv("CALLHOUSE_AUDIO_URL", str(tmp_path / "audio files"))
    tenant.put_audio(1976, AUDIO)

    def page(parent: Parent = PARENT) -> Page:
        with client(account_of(vendors, tenant), "recording_audio", grants) as vono:
            result: Page = stream("recording_audio").read(vono, parent)
            return result

    return page


def asked(grants: Grants) -> list[dict[str, str]]:
    queries = [parse_qs(urlsplit(outcome.url or "").query) for outcome in grants.outcomes]
    return [{name: values[0] for name, values in query.items()} for query in queries]


# What a record means.


def test_the_documents_recording_is_what_a_careful_reader_expects() -> None:
    found = facts({})
    assert rows(found) == expected("vono/recording.sample.json")
    assert (found.rejects, found.new_fields) == ([], frozenset())
    assert stream().key(RECORDS[0]) == "3/1976"


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("267,86 Kb", 274_289),
        ("333,95 Mb", 350_171_955),
        ("1.024,5 Kb", 1_049_088),
        ("1.486 Kb", 1_521_664),
        ("0 Kb", 0),
        ("17 b", 17),
        ("2 GB", 2_147_483_648),
        ("", None),
        (None, None),
    ],
)
def test_a_size_has_a_decimal_comma_and_units_of_1024(text: str | None, size: int | None) -> None:
    [row] = rows(facts({"size": text}))["recordings"]
    assert (row["size_bytes"], row["size_raw"]) == (size, text or None)


@pytest.mark.parametrize("number", ["sup11999482052", "9003", "anonymous", "(unknown)"])
def test_only_a_whole_phone_number_is_one(number: str) -> None:
    [row] = rows(facts({"source": number, "destination": "11999482052"}))["calls"]
    assert (row["from_number"], row["from_e164"]) == (number, None)
    assert row["to_e164"] == "+5511999482052"


@pytest.mark.parametrize(
    ("changes", "field", "reason"),
    [
        ({"record_id": None}, "record_id", "missing"),
        ({"customer_id": []}, "customer_id", "expected text"),
        ({"calldate": None}, "calldate", "missing"),
        ({"calldate": "14/03/2018 14:03"}, "calldate", "expected a date and time"),
        ({"calldate": "0000-00-00 00:00:00"}, "calldate", "expected a date and time"),
        ({"calldate": "1970-01-01 00:00:00"}, "calldate", "before 2000"),
    ],
)
def test_a_broken_recording_is_rejected_by_name_and_the_others_are_kept(
    changes: dict[str, Any], field: str, reason: str
) -> None:
    found = facts({}, changes, {})
    [reject] = found.rejects
    assert (reject.index, reject.field) == (1, field)
    assert reason in reject.reason
    assert {tuple(frame.index) for frame in found.tables.values()} == {(0, 2)}


@pytest.mark.parametrize(
    ("changes", "field", "reason"),
    [
        ({"duration": "1 min"}, "duration", "expected a number"),
        ({"duration": -1}, "duration", NO_VALUE),
        ({"source": {"ext": "9001"}}, "source", "expected text"),
        ({"size": "267.86 Kb"}, "size", "expected a size"),
        ({"size": "big"}, "size", "expected a size"),
        ({"size": 274289}, "size", "expected a size"),
        ({"size": f"{'9' * 400} Gb"}, "size", "expected a size"),
        ({"size": "N/A"}, "size", NO_VALUE),
    ],
)
def test_a_value_that_cannot_be_read_costs_its_field(
    changes: dict[str, Any], field: str, reason: str
) -> None:
    found = facts({}, changes, {})
    assert found.rejects == []
    assert list(found.faults) == [1]
    assert reason in found.faults[1][field]
    columns = {"duration": "duration_s", "source": "from_number", "size": "size_bytes"}
    shown = [row[columns[field]] for row in rows(found)["recordings"]]
    assert [value is None for value in shown] == [False, True, False]


def test_an_unknown_field_is_kept_and_told() -> None:
    found = facts({"mood": "good"})
    assert found.new_fields == {"mood"}
    assert rows(found)["calls"][0]["attributes"] == {
        "customer_id": 3,
        "clid": "sup9001",
        "mood": "good",
    }


def test_wall_times_are_the_accounts(vendors: StandIn) -> None:
    manaus = account("vono", timezone=ZoneInfo("America/Manaus"))
    [row] = rows(stream().normalise(RECORDS, manaus))["recordings"]
    assert row["started_at"] == "2018-03-14T18:03:46+00:00"


# What is asked.


def test_a_day_is_read_from_its_first_second_to_its_last(
    read: Read, grants: Grants, vendors: StandIn
) -> None:
    pages = read()
    ids = [record["record_id"] for page in pages for record in page.records]
    assert sorted(ids) == list(range(250))
    assert [(len(page.records), page.total) for page in pages] == [
        (100, 250),
        (100, 250),
        (50, 250),
    ]
    assert asked(grants)[:-1] == [
        {
            "date_ini": "2020-03-14",
            "date_end": "2020-03-14",
            "time_ini": "00:00:00",
            "time_end": "23:59:59",
            "start": start,
            "limit": "100",
        }
        for start in ("0", "100", "200")
    ]
    assert vendors.breaches == []


def test_a_live_window_over_midnight_asks_for_each_day_by_itself(
    read: Read, grants: Grants
) -> None:
    border = WINDOW.end
    window = Window(border - timedelta(minutes=10), border + timedelta(minutes=20), ZONE)
    pages = read(window)
    assert [
        (a["date_ini"], a["time_ini"], a["date_end"], a["time_end"]) for a in asked(grants)
    ] == [
        ("2020-03-14", "23:50:00", "2020-03-14", "23:59:59"),
        ("2020-03-15", "00:00:00", "2020-03-15", "00:19:59"),
    ]
    assert [record["record_id"] for record in pages[1].records] == [999]
    assert [page.total for page in pages] == [None, None]


@pytest.mark.parametrize(
    ("day", "first"),
    [(date(2018, 11, 4), "01:00:00"), (date(2018, 2, 17), "00:00:00")],
    ids=["23 hours", "25 hours"],
)
def test_a_day_on_which_clocks_change_is_one_question(
    read: Read, grants: Grants, tenant: Tenant, day: date, first: str
) -> None:
    tenant.clear()
    read(Window.of_days((day,), ZONE, AFTERWARDS))
    question, last_second = asked(grants)
    assert (question["time_ini"], question["time_end"]) == (first, "23:59:59")
    assert question["date_ini"] == question["date_end"] == day.isoformat()
    assert (last_second["time_ini"], last_second["time_end"]) == ("23:59:59", "00:00:00")
    assert last_second["date_end"] == (day + timedelta(days=1)).isoformat()


def test_a_subscriber_narrows_the_path(
    read: Read, tenant: Tenant, grants: Grants, vendors: StandIn
) -> None:
    tenant.put([recording(1, datetime.combine(DAY, time(12)), customer_id=8)])
    [page] = read(options=VonoOptions(subscriber=8))
    assert [record["record_id"] for record in page.records] == [1]
    assert vendors.requests[-1].path.startswith("api/recording/TOKEN/KEY/8?")
    with pytest.raises(ValidationError):
        VonoOptions.model_validate({"subscriber": "eight"})


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (Fault.query(date_ini="2020-03-13"), "the vendor ignored the dates"),
        (Fault.query(time_end=None, date_end="2020-03-15"), "the vendor ignored the dates"),
        (Fault.query(start="100"), "asked for start=0, the vendor began at 100"),
    ],
)
def test_an_answer_to_another_question_fails_the_window_after_its_page(
    tenant: Tenant, vendors: StandIn, fault: Fault, message: str
) -> None:
    tenant.arm(fault, times=9)
    read: list[Page] = []
    with (
        client(account_of(vendors, tenant)) as vono,
        pytest.raises(ContractError, match=message),
    ):
        read.extend(stream().read(vono, WINDOW))
    assert read


def test_a_total_that_is_too_large_ends_with_an_empty_page(tenant: Tenant, read: Read) -> None:
    tenant.arm(Fault.total(10**12), times=99)
    assert [len(page.records) for page in read()] == [100, 100, 50, 0]


def says(total_time: Any) -> Fault:
    """The vendor says another time of all recordings together (it is 250 times 68 s)."""

    def spoil(answer: Answer) -> None:
        assert isinstance(answer.payload, dict)
        answer.payload["total_time"] = total_time

    return Fault("total_time", spoil)


def test_durations_add_up_to_the_vendors_sum(tenant: Tenant, vendors: StandIn) -> None:
    tenant.arm(says(17_001), times=9)
    read: list[Page] = []
    with (
        client(account_of(vendors, tenant)) as vono,
        pytest.raises(ContractError, match=r"counts 17,001 s in 250 .* are 17,000 s together"),
    ):
        read.extend(stream().read(vono, WINDOW))
    assert [len(page.records) for page in read] == [100, 100, 50]


@pytest.mark.parametrize(
    ("fault", "times"),
    [
        (says(None), 9),
        (says("17.001"), 9),
        (says([1]), 9),
        (says(17_001), 1),  # it moves while it is read
        (Fault.field("duration", "?"), 9),  # a broken recording is the mapping's to reject
        (Fault.field("duration", 2**63), 9),
        (Fault.array_record(), 9),
        (Fault.repeat(), 9),
    ],
)
def test_a_sum_that_cannot_be_compared_fails_nothing(
    tenant: Tenant, read: Read, fault: Fault, times: int
) -> None:
    tenant.arm(fault, times=times)
    assert len(read()) == 3


def test_a_sum_of_more_recordings_than_came_fails_nothing(tenant: Tenant, read: Read) -> None:
    """The loader counts them."""
    tenant.arm(Fault.short(), times=9)
    assert [len(page.records) for page in read()][:4] == [99, 99, 51, 0]


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.total(None), ContractError),
        (Fault.html(), FailedAnswerError),
        (Fault.body(b'{"error": 0, "data": []}'), ContractError),
        (Fault.body(b'{"error": 1, "reason": "Data invalida"}'), ContractError),
        (Fault.body('{"error": 1, "reason": "Token ou chave inválida"}'.encode()), PermanentError),
        (Fault.body(b'{"error": 1, "reason": "Erro interno: tente novamente"}'), TransientError),
        (Fault.body('{"error": 1, "reason": "Muitas requisições"}'.encode()), ThrottledError),
        (Fault.status(400), ContractError),
        (Fault.status(403), DoubtfulRefusalError),
        (Fault.status(404), ContractError),
        (Fault.status(413), WindowTooLargeError),
        (Fault.status(422), ContractError),
        (Fault.status(429, "7"), ThrottledError),
        (Fault.status(500), TransientError),
        (Fault.reset(), TransientError),
        (Fault.half_body(), CutShortError),
        (Fault.redirect("https://elsewhere.example/"), ContractError),
    ],
)
@pytest.mark.usefixtures("once")
def test_no_error_shows_the_credentials(
    tenant: Tenant, read: Read, grants: Grants, fault: Fault, error: type[VendorError]
) -> None:
    tenant.arm(fault)
    with pytest.raises(error) as caught:
        read()
    assert type(caught.value) is error
    assert_hidden(caught.value, grants)


@pytest.mark.parametrize("status", [200, 404])
@pytest.mark.parametrize(
    "more", [{"total_records": 0, "data": []}, {"data": None}, {}], ids=["data", "null", "alone"]
)
@pytest.mark.parametrize("reason", ["Nenhum registro encontrado", "Nenhuma gravação"])
def test_an_error_that_says_that_there_is_nothing_is_an_empty_day(
    tenant: Tenant, read: Read, reason: str, more: dict[str, Any], status: int
) -> None:
    tenant.arm(Fault.status(status, payload={"error": 1, "reason": reason, **more}))
    page = read()[0]
    assert (page.records, page.total) == ([], 0)


@pytest.mark.usefixtures("once")
@pytest.mark.parametrize("status", [200, 400, 403])
@pytest.mark.parametrize(
    ("reason", "error"),
    [
        ("Requisição inválida: token não encontrado", PermanentError),
        ("Nenhum token encontrado", PermanentError),
        ("Requisições demais", ThrottledError),
        ("Excesso de requisições", ThrottledError),
        ("Erro interno, tente novamente", TransientError),
    ],
)
def test_a_reason_means_the_same_with_any_status(
    tenant: Tenant, read: Read, reason: str, error: type[VendorError], status: int
) -> None:
    tenant.arm(Fault.status(status, payload={"error": 1, "reason": reason}))
    with pytest.raises(error, match=reason) as caught:
        read()
    assert type(caught.value) is error


@pytest.mark.parametrize(
    "body",
    [
        {"error": 1, "reason": "Requisição inválida: data"},
        {"error": 1, "reason": "Nenhum registro encontrado", "data": [{"record_id": 1}]},
        {"error": 0, "reason": "Nenhum registro encontrado"},
        {"error": "Nenhum registro encontrado", "data": []},
    ],
)
def test_what_is_no_plain_word_for_nothing_is_an_error(
    tenant: Tenant, read: Read, body: dict[str, Any]
) -> None:
    tenant.arm(Fault.status(200, payload=body))
    with pytest.raises(ContractError):
        read()


@pytest.mark.usefixtures("once")
def test_what_echoes_the_credentials_is_masked(tenant: Tenant, read: Read, grants: Grants) -> None:
    text = f"<p>Cannot GET /api/recording/{TOKEN}/{KEY}</p>"
    reason = f'{{"error": 1, "reason": "nada em /{TOKEN}/{KEY}"}}'
    for body in (text, reason):
        tenant.arm(Fault.body(body.encode()))
        with pytest.raises(ContractError) as caught:
            read()
        assert_hidden(caught.value, grants)
        assert MASK in f"{caught.value}{caught.value.body!r}"


def assert_hidden(error: VendorError, grants: Grants) -> None:
    told = "".join(traceback.format_exception(error))
    told += repr(error) + repr(vars(error)) + repr(grants.outcomes)
    for secret in (TOKEN, KEY, "7cb40d54", "b12c87a7"):
        assert secret not in told
    assert all(f"/api/recording/{MASK}/{MASK}?" in (o.url or "") for o in grants.outcomes)


# The audio.


def test_audio_is_checked_and_put_away_by_day(fetch: Callable[..., Page], tmp_path: Path) -> None:
    page = fetch()
    # 01:30 UTC is still the day before in São Paulo.
    file = tmp_path / "audio files" / "test-br" / "2020" / "03" / "14" / NAME
    sha256 = hashlib.sha256(AUDIO).hexdigest()
    manifest = {
        "record_id": "1976",
        "audio_uri": f"file://{file}",
        "audio_sha256": sha256,
        "size_bytes": len(AUDIO),
    }
    assert page.records == [manifest]
    assert file.read_bytes() == AUDIO
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [file]
    found = stream("recording_audio").normalise(page.records, account("vono"))
    assert rows(found) == {"audio": [{"audio_uri": f"file://{file}", "audio_sha256": sha256}]}
    assert (found.started_at, found.rejects) == (None, [])
    assert stat.S_IMODE(file.stat().st_mode) & stat.S_IRWXO == 0


def test_a_broken_download_starts_again_from_nothing(
    fetch: Callable[..., Page], tenant: Tenant, grants: Grants
) -> None:
    tenant.arm(Fault.half_body())
    [manifest] = fetch().records
    assert manifest["audio_sha256"] == hashlib.sha256(AUDIO).hexdigest()
    assert [outcome.status for outcome in grants.outcomes] == [200, 200]
    assert asked(grants)[1] == {"id_record": "1976", "is_download": "1"}


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.status(404), ContractError),  # a page of whoever stands in between
        (Fault.status(404, payload={"message": "Not found"}), ContractError),
        (Fault.status(404, payload={"error": 1, "reason": "Token inválido"}), PermanentError),
        (Fault.html(), FailedAnswerError),
    ],
)
@pytest.mark.usefixtures("once")
def test_only_the_vendors_own_404_says_that_there_is_no_audio(
    fetch: Callable[..., Page], tenant: Tenant, fault: Fault, error: type[VendorError]
) -> None:
    tenant.arm(fault)
    with pytest.raises(error) as caught:
        fetch()
    assert type(caught.value) is error


def test_audio_that_is_not_there_is_no_record(fetch: Callable[..., Page], tmp_path: Path) -> None:
    assert fetch(Parent("3/1", PARENT.started_at)).records == []
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(
    ("audio", "size", "error"),
    [
        (b"RIFF....WAVE", None, RecordError),
        (b"", None, RecordError),
        (b"<html>", None, FailedAnswerError),
        (b'{"error": 1, "reason": "Token ou chave"}', None, PermanentError),
        (b'{"error": 1, "reason": "?"}', None, ContractError),
        (b'{"error": 0, "reason": "?"}', None, FailedAnswerError),
        (AUDIO, len(AUDIO) * 2, RecordError),
        (AUDIO[: len(AUDIO) // 2], len(AUDIO), RecordError),
    ],
)
def test_what_is_not_the_recording_is_not_kept(
    fetch: Callable[..., Page],
    tenant: Tenant,
    grants: Grants,
    tmp_path: Path,
    audio: bytes,
    size: int | None,
    error: type[VendorError],
) -> None:
    tenant.put_audio(1976, audio)
    with pytest.raises(error) as caught:
        fetch(Parent("3/1976", STARTED_AT, {"size_bytes": size}))
    assert type(caught.value) is error
    assert_hidden(caught.value, grants)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_listed_size_is_rounded(fetch: Callable[..., Page], tenant: Tenant) -> None:
    tenant.put_audio(1976, b"\xff\xfb" + AUDIO)
    assert fetch(Parent("3/1976", STARTED_AT, {"size_bytes": len(AUDIO) - 1000})).records


def test_a_key_stays_within_its_folder(
    fetch: Callable[..., Page], tenant: Tenant, tmp_path: Path
) -> None:
    tenant.put_audio("../..", AUDIO)
    [manifest] = fetch(Parent("../../..", PARENT.started_at)).records
    assert manifest["audio_uri"].startswith(f"file://{tmp_path}/audio files/test-br/2020/03/14/")


def test_two_keys_never_share_a_file(
    fetch: Callable[..., Page], tenant: Tenant, tmp_path: Path
) -> None:
    """Nor where a file system takes upper for lower case, or allows no long names."""
    keys = [
        "7/a.b",
        "7/a-b",
        "7/A-b",
        "7/" + "x" * 300,
        "7/" + "x" * 299 + "y",
        "7/a/b",
        "7/ã",
        "7/",
    ]
    names = set()
    for key in keys:
        tenant.put_audio(key.partition("/")[2], AUDIO)
        [manifest] = fetch(Parent(key, STARTED_AT)).records
        name = manifest["audio_uri"].rpartition("/")[2]
        assert len(name.encode()) <= 100
        assert re.fullmatch(r"[0-9a-z-]+\.mp3", name)
        names.add(name)
    assert len(names) == len(keys)
    assert len([path for path in tmp_path.rglob("*.mp3") if path.is_file()]) == len(keys)


def test_an_object_store_gets_whole_files(
    fetch: Callable[..., Page], monkeypatch: pytest.MonkeyPatch
) -> None:
    import fsspec

    monkeypatch.setenv("CALLHOUSE_AUDIO_URL", "memory://bucket/calls/")
    [manifest] = fetch().records
    assert manifest["audio_uri"] == "memory:///bucket/calls/test-br/2020/03/14/" + NAME
    assert fsspec.filesystem("memory").cat(manifest["audio_uri"]) == AUDIO


def test_a_store_that_cannot_be_used_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="CALLHOUSE_AUDIO_URL"):
        AudioStore("nowhere://bucket")
    occupied = tmp_path / "file"
    occupied.write_text("not a folder")
    with pytest.raises(TransientError, match="can't be kept"), AudioStore(str(occupied)).incoming():
        pass


def test_audio_goes_to_callhouses_home_by_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CALLHOUSE_AUDIO_URL", raising=False)
    monkeypatch.setenv("CALLHOUSE_HOME", str(tmp_path))
    with AudioStore.from_environment().incoming() as file:
        assert Path(str(file.name)).parent == tmp_path / "audio"


@pytest.mark.parametrize("url", ["folder", "memory://bucket"])
def test_what_a_killed_download_left_is_swept_by_a_later_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    """A day later; what another worker is writing to, and what isn't ours, stays."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    store = AudioStore(str(tmp_path) if url == "folder" else url)
    left, running, other = (
        tmp_path / name for name in (f"{INCOMING}left", f"{INCOMING}running", ".incoming-other")
    )
    now = datetime.now(UTC).timestamp()
    for path, hours in ((left, 25), (running, 23), (other, 25)):
        path.touch()
        os.utime(path, (now - hours * 3600,) * 2)
    with store.incoming() as file:
        assert set(tmp_path.iterdir()) == {running, other, Path(str(file.name))}
    assert set(tmp_path.iterdir()) == {running, other}


def test_audio_is_loaded_only_where_it_is_asked_for() -> None:
    assert discover()["vono"].default_streams == ("recordings",)
