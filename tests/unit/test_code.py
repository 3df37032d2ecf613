"""What tells other code from this one."""

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

from assets.loading.window import code
from assets.loading.window.code import digest_of_code
from resources.vendors.conpeek import Conpeek


def read_in(file: Path) -> Callable[..., Any]:
    """A vendor's function in a file that is somebody else's."""
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    read: Callable[..., Any] = module.read
    return read


def test_another_text_of_a_vendors_package_is_other_code(tmp_path: Path) -> None:
    (tmp_path / "__init__.py").touch()
    mapping, client = tmp_path / "mapping.py", tmp_path / "client.py"
    mapping.write_text("COLUMN = 'one'\n")
    client.write_text("def read(): ...\n")
    read = read_in(client)
    before = digest_of_code(read)
    assert digest_of_code(Conpeek.dialogs) != before
    code._digest.cache_clear()
    assert digest_of_code(read) == before
    mapping.write_text("COLUMN = 'another'\n")
    code._digest.cache_clear()
    assert digest_of_code(read) != before
