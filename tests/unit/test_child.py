"""The processes that `up` keeps running."""

import os
from pathlib import Path

import pytest

from pipelines.local import child
from pipelines.local.child import DEATHS_ALLOWED, Child
from resources.configuration.plain_environment import plain_environment
from resources.embedded.ports import free_port
from resources.errors import CallhouseError


@pytest.fixture
def short_lived(tmp_path: Path) -> Child:
    """A module that ends at once, without ever listening."""
    return Child("clerk", ["this"], tmp_path / "clerk.log", free_port())


def test_one_that_ends_before_it_listens_is_reported_with_its_last_words(
    short_lived: Child,
) -> None:
    short_lived.start(os.getpgrp())
    with pytest.raises(CallhouseError, match=r"(?s)The clerk doesn't start.*Namespaces are one"):
        short_lived.wait_until_ready()


def test_one_that_ends_again_and_again_is_given_up(short_lived: Child) -> None:
    short_lived.log.write_text("no memory left\n")
    for _ in range(DEATHS_ALLOWED):
        short_lived.count_death()
    with pytest.raises(CallhouseError, match=r"(?s)again and again.*no memory left"):
        short_lived.count_death()


def test_a_process_that_asks_no_vendor_gets_no_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    accounts = tmp_path / "accounts.toml"
    accounts.write_text(
        "[accounts.a]\ncredentials = { token = { env = 'A_TOKEN' }, key = { file = '/x' } }\n"
        "[accounts.b]\ncredentials = 'odd'\n[accounts.c.credentials]\ntoken = 7\n"
    )
    monkeypatch.setenv("A_TOKEN", "s3cr3t")
    (tmp_path / "tells.py").write_text("import os; print(dict(os.environ))")
    own = plain_environment(accounts) | {"PYTHONPATH": str(tmp_path)}
    clerk = Child("clerk", ["tells"], tmp_path / "log", None, own)
    clerk.start(os.getpgrp())
    assert clerk.process.wait(20) == 0
    assert "PYTHONPATH" in clerk.log.read_text()
    assert "s3cr3t" not in clerk.log.read_text()
    assert "A_TOKEN" in os.environ
    monkeypatch.delenv("A_TOKEN")
    assert plain_environment(accounts) == dict(os.environ)
    assert plain_environment(tmp_path / "none.toml") == dict(os.environ)


def test_deaths_of_long_ago_dont_count(short_lived: Child) -> None:
    short_lived.deaths = [-10_000.0] * DEATHS_ALLOWED
    short_lived.count_death()


def test_a_long_log_is_set_aside(short_lived: Child, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "LOG_BYTES", 10)
    with short_lived.log.open("a") as log:
        log.write("more than ten bytes\n")
        log.flush()
        short_lived.trim_log()
        log.write("next\n")
    assert short_lived.log.read_text() == "next\n"
    assert short_lived.log.with_suffix(".previous").read_text() == "more than ten bytes\n"
