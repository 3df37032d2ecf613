"""The register of erasures, outside of the database."""

from datetime import UTC, datetime
from pathlib import Path

from assets.privacy.register import Erasure, Register


def test_a_line_that_a_crash_cut_off_takes_no_other_along(tmp_path: Path) -> None:
    file = tmp_path / "erasures.jsonl"
    file.write_text('{"hash": "ab')
    moment = datetime(2025, 3, 12, tzinfo=UTC)
    erasures = [Erasure(name, "number", False, 1, moment, None, {}) for name in ("one", "two")]
    for erasure in erasures:
        Register(file).add(erasure)
    assert list(Register(file).erasures()) == erasures
    assert file.read_text().count("\n") == 3
