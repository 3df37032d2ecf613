"""A backup without facts is one of which all can be made again."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from assets.maintenance import expiry
from assets.privacy import forget
from assets.privacy.forget import Person
from resources.embedded import dump
from resources.errors import CallhouseError
from tests.conftest import fresh_database
from tests.loading.conftest import DAY, Open, open_system
from tests.loading.forgetting import fetch_details, open_site, recording
from tests.model.system import System


@pytest.fixture
def system(postgres_url: str, template_database: str) -> Iterator[System]:
    """Others' days would count."""
    with fresh_database(postgres_url, template_database) as url, open_system(url) as system:
        yield system


@pytest.mark.parametrize("what", ["audio for its age", "the person out of a call that stays"])
def test_facts_without_audio_can_still_be_left_out_of_a_backup(
    scene: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """What raw lacks of audio, facts lack, too."""
    here, number, files = recording(scene, tmp_path, monkeypatch)
    fetch_details(here, "recording_audio")
    warehouse = here.system.warehouse
    if what == "audio for its age":
        expiry.drop_audio(warehouse, DAY + timedelta(days=1))
    else:
        forget.forget_person(open_site(here, tmp_path), Person(number, keeps_calls=True))
    assert files() == []
    url = warehouse.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url) as connection:
        dump._require_raw(connection)
        expiry.drop_raw(warehouse, DAY + timedelta(days=1))
        with pytest.raises(CallhouseError, match="raw has gone for its age"):
            dump._require_raw(connection)
