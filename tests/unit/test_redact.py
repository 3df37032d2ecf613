"""Secrets are found however they are written; what holds none, and JSON, stay what they are."""

import base64
import html
import json
import re
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resources.text.redact import MASK, Redactor

SECRET = 'S3sam/0pen "now"+&é'
# Without a percent sign of its own, which would begin another character's escape.
TEXT = st.text(
    st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="%"),
    min_size=8, max_size=40,
)  # fmt: skip
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


@settings(deadline=None)
@given(secret=TEXT, data=st.data())
def test_each_character_may_be_escaped_in_a_way_of_its_own(
    secret: str, data: st.DataObject
) -> None:
    ways = [data.draw(st.sampled_from(["plain", "unicode", "percent", "upper"])) for _ in secret]
    # A plain quote or backslash isn't JSON, and a percent sign of its own begins an escape.
    written = "".join(
        {
            "plain": json.dumps(char)[1:-1],
            "unicode": f"\\u{ord(char):04X}",
            "percent": f"%{ord(char):02X}",
            "upper": json.dumps(char.upper())[1:-1],
        }[way]
        for way, char in zip(ways, secret, strict=True)
    )
    body = f'{{"echo": "<{written}>", "other": 1}}'.encode()
    redacted = Redactor([secret]).body(body)
    assert json.loads(redacted) == {"echo": f"<{MASK}>", "other": 1}


@settings(deadline=None)
@given(secret=TEXT, before=st.binary(max_size=5), behind=st.binary(max_size=5))
def test_base64_is_found_whatever_stands_around_it(
    secret: str, before: bytes, behind: bytes
) -> None:
    coded = base64.b64encode(before + secret.encode() + behind).decode()
    told = Redactor([secret]).text(f"Basic {coded}")
    assert MASK in told
    assert len(told) - len("Basic ") <= len(coded) - len(secret) + len(MASK)


@pytest.mark.parametrize("size", [10, 1024 * 1024 - 7, 1024 * 1024, 3 * 1024 * 1024 + 1])
def test_it_is_found_where_pieces_of_a_body_meet(size: int) -> None:
    body = bytearray(b'{"a": "' + b"x" * size + SECRET.replace('"', "").encode() + b'"}')
    assert MASK.encode() in Redactor([SECRET.replace('"', "")]).body(body)


CANARY = 'Sup3r+Sekret/Tok=n&42-"canary"'
SEVERAL: dict[str, Callable[[str], str]] = {
    "decimal entities": lambda text: "".join(f"&#{ord(char)};" for char in text),
    "decimal entities with zeros": lambda text: "".join(f"&#000{ord(char)};" for char in text),
    "hex entities": lambda text: "".join(f"&#x{ord(char):X};" for char in text),
    "entities without an end": lambda text: text.replace("/", "&#47").replace("+", "&#x2B;"),
    "named entities": lambda text: text.replace("/", "&sol;").replace("+", "&plus;")
    .replace("&42", "&amp;42").replace('"', "&QUOT;"),
    "entities of entities": lambda text: html.escape(html.escape(text)),
    "JSON in JSON": lambda text: json.dumps(json.dumps(json.dumps(text)))[1:-1],
    "many backslashes": lambda text: "".join(f"\\\\\\u{ord(char):04x}" for char in text),
    "slashes with many backslashes": lambda text: text.replace("/", "\\\\\\/").replace('"', '\\"'),
    "x escapes": lambda text: "".join(f"\\x{ord(char):02X}" for char in text),
    "spaced hex": lambda text: text.encode().hex(" "),
    "hex with colons": lambda text: text.encode().hex(":").upper(),
    "hex with prefixes": lambda text: ", ".join(f"0x{byte:02x}" for byte in text.encode()),
    "percent twice, slashes plain": lambda text: quote(quote(text)),
    "percent thrice": lambda text: quote(quote(quote(text, safe=""), safe=""), safe=""),
    "percent of entities": lambda text: quote(html.escape(text)),
    "wrapped base64": lambda text: base64.encodebytes((text * 4).encode()).decode(),
}  # fmt: skip


@pytest.mark.parametrize("form", SEVERAL)
def test_escapes_of_all_kinds_and_of_each_other_hide_nothing(form: str) -> None:
    written = SEVERAL[form](CANARY)
    told = Redactor([CANARY]).text(f"<{written}>")
    assert MASK in told
    for part in ("Sup3r", "canary", written[8:-8]):
        assert part not in told
    body = json.dumps([{"echo": f"<{written}>"}, json.dumps({"echo": written})]).encode()
    first, second = json.loads(Redactor([CANARY]).body(body))
    for echo in (first["echo"], "<" + json.loads(second)["echo"] + ">"):
        assert re.fullmatch(r"<\W*(0x)?\*\*\*\W*>", echo), "what stands around it stays"


NEAR = {
    "text": CANARY[:-1] + "X ", "unicode escapes": "\\u0053\\u0075\\u0070", "percent": "%53%75%70",
    "entities": "&#83;&#117;", "no entities": "&#", "ampersands": "&",
    "zeros": "&#0000000000000000",
    "backslashes": "\\", "percent of percent": "%25", "hex": "53 75 70 ", "its first letter": "S",
}  # fmt: skip


@pytest.mark.parametrize("kind", NEAR)
def test_what_nearly_is_one_takes_no_longer(kind: str) -> None:
    redactor = Redactor([CANARY, "another-Sekret-of-ours"])
    redactor.body(CANARY.encode())
    body = (NEAR[kind] * (1_000_000 // len(NEAR[kind])) + " " + CANARY).encode()
    began = time.process_time()
    assert redactor.body(body).endswith(MASK.encode())
    assert time.process_time() - began < 0.5


@settings(deadline=None)
@given(value=VALUES)
def test_what_holds_no_secret_is_the_same_object(value: Any) -> None:
    body = json.dumps(value).encode()
    assert Redactor(["a-secret-of-ours"]).body(body) is body


def test_a_number_stays_json() -> None:
    body = b'{"a": 12345678, "b": [12345678 ,1], "c": "12345678", "d": 12345678}'
    redacted = Redactor(["12345678"]).body(body)
    assert json.loads(redacted) == {"a": MASK, "b": [MASK, 1], "c": MASK, "d": MASK}


@pytest.mark.parametrize("word", ["data", "error", "uuid"])
def test_a_short_secret_spoils_no_names(word: str) -> None:
    body = f'{{"{word}": [{{"{word}s": "{word} and {word}like"}}]}}'.encode()
    assert json.loads(Redactor([word]).body(body)) == {
        word: [{f"{word}s": f"{MASK} and {word}like"}]
    }


def test_without_secrets_nothing_is_hidden() -> None:
    assert Redactor([]).body(b"x") == b"x"
    assert Redactor(["", ""]).text("x") == "x"


def test_the_longest_of_two_counts() -> None:
    assert Redactor(["secret-one", "secret-one-and-two"]).text("secret-one-and-two!") == f"{MASK}!"
