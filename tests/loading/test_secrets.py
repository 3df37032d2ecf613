"""A vendor that echoes the token, in whatever way: it is nowhere in what is written down."""

import base64
import json
import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from pydantic import SecretStr

from resources.standin import Fault
from tests.loading.conftest import Open, Scene
from tests.loading.lists import EVERY
from tests.model.system import System

TOKEN = "Sesame-0pen+&now"
FORMS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "upper case": str.upper,
    "percent": lambda token: quote(token, safe=""),
    "some percent": lambda token: token.replace("e", "%65"),
    "twice percent": lambda token: quote(quote(token, safe=""), safe=""),
    "base64": lambda token: base64.b64encode(token.encode()).decode(),
    "basic": lambda token: base64.b64encode(f"user:{token}:x".encode()).decode(),
    "hex": lambda token: token.encode().hex(),
    "html": lambda token: token.replace("&", "&amp;"),
}
ESCAPED: dict[str, Callable[[str], str]] = {
    "all": lambda token: "".join(f"\\u{ord(char):04x}" for char in token),
    "some": lambda token: token.replace("a", "\\u0061"),
}
"""How JSON may write it: only in a body."""
EVERYTHING = """
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
"""


@pytest.fixture(scope="module")
def system(own_system: System) -> System:
    """All its tables are read."""
    return own_system


def echoing(scene: Open, vendor: str) -> Scene:
    """A scene whose vendor has two calls, and knows the token."""
    here = scene(vendor)
    here.tenant.token = TOKEN
    credentials = {**here.account.credentials, "token": SecretStr(TOKEN)}
    here.account = here.account.model_copy(update={"credentials": credentials})
    here.put(here.thing(1), here.thing(2, minutes=5))
    return here


def written(here: Scene) -> str:
    """All that stands in any table of the warehouse, in lower case."""
    tables = [tuple(row) for row in here.system.query(EVERYTHING, here.account)]
    rows = (
        here.system.query(f'SELECT t::text FROM "{schema}"."{name}" t', here.account)
        for schema, name in tables
    )
    return "\n".join(row[0] or "" for found in rows for row in found).lower()


def forms() -> dict[str, str]:
    """Every way of writing the token that must not be found, in lower case."""
    escaped = json.dumps(TOKEN)[1:-1]
    found = {name: write(TOKEN) for name, write in FORMS.items()} | {"json": escaped}
    found |= {name: write(TOKEN) for name, write in ESCAPED.items()}
    # In base64 with something before it only the middle stays the same.
    found["basic"] = found["basic"][8:-6]
    return {name: form.lower() for name, form in found.items()}


def assert_hidden(text: str) -> None:
    for name, form in forms().items():
        assert form not in text.lower(), name


def record_echo(rows: list[Any]) -> None:
    """The token in texts that no mapping knows, flat and nested, under a name that is it."""
    for row in rows:
        row["echo"] = {name: f"with {write(TOKEN)} in it" for name, write in FORMS.items()}
        row[f"field {TOKEN}"] = "x"


@pytest.mark.parametrize("vendor", EVERY)
def test_records_that_echo_it(scene: Open, vendor: str, caplog: pytest.LogCaptureFixture) -> None:
    here = echoing(scene, vendor)
    here.tenant.arm(Fault.rows(record_echo, "echo"), 10)
    with caplog.at_level(logging.DEBUG):
        assert here.backfill().error is None
    assert len(here.versions()) == 2, "the records are there"
    everything = written(here)
    assert "with *** in it" in everything
    assert_hidden(everything + caplog.text)


@pytest.mark.parametrize("vendor", EVERY)
def test_failures_that_echo_it(scene: Open, vendor: str) -> None:
    here = echoing(scene, vendor)
    echoes = [write(TOKEN) for write in (FORMS | ESCAPED).values()]
    # So long before it that what is kept is cut in its middle, unless it is redacted first.
    cut = [f"{'x' * before}{TOKEN}" for before in (190, 1_990, 65_530)]
    echoes = [" ".join(echoes), *cut]
    bodies = [f'{{"error": 1, "reason": "{told}", "msg": "{told}"}}' for told in echoes]
    bodies.append(f"<html><title>{TOKEN}</title>{TOKEN}</html>")
    for body in bodies:
        here.tenant.arm(Fault.body(body.encode()), 4)
        result = here.backfill()
        assert result.error
        assert_hidden(str(result))
        here.later(hours=1)
    assert_hidden(written(here))


@pytest.mark.parametrize("vendor", EVERY)
def test_a_redirect_that_echoes_it(scene: Open, vendor: str) -> None:
    here = echoing(scene, vendor)
    for where in (f"https://{quote(TOKEN.lower(), safe='')}.evil.example/", f"/{TOKEN}"):
        here.tenant.arm(Fault.redirect(where), 4)
        result = here.backfill()
        assert result.error
        assert_hidden(written(here) + str(result))
        here.later(hours=1)


def test_what_is_left_of_it_says_that_something_was_hidden(scene: Open) -> None:
    here = echoing(scene, "conpeek")
    here.tenant.arm(Fault.field("from_display_target", f"to {TOKEN}"))
    here.backfill()
    assert ("to ***",) in here.query(
        "SELECT from_number FROM facts.call_legs WHERE account = :account"
    )
