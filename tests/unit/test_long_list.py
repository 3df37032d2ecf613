"""A list that is decoded in pieces is the list; whatever is wrong with it is read as a whole."""

from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resources.errors import ContractError
from resources.http.failures import failure_in
from resources.text import long_list, payload
from resources.text.long_list import LongList

TEXTS = st.sampled_from(["", "a", '"},{"', "}, {", "[{", "]}", "\\", '\\"', "é", "\n"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=4,
)
OBJECTS = st.dictionaries(TEXTS, VALUES, max_size=3)


@pytest.fixture(autouse=True)
def _everything_is_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(long_list, "PIECE", 20)
    monkeypatch.setattr(payload, "LONG", 0)


def plain(value: Any) -> Any:
    """The value with a list where a LongList is."""
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    return list(value) if isinstance(value, LongList) else value


@settings(max_examples=100, deadline=None)
@given(
    st.dictionaries(TEXTS, VALUES, max_size=2),
    st.lists(OBJECTS, min_size=1, max_size=12) | st.lists(VALUES, max_size=5),
    st.dictionaries(TEXTS, VALUES, max_size=2),
    st.booleans(),
)
def test_it_reads_what_is_read_as_a_whole(
    before: dict[str, Any], records: list[Any], after: dict[str, Any], indented: bool
) -> None:
    option = orjson.OPT_INDENT_2 if indented else 0
    for value in ({**before, "data": records, **after}, records):
        body = orjson.dumps(value, option=option)
        assert plain(payload.decode_in_pieces(body, "data")) == payload.decode(body)


def test_a_list_is_gone_through_as_often_as_one_likes() -> None:
    body = orjson.dumps({"code": "200", "data": [{"n": n} for n in range(50)], "msg": "50 found"})
    value = payload.decode_in_pieces(body, "data")
    records = value["data"]
    assert isinstance(records, LongList)
    assert len(records) == 50
    assert list(records) == list(records) == [{"n": n} for n in range(50)]
    assert {"n": 7} in records
    assert value["msg"] == "50 found"


@pytest.mark.parametrize(
    "body",
    [
        b'{"msg":"[{","data":[{"a":1},{"a":2}]}',
        b'{"msg":"see [{}] there","data":[{"a":1},{"a":2}]}',
        b'{"data":[{"a":1}],"data":[{"a":2},{"a":3}]}',
        b'{"data":[{"a":NaN},{"a":"\xff"},{"a":12345678901234567890123}]}',
        b'{"data":[{"a":12345678901234567890123},{"a":[{"b":1}]}],"other":[1]}',
        b'{"data":[{"a":1},2,null,{"a":3}]}',
        b'{"data":[]}',
        b'{"meta":[{"x":1}],"data":[{"a":1},{"a":2}]}',
        b'{"in":{"data":[{"a":1}]}}',
        b'{"warnings":[{"text":"partial results"}],"data":{"0":{"a":1},"2":{"a":2}}}',
        b'{"meta":[{"partial":true}],"data":{"0":{"a":1}}}',
        b"[]",
        b"12",
    ],
)
def test_odd_answers_are_what_they_are_as_a_whole(body: bytes) -> None:
    value, whole = payload.decode_in_pieces(body, "data"), payload.decode(body)
    assert plain(value) == whole
    assert failure_in(value) == failure_in(whole)


@pytest.mark.parametrize(
    "body",
    [
        b'{"data":[\x0c{"a":1},{"a":2}]}',
        b'{"data":[{"a":"123456789"},{"a":"123456789"}\x0b,{"a":"123456789"},{"a":"123456789"}]}',
        b'{"data":[{"a":"123456789"},{"a":"123456789"},{"a":"123456789"},{"a":"12',
        b'{"data":[{"a":"123456789"},{"a":"123456789"},{"a":"123456789"}]}{"data":[{"a":1}]}',
        b'{"data":[{"a":"123456789"},{"a":"123456789"},{"a":"123456789"}]},"error":"failed"}',
    ],
)
def test_what_is_not_json_as_a_whole_is_none_in_pieces(body: bytes) -> None:
    for decode in (payload.decode, lambda body: payload.decode_in_pieces(body, "data")):
        with pytest.raises(ContractError, match="isn't JSON"):
            decode(body)
