"""Where sockets go that nobody else may reach."""

import stat
import tempfile
from pathlib import Path

import pytest

from resources.embedded.sockets import LONGEST_NAME, LONGEST_PATH, private_folder


@pytest.mark.parametrize("depth", [1, 100])
def test_the_folder_is_private_and_near_enough_to_the_root(
    depth: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / ("d" * depth)
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    folder = private_folder()
    try:
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert len(str(folder / LONGEST_NAME)) <= LONGEST_PATH
    finally:
        folder.rmdir()
