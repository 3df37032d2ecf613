"""The contract that every vendor found fulfils: its module and its recorded answers are enough."""

import pytest

from resources.http.client import Http
from resources.http.transport import Transport
from resources.postgres.warehouse import Warehouse
from resources.vendors import discover
from tests.contract.checks import CHECKS, Check, declaration_is_complete, required_fields
from tests.contract.harness import Harness, Subject
from tests.contract.landing import everything_lands
from tests.contract.recordings import FIXTURES

SUBJECTS = [
    Subject(vendor, stream, FIXTURES / vendor.name)
    for vendor in discover().values()
    for stream in vendor.streams
]
each_subject = pytest.mark.parametrize("subject", SUBJECTS, ids=str)


def test_nothing_is_sent_but_what_reads() -> None:
    """One of the vendors' URLs, sent with DELETE, would destroy recordings for ever."""
    public = [{n for n in vars(kind) if not n.startswith("_")} for kind in (Http, Transport)]
    assert public == [
        {"get", "search", "begin_window", "continue_window", "in_a_row", "let_go"},
        {"ask", "close"},
    ]


@each_subject
def test_declaration(subject: Subject) -> None:
    declaration_is_complete(subject)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@each_subject
def test_contract(subject: Subject, check: Check, harness: Harness) -> None:
    check(subject, harness)


NEEDED = {
    "clickfono.calls": {"uuid", "call_at"},
    "conpeek.dialogs": {"dialog_uuid", "start_time", "dialog_type"},
    "evolux.calls": {"id", "start_time"},
    "evolux.call_details": {"executed_tasks"},
    "vono.recordings": {"customer_id", "record_id", "calldate"},
    "vono.recording_audio": {"audio_uri", "audio_sha256"},
    "wolkvox.agent_usage": {"agent_name"},
    "wolkvox.calls": {"conn_id", "agent_id", "type_interaction", "date"},
    "wolkvox.unconnected_calls": {"conn_id", "type_interaction", "date"},
}


@pytest.mark.parametrize("name", NEEDED)
def test_what_a_record_can_not_do_without(name: str, harness: Harness) -> None:
    """Its key, its start, and what decides its table: more must not reject it."""
    subject = next(subject for subject in SUBJECTS if str(subject) == name)
    assert required_fields(subject, harness) == NEEDED[name]


@each_subject
def test_everything_lands(subject: Subject, harness: Harness, warehouse: Warehouse) -> None:
    everything_lands(subject, harness, warehouse)
