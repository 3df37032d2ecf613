"""A wrong accounts file while Callhouse runs: who goes on, with what, and what is said of it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from resources.configuration.home import Home
from resources.configuration.settings import THE_FILE, Settings, read_settings
from tests.unit.test_configuration import SECRET, entry

Read = Callable[..., Settings]


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "accounts.toml"
    monkeypatch.setenv("CALLHOUSE_ACCOUNTS", str(file))
    monkeypatch.setenv("A_TOKEN", SECRET)
    return file


@pytest.fixture
def read(file: Path, tmp_path: Path) -> Read:
    """Reads the file as it is now, with these entries; without any, as it stands."""

    def read(*entries: str) -> Settings:
        if entries:
            file.write_text("\n".join(entries), encoding="utf-8")
        settings = read_settings(Home(tmp_path / "home"))
        assert SECRET not in repr(settings.faults)
        return settings

    return read


def currencies(settings: Settings) -> dict[str, str | None]:
    return {name: account.currency for name, account in settings.accounts.items()}


def test_a_good_file_is_as_written(read: Read) -> None:
    settings = read(entry("one", currency='"COP"'), entry("two"))
    assert currencies(settings) == {"one": "COP", "two": None}
    assert settings.sentences() == []


def test_an_account_that_turns_wrong_goes_on_as_it_was_and_others_as_they_are(read: Read) -> None:
    read(entry("one", currency='"COP"'), entry("two"))
    settings = read(entry("one", currency='"pesos"'), entry("two", currency='"CLP"'))
    assert currencies(settings) == {"one": "COP", "two": "CLP"}
    assert settings.kept == {"one"}
    assert not settings.left_out
    assert list(settings.faults) == ["one"]
    assert settings.sentences()[0].startswith("accounts.one.currency: ")
    assert settings.sentences()[1] == "with their last good settings go on: one"
    assert read(entry("one", currency='"EUR"'), entry("two")).sentences() == []


def test_a_new_account_that_is_wrong_is_left_out(read: Read) -> None:
    read(entry("one"))
    settings = read(entry("one"), entry("new", vendor="nobody"))
    assert list(settings.accounts) == ["one"]
    assert settings.left_out == {"new"}
    assert not settings.kept
    assert "no vendor 'nobody'" in settings.sentences()[0]
    assert settings.sentences()[-1] == "left out until that is right: new"


def test_an_account_that_is_taken_out_is_gone_though_another_is_wrong(read: Read) -> None:
    read(entry("one"), entry("two"))
    assert list(read(entry("one", currency='"pesos"')).accounts) == ["one"]


@pytest.mark.parametrize("text", ["[accounts.one", "", "accounts = 5", "\0", "[accounts]"])
def test_a_file_that_cannot_be_read_changes_nothing(read: Read, text: str, file: Path) -> None:
    read(entry("one"), entry("two"))
    file.write_text(text, encoding="utf-8")
    settings = read()
    assert list(settings.accounts) == ["one", "two"]
    assert settings.kept == {"one", "two"}
    assert list(settings.faults) == [THE_FILE]


def test_a_file_that_is_away_for_a_moment_changes_nothing(read: Read, file: Path) -> None:
    read(entry("one"))
    file.unlink()
    assert list(read().accounts) == ["one"]
    assert read().sentences()


def test_without_a_good_file_ever_there_is_nobody(read: Read) -> None:
    settings = read("[accounts.one")
    assert not settings.accounts
    assert "not valid TOML" in settings.sentences()[0]


def test_a_key_that_belongs_nowhere_is_told_and_stops_nobody(read: Read) -> None:
    settings = read("surprise = 1\n", entry("one"))
    assert list(settings.accounts) == ["one"]
    assert settings.sentences() == ["surprise: unknown; expected [accounts.<name>]"]


def test_a_secret_that_is_gone_leaves_its_account_out(read: Read, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("t", encoding="utf-8")
    mine = entry("one", credentials=f'{{ token = {{ file = "{token}" }} }}')
    read(mine, entry("two"))
    token.unlink()
    settings = read(mine, entry("two"))
    assert list(settings.accounts) == ["two"]
    assert settings.left_out == {"one"}
    token.write_text("t", encoding="utf-8")
    assert list(read(mine, entry("two")).accounts) == ["one", "two"]


def test_accounts_that_no_longer_go_together(read: Read) -> None:
    """Who shares a quota has to agree on it: what was good before still is, or nobody's new is."""
    poor, rich = {"operation": '"acme"', "licenses": "1"}, {"operation": '"acme"', "licenses": "2"}
    read(entry("one", **poor), entry("two", **poor))
    settings = read(entry("one", **poor), entry("two", **rich))
    assert settings.accounts["one"].limits == settings.accounts["two"].limits
    assert settings.kept == {"two"}
    read(entry("one", **poor), entry("two", **poor))
    settings = read(entry("one", **rich), entry("two", **rich, currency='"pesos"'))
    assert list(settings.accounts) == ["one"]
    assert settings.left_out == {"two"}


def test_homes_keep_their_own_and_each_file_is_kept_by_itself(
    read: Read, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read(entry("one"))
    other = tmp_path / "other.toml"
    other.write_text("[", encoding="utf-8")
    monkeypatch.setenv("CALLHOUSE_ACCOUNTS", str(other))
    assert read_settings(Home(tmp_path / "home")).accounts == {}


def test_whoever_only_looks_needs_no_secrets(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text("\n".join([entry("one", licenses="5"), entry("two", licenses="6")]))
    monkeypatch.delenv("A_TOKEN")
    home = Home(tmp_path / "home")
    settings = read_settings(home, needs_secrets=False)
    assert not settings.sentences()
    assert {name: account.secrets for name, account in settings.accounts.items()} == {
        "one": (),
        "two": (),
    }
    assert read_settings(home).left_out == {"one", "two"}  # and nothing was kept as good
    file.write_text(entry("one", credentials=f'{{ token = "{SECRET}" }}'))
    (fault, *_) = read_settings(home, needs_secrets=False).sentences()
    assert "a literal secret is refused" in fault
