"""What Callhouse writes for its next start is there whole, whatever ended it."""

import json
import multiprocessing
import stat
from pathlib import Path

from resources.text import files

TEXTS = [json.dumps({"text": char * 200_000}) for char in "ab"]


def write_for_ever(path: Path) -> None:
    while True:
        for text in TEXTS:
            files.write(path, text)


def test_a_file_is_whole_whenever_its_writer_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    files.write(path, TEXTS[0])
    for _ in range(5):
        writer = multiprocessing.get_context("fork").Process(target=write_for_ever, args=(path,))
        writer.start()
        writer.join(0.05)
        writer.kill()
        writer.join()
        assert path.read_text(encoding="utf-8") in TEXTS
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
