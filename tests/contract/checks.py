"""What every stream of every vendor must pass. A check takes a subject and the harness.

Nothing here knows a vendor: a new one is checked by its module and its recorded answers.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from resources.errors import (
    ContractError,
    DeferredError,
    DoubtfulRefusalError,
    PermanentError,
    RecordError,
    ThrottledError,
    TransientError,
    VendorError,
    WindowTooLargeError,
)
from resources.http.retries import ATTEMPTS
from resources.vendor_api.vendor import DetailStream, Record, Stream
from resources.windows import Window
from tests.contract.changed import (
    broken_batches,
    broken_inside,
    numbered,
    with_first_record,
    with_larger_totals,
)
from tests.contract.harness import DAY, MOST_REQUESTS, Harness, Subject
from tests.support import SECRETS, Reply

Check = Callable[[Subject, Harness], None]
DECLARED = (VendorError, DeferredError)

NO_LISTS: dict[bool, tuple[Any, ...]] = {True: (), False: ([], [1])}
"""What is wrong where no list belongs, by whether one does."""

STATUSES: dict[int, tuple[type[Exception], ...]] = {
    204: (),
    301: (ContractError,),
    302: (ContractError,),
    400: (),
    401: (),
    403: (),
    404: (),
    407: (TransientError,),
    408: (TransientError,),
    413: (),
    429: (ThrottledError,),
    451: (ContractError,),
    500: (TransientError,),
    502: (TransientError,),
    503: (ThrottledError,),
    511: (TransientError,),
}
"""What they mean everywhere; () where a vendor may give them a meaning of its own."""

FAILURES: tuple[dict[str, Any], ...] = (
    {"success": False}, {"success": "false", "message": "who are you?"}, {"ok": 0},
    {"error": "internal"}, {"error": 1}, {"error": {"code": 500}}, {"errors": [{"message": "x"}]},
    {"status": "error"}, {"Status": "FAILED"}, {"code": 500}, {"meta": {"status": "error"}},
    {"message": "Internal server error"}, {"message": "Token expired"}, {"msg": ["Query timeout"]},
    {"info": "Sistema em manutenção"}, {"detail": "Session expired, please log in"},
    {"fault": {"faultstring": "x"}}, {"login_required": True}, {"redirect": "/login"},
)  # fmt: skip
"""How servers say, with status 200, that a request failed."""
PAGES = (
    b"<!doctype html><html><head><title>Sign in</title></head><body>\xe9</body></html>",
    b'\xef\xbb\xbf\n<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>',
    b"<html><body><h1>Access denied</h1>Your request was blocked by the firewall.</body></html>",
)
"""What firewalls, portals and log-in forms answer in a vendor's name."""

HTML = f"<!doctype html><html><body>Back soon, {SECRETS['token']}</body></html>".encode()


def sample_becomes_facts(subject: Subject, harness: Harness) -> None:
    """Every record of the sample has a key of its own and becomes a fact."""
    _, records = harness.sample(subject)
    facts = harness.normalise(subject, records)
    assert facts.rejects == []
    assert facts.new_fields == frozenset(), "the mapping doesn't know a documented field"
    assert not facts.tables[subject.stream.table].empty
    if isinstance(subject.stream, Stream):
        keys = [subject.stream.key(record) for record in records]
        assert None not in keys
        assert len(set(keys)) == len(keys)


def sample_is_read(subject: Subject, harness: Harness) -> None:
    """Read for its own day, a sample raises nothing, but that it answered another question."""
    recording, records = harness.sample(subject)
    started = harness.normalise(subject, records).started_at
    window = subject.window()
    if started is not None:
        window = subject.window(started.min().astimezone(subject.timezone).date())
    outcome = harness.read(subject, recording.reply, window=window)
    assert outcome.error is None or isinstance(outcome.error, ContractError)
    for permit, page in zip(outcome.permits, outcome.pages, strict=False):
        assert page.request_id == permit.id
        assert page.observed_at.tzinfo is not None
        assert page.total is None or page.total >= 0
    assert outcome.permits[0].outcome.records == len(outcome.pages[0].records)


def recordings_are_understood(subject: Subject, harness: Harness) -> None:
    """Every other recording is an error that is declared, or records that can be told apart."""
    for recording in harness.recordings(subject):
        outcome = harness.read(subject, recording.reply)
        assert outcome.error is None or isinstance(outcome.error, DECLARED)
        if recording.status >= 400:
            assert outcome.records == []
        objects = [record for record in outcome.records if isinstance(record, dict)]
        if objects:
            harness.normalise(subject, objects)


