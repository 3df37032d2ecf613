"""What tells other code from this one."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from assets.loading.window.code import digest_of_code
from resources.vendors import conpeek


@pytest.fixture
def others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The file of a vendor that is somebody else's."""
    monkeypatch.syspath_prepend(tmp_path)
    file = tmp_path / "vendor_of_others.py"
    file.write_text("URL = 'one'\n")
    __import__(file.stem)
    yield file
    del sys.modules[file.stem]


def test_another_text_of_a_vendors_module_is_other_code(others: Path) -> None:
    digest_of_code.cache_clear()
    before = digest_of_code(others.stem)
    assert digest_of_code(conpeek.__name__) != before
    digest_of_code.cache_clear()
    assert digest_of_code(others.stem) == before
    others.write_text("URL = 'another'\n")
    digest_of_code.cache_clear()
    assert digest_of_code(others.stem) != before
