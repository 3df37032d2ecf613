"""The container's entry point: settings from files, as they are."""

import subprocess
from pathlib import Path

import pytest

from resources.configuration.home import CHECKOUT

URL = "CALLHOUSE_DATABASE_URL"


def settings(**environment: str) -> dict[str, str]:
    """What the entry point's command has in its environment."""
    told = subprocess.run(
        ["/bin/sh", CHECKOUT / "deploy/entrypoint.sh", "env", "--null"],
        env={"PATH": "/usr/bin:/bin", **environment},
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return dict(line.split("=", 1) for line in told.rstrip("\0").split("\0"))


@pytest.mark.parametrize(
    "value", ["postgresql://u:p$w`id`\"'\\ x*@h/db?a=%2F", "-n", " spaced ", "two\nlines $HOME"]
)
def test_a_setting_comes_from_its_file_as_it_is(value: str, tmp_path: Path) -> None:
    file = tmp_path / "a secret"
    file.write_text(f"{value}\n", encoding="utf-8")
    told = settings(CALLHOUSE_DATABASE_URL_FILE=str(file))
    assert told[URL] == told["CALLHOUSE_DAGSTER_DATABASE_URL"] == value


def test_no_file_and_an_empty_one_set_nothing(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.touch()
    for file in ("", str(empty)):
        told = settings(CALLHOUSE_DATABASE_URL="given", CALLHOUSE_DATABASE_URL_FILE=file)
        assert told[URL] == "given"
    assert URL not in settings(OTHER="text\nCALLHOUSE_DATABASE_URL_FILE=of another")


def test_a_file_that_is_not_there_is_no_setting_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(subprocess.CalledProcessError) as caught:
        settings(CALLHOUSE_DATABASE_URL_FILE=str(tmp_path / "nowhere"))
    assert "nowhere" in caught.value.stderr