def a_wrong_value_costs_its_field(subject: Subject, harness: Harness) -> None:
    """A record with any one field wrong is a fact; one without what it needs is a reject."""
    _, records = harness.sample(subject)
    good, needed = records[0], required_fields(subject, harness)
    assert needed < good.keys()
    for name in needed:
        for value in (None, "", " ", {"a": 1}, True, *NO_LISTS[isinstance(good[name], list)]):
            assert not _is_fact(subject, harness, {**good, name: value}), (name, value)
    for batch in broken_batches(records):
        facts = harness.normalise(subject, [good, *batch])
        rejected = {reject.index - 1 for reject in facts.rejects}
        assert -1 not in rejected
        lost = [_changed(good, batch[index]) for index in rejected]
        assert all(set(names) <= needed for names in lost), lost
    inner = [{**good, **change} for change in broken_inside(good)]
    assert harness.normalise(subject, [good, *inner]).rejects == []
    harness.normalise(subject, [])
    harness.normalise(subject, [{}])


def any_value_costs_its_field(subject: Subject, harness: Harness) -> None:
    """The same for any JSON in any fields."""
    _, records = harness.sample(subject)
    needed = required_fields(subject, harness)
    names = [*sorted({name for record in records for name in record}), "unheard of"]
    values = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=5,
    )
    changes = st.dictionaries(st.sampled_from(names), values, max_size=4)

    @settings(max_examples=25, deadline=None, database=None, suppress_health_check=[*HealthCheck])
    @given(st.lists(st.tuples(st.sampled_from(records), changes), min_size=1, max_size=4))
    def law(batch: list[tuple[Record, Record]]) -> None:
        facts = harness.normalise(subject, [{**record, **change} for record, change in batch])
        for reject in facts.rejects:
            assert needed & batch[reject.index][1].keys()

    law()


def keys_are_plain(subject: Subject, harness: Harness) -> None:
    """A key is short text that a database can keep, or none; whatever the record."""
    if not isinstance(subject.stream, Stream):
        return
    _, records = harness.sample(subject)
    for batch in broken_batches(records):
        for record in batch:
            key = subject.stream.key(record)
            assert key is None or 0 < len(key.encode()) <= 2000


