"""The processes that `up` keeps running."""

import os
from pathlib import Path

import psutil
import pytest

from pipelines.local import child, watchdog
from pipelines.local.child import DEATHS_ALLOWED, Child
from resources.configuration.home import Home
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
    monkeypatch.setenv("TOKEN_OF_TOMORROW", "s3cr3t")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s3cr3t")
    monkeypatch.setenv("STORAGES_OWN", "needed")
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    (tmp_path / "dagster.yaml").write_text("storage: {postgres: {url: {env: STORAGES_OWN}}}\n")
    (tmp_path / "tells.py").write_text("import os; print(dict(os.environ))")
    own = plain_environment(accounts) | {"PYTHONPATH": str(tmp_path)}
    clerk = Child("clerk", ["tells"], tmp_path / "log", None, own)
    clerk.start(os.getpgrp())
    assert clerk.process.wait(20) == 0
    assert "PYTHONPATH" in clerk.log.read_text()
    assert "s3cr3t" not in clerk.log.read_text()
    assert "needed" in clerk.log.read_text()
    assert {"A_TOKEN", "TOKEN_OF_TOMORROW"} <= os.environ.keys()
    for unreadable in (tmp_path / "none.toml", tmp_path):
        own = plain_environment(unreadable)
        assert own["PATH"] == os.environ["PATH"]
        assert "s3cr3t" not in own.values()


def test_who_ends_everything_has_no_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_TOKEN", "s3cr3t")
    home = Home(tmp_path)
    with watchdog.process_group(home) as leader:
        own = psutil.Process(leader.pid).environ()
    assert leader.stdout
    leader.stdout.close()
    assert own["PATH"] == os.environ["PATH"]
    assert "s3cr3t" not in own.values()


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
