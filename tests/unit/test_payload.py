"""A bad byte, half a character or an endless number spoils one value."""

import ctypes
import json
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.errors import ContractError
from resources.text import payload
from resources.text.encodings import in_utf8

JOSE = b'[{"n": "Jos\xc3\xa9"}, {"n": "%s"}]'


def names(body: bytes) -> list[str]:
    return [record["n"] for record in payload.decode(body)]


@pytest.mark.parametrize(
    ("bad", "read"),
    [
        (b"Andr\xc3", "Andr�"),
        (b"Andr\xe9", "Andr�"),
        (b"\xff\xfe Ana \x80", "�� Ana �"),
        (b"Ana \xf0\x9f\x98", "Ana �"),
        (b"Ana \\ud83d", "Ana \ud83d"),
        (b"Ana \xed\xa0\xbd", "Ana �"),
        (b"Ana \xed\xa0\xbd\xed\xb8\x80", "Ana 😀"),
        (b"Ana \\ud83", "Ana �"),
        (b"C:\\dir \\x41", "C:�dir �x41"),
        (b"O\\'Brien", "O'Brien"),
        (b"two\nlines\tand \x01", "two\nlines\tand \x01"),
    ],
)
def test_what_is_wrong_with_a_text_stays_in_it(bad: bytes, read: str) -> None:
    assert names(JOSE % bad) == ["José", read]


def test_a_few_bad_texts_among_good_ones_make_no_other_encoding() -> None:
    body = JOSE % b'x"}, {"n": "Andr\xe9"}, {"n": "Ren\xe9'
    assert names(body) == ["José", "x", "Andr�", "Ren�"]


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "utf-16", "utf-16-le", "utf-8-sig"])
def test_another_encoding_is_read_where_it_is_the_whole_bodys(encoding: str) -> None:
    text = json.dumps([{"n": name} for name in ("José", "Íñigo", "Ana")], ensure_ascii=False)
    assert names(text.encode(encoding)) == ["José", "Íñigo", "Ana"]


@pytest.mark.parametrize(
    "charset", ["ISO-8859-2", '"windows-1250"', "iso-8859-1", "hex", "no-such"]
)
def test_an_encoding_is_read_that_the_header_names(charset: str) -> None:
    """Where the body isn't UTF-8: headers name what is a program's default, too."""
    text = json.dumps([{"n": name} for name in ("Łukasz", "Żółć", "Ana")], ensure_ascii=False)
    header = f"application/json; Charset={charset}"
    utf8 = bytearray(text.encode())
    assert in_utf8(utf8, header) is utf8
    if "2" in charset:
        body = bytearray(text.encode(charset.strip('"')))
        assert names(bytes(in_utf8(body, header))) == ["Łukasz", "Żółć", "Ana"]
    bad = bytearray(JOSE % b"Andr\xc3")
    assert names(bytes(in_utf8(bad, header))) == ["José", "Andr�"]


def test_windows_quotes_are_windows() -> None:
    quoted = "\N{LEFT DOUBLE QUOTATION MARK}José\N{RIGHT DOUBLE QUOTATION MARK} \N{EURO SIGN}5"
    assert names(f'[{{"n": "{quoted}"}}]'.encode("cp1252")) == [quoted]


def test_a_single_text_that_was_cut_is_no_other_encoding() -> None:
    assert names(b'[{"n": "Andr\xc3"}, {"n": "Ana"}]') == ["Andr�", "Ana"]
    assert names(b'[{"n": "Andr\xe9"}, {"n": "Ana"}]') == ["André", "Ana"]


def test_what_fits_no_encoding_is_replaced() -> None:
    assert names(b'[{"n": "Andr\xe9 \x81"}]') == ["Andr� �"]


@pytest.mark.parametrize("digits", [4300, 4301, 5001, 100_000])
@pytest.mark.parametrize("sign", ["", "-"])
def test_an_endless_number_is_its_text(digits: int, sign: str) -> None:
    number = sign + "7" * digits
    good, odd = payload.decode(f'[{{"n": 5}}, {{"n": [{{"m": {number}}}]}}]'.encode())
    assert good == {"n": 5}
    is_endless = digits > 4300
    assert isinstance(odd["n"][0]["m"], str if is_endless else int) or sign
    assert payload.is_endless(odd) == is_endless or sign
    assert not payload.is_endless(good)
    assert payload.encode(odd)


@pytest.mark.parametrize("number", ["1e5001", "-1e400", "1" * 5001 + ".5", "NaN", "-Infinity"])
def test_a_number_that_no_float_holds_is_its_text(number: str) -> None:
    assert payload.decode(f'[{number}, "José"]'.encode()) == [number, "José"]
    assert payload.decode(f"[0.{'1' * 5001}, 1e-5001]".encode()) == [pytest.approx(1 / 9), 0.0]


@pytest.mark.parametrize("levels", [100, 1000, 5000, 100_000])
@pytest.mark.parametrize("pair", ["[]", "{}"])
def test_what_is_nested_too_deep_spoils_its_record_alone(levels: int, pair: str) -> None:
    opening = pair[0] if pair == "[]" else '{"a": '
    deep = opening * levels + "5" + pair[1] * levels
    body = f'[{{"n": "José ]}}"}}, {{"n": "x", "deep": {deep}}}, {{"n": "Ana"}}]'.encode()
    assert names(body) == ["José ]}", "x", "Ana"]
    assert payload.encode(payload.decode(body)).decode().count(payload.TOO_DEEP) == (levels > 200)


NO_JSON = [
    b"", b"{", b"<html>", b'{"a": 1', b'{"a": "\\"}', b"\x00\xff",
    b"[" * 100_000 + b"]" * 100_000, b'{"a": ' * 100_000,
]  # fmt: skip


@pytest.mark.parametrize("body", NO_JSON, ids=range(len(NO_JSON)))
def test_what_is_no_json_stays_none(body: bytes) -> None:
    with pytest.raises(ContractError):
        payload.decode(body)


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner)
    | st.dictionaries(st.text(), inner), max_leaves=5,
))  # fmt: skip
def test_what_json_writes_is_read_by_either_road(value: Any) -> None:
    body = json.dumps({"value": value}, ensure_ascii=False).encode("utf-8", "surrogatepass")
    assert payload.decode(body) == json.loads(body)
    slow = body[:-1] + b', "big": 12345678901234567890123}'
    assert payload.decode(slow)["value"] == json.loads(body)["value"]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's allocator")
def test_what_is_encoded_holds_no_more_memory_than_its_bytes() -> None:
    """A batch's records are held encoded. (What orjson returns keeps all that it had reserved.)"""
    size_of = ctypes.CDLL("libc.so.6").malloc_usable_size
    size_of.argtypes, size_of.restype = [ctypes.c_void_p], ctypes.c_size_t
    encoded = [payload.encode({"n": n, "text": "x" * 700}) for n in range(20)]
    assert sum(size_of(id(one)) for one in encoded) < 1.3 * sum(map(sys.getsizeof, encoded))