def broken_bodies_are_told(subject: Subject, harness: Harness) -> None:
    """A body that isn't what the document says is an error; never "no records"."""
    recording, records = harness.sample(subject)
    body = recording.reply.body
    broken = [HTML, b"", b"null", b'"text"', b"[" * 100_000, b"{}", b'{"data": {}}', b"\x00\xff"]
    if recording.path.suffix == ".json":
        broken.append(body[: len(body) // 2])
    for text in broken:
        outcome = harness.read(subject, Reply(200, text))
        assert isinstance(outcome.error, DECLARED), text[:20]
        assert outcome.records == []
    foreign = body.decode("utf-8", "replace").encode("latin-1", "replace")
    assert isinstance(harness.read(subject, Reply(200, foreign)).error, (*DECLARED, type(None)))
    if recording.path.suffix == ".json":
        with_mark = harness.read(subject, Reply(200, b"\xef\xbb\xbf" + body))
        assert with_mark.pages[0].records == records


def records_of_any_shape_are_carried(subject: Subject, harness: Harness) -> None:
    """What stands where a record should be is handed on: it is the loader's to reject."""
    recording, records = harness.sample(subject)
    if isinstance(subject.stream, DetailStream):
        return
    whole = json.loads(recording.reply.body)
    for odd in ([1, "x"], "text", 5, None, True):
        body = json.dumps(with_first_record(whole, records[0], odd)).encode()
        outcome = harness.read(subject, Reply(200, body))
        assert next(iter(outcome.pages[0].records)) == odd
        assert isinstance(outcome.error, (*DECLARED, type(None)))


def lists_under_numbered_keys_are_lists(subject: Subject, harness: Harness) -> None:
    """`{"0": …, "2": …}`, as PHP writes a list with gaps: its records, or an error; never none."""
    recording, records = harness.sample(subject)
    if isinstance(subject.stream, DetailStream):
        return
    body = json.dumps(numbered(json.loads(recording.reply.body), records)).encode()
    outcome = harness.read(subject, Reply(200, body))
    read = outcome.pages[0].records if outcome.pages else None
    assert read == records or (read is None and isinstance(outcome.error, ContractError))


def the_same_page_for_ever_ends(subject: Subject, harness: Harness) -> None:
    """An error, as soon as it is asked for again: the client never goes round in circles."""
    for window, reply in _first_pages(subject, harness):
        outcome = harness.read(subject, reply, window=window)
        assert len(outcome.permits) <= MOST_REQUESTS
        assert len(outcome.permits) == 1 or isinstance(outcome.error, ContractError)


def a_page_that_is_refused_asks_for_less(subject: Subject, harness: Harness) -> None:
    """Beyond the first page these statuses can mean that it is too deep: half the window is."""
    for window, reply in _first_pages(subject, harness):
        for status in (400, 404, 413, 414, 416, 422):
            outcome = harness.read(subject, reply, Reply(status), window=window)
            if len(outcome.permits) > 1:
                assert isinstance(outcome.error, WindowTooLargeError)
                assert outcome.pages, "what came before is kept"


def statuses_are_told(subject: Subject, harness: Harness) -> None:
    """Error statuses mean the same everywhere, with any body, and no redirect is followed."""
    elsewhere = f"{harness.replay.url}/elsewhere?token={SECRETS['token']}"
    for status, expected in STATUSES.items():
        for body in (b"", HTML, b"{}", b"[]", json.dumps({"msg": SECRETS["token"]}).encode()):
            outcome = harness.read(subject, Reply(status, body, {"location": elsewhere}))
            assert outcome.records == [], status
            assert isinstance(outcome.error, expected or (*DECLARED, type(None))), status
            assert not any("elsewhere" in asked.target for asked in harness.replay.asked)
            requests = len(outcome.permits)
            assert requests == (ATTEMPTS if isinstance(outcome.error, TransientError) else 1)


def failures_are_told(subject: Subject, harness: Harness) -> None:
    """An envelope of status 200 that tells of a failure is an error, with or without a list."""
    recording, _ = harness.sample(subject)
    whole = json.loads(recording.reply.body) if recording.path.suffix == ".json" else None
    for failure in FAILURES:
        bodies = [failure, failure | {"data": []}, failure | {"data": None}]
        if isinstance(whole, dict):
            bodies.append(whole | failure)
        for body in bodies:
            outcome = harness.read(subject, Reply(200, json.dumps(body).encode()))
            assert isinstance(outcome.error, DECLARED), body
            assert outcome.records == [], body
    for body in ({"data": None}, {"data": {}}, {"data": "x"}, {"data": [], "unheard of": 1}):
        outcome = harness.read(subject, Reply(200, json.dumps(body).encode()))
        assert isinstance(outcome.error, DECLARED) or body["data"] == []


def pages_are_nobodys_answer(subject: Subject, harness: Harness) -> None:
    """A page for people is an error that quotes its title, whatever the status; and never a word
    on the credentials or on one record.
    """
    for page in PAGES:
        for status in (200, 400, 401, 403, 404, 451, 500):
            outcome = harness.read(subject, Reply(status, page))
            assert isinstance(outcome.error, DECLARED), (status, page)
            assert not isinstance(outcome.error, PermanentError | RecordError), status
            assert isinstance(outcome.error, DoubtfulRefusalError) == (status in (401, 403))
            assert outcome.records == []
            if b"Sign in" in page:
                assert "Sign in" in str(outcome.error), status


def own_refusals_stop(subject: Subject, harness: Harness) -> None:
    """What the vendor itself answers to a wrong token is taken at its word, asked once."""
    recordings = [r for r in harness.recordings(subject) if "token" in r.words]
    assert recordings, f"no *.token.* among {subject.folder}"
    for recording in recordings:
        outcome = harness.read(subject, recording.reply)
        assert isinstance(outcome.error, PermanentError), recording.path.name
        assert len(outcome.permits) == 1


def a_wrong_base_url_is_told(subject: Subject, harness: Harness) -> None:
    """Another server's 404, or its JSON: neither is an empty day, and what to look at is said."""
    for reply in (
        Reply(404, b"<html><title>404 Not Found</title></html>"),
        Reply(404, b'{"detail": "Not Found"}'),
        Reply(200, b'{"name": "another API", "version": "1.0"}'),
    ):
        outcome = harness.read(subject, reply)
        assert isinstance(outcome.error, ContractError), reply
        if isinstance(subject.stream, Stream):
            assert "base_url" in str(outcome.error), str(outcome.error)


def pauses_are_kept(subject: Subject, harness: Harness) -> None:
    """A Retry-After is handed to the limiter, which keeps it for everybody, whatever the status is
    with which it comes, unless that is a success.
    """
    page = b"<html><title>Slow down</title></html>"
    for status in (429, 503, 302, 400, 401, 403, 404, 409, 420, 500):
        outcome = harness.read(subject, Reply(status, page, {"retry-after": "7"}))
        assert isinstance(outcome.error, VendorError), status
        assert {p.outcome.hold for p in outcome.permits} == {timedelta(seconds=7)}, status
        if status in (429, 503, 401, 403):
            assert isinstance(outcome.error, ThrottledError), status


def words_that_ask_for_a_pause_are_one(subject: Subject, harness: Harness) -> None:
    """And no refusal of the credentials, whoever says so: nothing is asked for again at once."""
    page = b"<html><title>Too many requests | Error 1015</title></html>"
    text, envelope = b"Too Many Requests", b'{"message": "Rate limit exceeded. Too many requests"}'
    replies = [Reply(status, body) for status in (401, 403) for body in (page, text, envelope)]
    if isinstance(subject.stream, Stream):
        replies += [Reply(200, page), Reply(200, text)]
    for reply in replies:
        outcome = harness.read(subject, reply)
        assert isinstance(outcome.error, ThrottledError), (reply, outcome.error)
        assert min(p.outcome.hold or timedelta() for p in outcome.permits) >= timedelta(seconds=2)


def pauses_of_nothing_are_ours(subject: Subject, harness: Harness) -> None:
    """`Retry-After: 0`, or a date gone by: not asked again at once, but after growing pauses."""
    for status in (429, 503):
        for value in ("0", "Tue, 10 Mar 2020 15:31:00 GMT"):
            outcome = harness.read(subject, Reply(status, b"", {"retry-after": value}))
            assert isinstance(outcome.error, ThrottledError)
            holds = [p.outcome.hold for p in outcome.permits if p.outcome.hold]
            assert len(holds) == ATTEMPTS
            assert holds[0] >= timedelta(seconds=2)
            assert all(after > before for before, after in pairwise(holds))


def a_passing_fault_is_mended(subject: Subject, harness: Harness) -> None:
    """After one 500 the sample is read all the same, in one read."""
    recording, records = harness.sample(subject)
    outcome = harness.read(subject, Reply(500), recording.reply)
    assert outcome.pages[0].records == records


CHECKS: tuple[Check, ...] = (
    sample_becomes_facts,
    sample_is_read,
    recordings_are_understood,
    a_wrong_value_costs_its_field,
    any_value_costs_its_field,
    keys_are_plain,
    broken_bodies_are_told,
    records_of_any_shape_are_carried,
    lists_under_numbered_keys_are_lists,
    the_same_page_for_ever_ends,
    a_page_that_is_refused_asks_for_less,
    statuses_are_told,
    failures_are_told,
    pages_are_nobodys_answer,
    own_refusals_stop,
    a_wrong_base_url_is_told,
    pauses_are_kept,
    words_that_ask_for_a_pause_are_one,
    pauses_of_nothing_are_ours,
    a_passing_fault_is_mended,
)


def required_fields(subject: Subject, harness: Harness) -> set[str]:
    """The fields without which a record is no fact."""
    _, (good, *_) = harness.sample(subject)
    return {name for name in good if not _is_fact(subject, harness, {**good, name: None})}


def _is_fact(subject: Subject, harness: Harness, record: Record) -> bool:
    stream = subject.stream
    if isinstance(stream, Stream) and stream.key(record) is None:
        return False
    return not harness.normalise(subject, [record]).rejects


def _changed(one: Record, other: Record) -> list[str]:
    """The fields that differ, however odd their values."""
    names = one.keys() | other.keys()
    return [name for name in names if repr(one.get(name)) != repr(other.get(name))]


def _first_pages(subject: Subject, harness: Harness) -> Iterator[tuple[Window, Reply]]:
    """The sample as the first page of several, for windows that it fits into: by the vendor's
    clocks or by UTC, of a day and of a poll that reads on.
    """
    if isinstance(subject.stream, DetailStream):
        return
    recording, records = harness.sample(subject)
    started = harness.normalise(subject, records).started_at
    body = json.dumps(with_larger_totals(json.loads(recording.reply.body))).encode()
    for zone in (subject.timezone, ZoneInfo("UTC")):
        day = DAY if started is None else started.min().astimezone(zone).date()
        window = Window.of_days((day,), zone, datetime.now(UTC))
        yield window, Reply(200, body)
        yield replace(window, days=()), Reply(200, body)


def declaration_is_complete(subject: Subject) -> None:
    """The stream and its vendor say what they are, and where each limit comes from."""
    vendor, stream = subject.vendor, subject.stream
    assert re.fullmatch("[a-z][a-z0-9_]*", vendor.name)
    assert re.fullmatch("[a-z][a-z0-9_]*", stream.name)
    assert all([vendor.title, vendor.credentials, stream.title, stream.document])
    assert len({s.name for s in vendor.streams}) == len(vendor.streams)
    assert vendor.default_streams
    assert vendor.poll_every >= timedelta(seconds=vendor.limits.min_interval_s)
    if isinstance(stream, DetailStream):
        assert isinstance(vendor.stream(stream.of), Stream)
    declared = vendor.limits.model_fields_set - {"sources"}
    if vendor.requests_per_license:
        declared = declared | {"daily_requests"}
    assert set(vendor.limits.sources) == declared, "a limit without its source, or the reverse"
    assert vendor.options() is not None
