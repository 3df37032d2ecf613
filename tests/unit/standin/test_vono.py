"""Vono as `API Relatório de Gravações` describes it."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from resources.standin import StandIn, Tenant

DAY = {"date_ini": "2018-03-14", "date_end": "2018-03-14", "time_ini": "", "time_end": ""}
CREDENTIALS = "standin-demo-br/standin-key-demo-br"
RECORDING = f"api/recording/{CREDENTIALS}"


@pytest.fixture
def vono(standin: StandIn, http: httpx.Client) -> Tenant:
    tenant = standin.tenant("vono", "demo-br")
    http.base_url = httpx.URL(standin.url(tenant))
    return tenant


def recording(number: int) -> dict[str, Any]:
    return {
        "record_id": number,
        "customer_id": 3 + number % 2,
        "calldate": f"2018-03-14 {number:02}:00:00",
        "duration": 60,
        "size": "1.024,00 Kb",
    }


def test_the_documents_answer_comes_back(
    vono: Tenant, http: httpx.Client, sample: Callable[[str], Any], shape: Callable[[Any], Any]
) -> None:
    """Its totals are over 539 recordings, of which it shows one."""
    document = sample("vono/recording.200.sample.json")
    vono.put(document["data"])
    answer = http.get(RECORDING, params={**DAY, "start": 0, "limit": 1}).json()
    assert shape(answer) == shape(document)
    totals = {
        "total_records": 1,
        "total_time": 68,
        "total_time_text": "1 min 08 seg",
        "total_size": "267,86 Kb",
    }
    assert answer == {**document, **totals}


def test_pages_and_totals(vono: Tenant, http: httpx.Client) -> None:
    vono.put(recording(number) for number in range(24))
    page = http.get(RECORDING, params={**DAY, "start": 20, "limit": 10}).json()
    assert [row["record_id"] for row in page["data"]] == [20, 21, 22, 23]
    assert (page["records"], page["offset"], page["limit"]) == (4, 20, 10)
    assert (page["total_records"], page["total_time"]) == (24, 1440)
    assert page["total_size"] == "24,00 Mb"


def test_hours_subscriber_and_id_narrow_the_answer(vono: Tenant, http: httpx.Client) -> None:
    vono.put(recording(number) for number in range(24))

    def found(path: str, **parameters: str) -> list[int]:
        answer = http.get(path, params={**DAY, **parameters}).json()
        return [row["record_id"] for row in answer["data"]]

    assert found(RECORDING, time_ini="08:00:00", time_end="10:00:00") == [8, 9, 10]
    assert found(f"{RECORDING}/4", time_end="05:00:00") == [1, 3, 5]
    assert found(RECORDING, id_record="7") == [7]


@pytest.mark.parametrize("path", [RECORDING, f"/{RECORDING}", f"recording/{CREDENTIALS}/"])
def test_the_documents_three_spellings_of_the_path(
    standin: StandIn, vono: Tenant, http: httpx.Client, path: str
) -> None:
    assert http.get(f"{standin.url(vono)}/{path}", params=DAY).json()["error"] == 0


@pytest.mark.parametrize("path", ["api/recording/a/b", "api/recording/standin-demo-br/b"])
def test_wrong_credentials(
    vono: Tenant, http: httpx.Client, sample: Callable[[str], Any], path: str
) -> None:
    answer = http.get(path)
    assert answer.status_code == 403
    assert answer.json() == sample("vono/recording.403.token.json")


def test_a_download_is_the_raw_file_or_404(
    vono: Tenant, http: httpx.Client, sample: Callable[[str], Any]
) -> None:
    vono.put_audio(7, b"ID3 and so on")
    answer = http.get(f"{RECORDING}/", params={"id_record": 7, "is_download": 1})
    assert answer.content == b"ID3 and so on"
    assert answer.headers["content-type"] == "audio/mpeg"
    absent = http.get(f"{RECORDING}/", params={"id_record": 8, "is_download": 1})
    assert absent.status_code == 404
    assert absent.json() == sample("vono/recording.404.no-file.json")


def test_nothing_can_be_deleted_and_the_attempt_is_told(
    standin: StandIn, vono: Tenant, http: httpx.Client
) -> None:
    vono.put([recording(1)])
    assert http.delete(RECORDING, params={"type": "filter"}).status_code == 405
    assert http.get(RECORDING, params=DAY).json()["total_records"] == 1
    [breach] = standin.breaches
    assert (breach.limit, breach.detail) == ("method", "DELETE api/recording/TOKEN/KEY")


def test_the_stand_ins_own_log_holds_no_credentials(
    standin: StandIn, vono: Tenant, http: httpx.Client
) -> None:
    http.get(f"{RECORDING}/3", params=DAY)
    assert standin.requests[-1].path.startswith("api/recording/TOKEN/KEY/3?date_ini=2018-03-14")
