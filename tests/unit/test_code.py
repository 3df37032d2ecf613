"""What tells other code from this one."""

import importlib.util
import shutil
from pathlib import Path

from assets.loading.window import code


def digest_of(file: Path) -> str:
    """As a process that starts now has it."""
    spec = importlib.util.spec_from_file_location("code_of_a_clone", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    digest: str = module.DIGEST
    return digest


def test_another_text_of_a_vendor_is_other_code(tmp_path: Path) -> None:
    copy = tmp_path / Path(code.__file__).relative_to(code.CODE[0].parent)
    vendor = tmp_path / "resources" / "vendors" / "vendor.py"
    for file in (copy, vendor):
        file.parent.mkdir(parents=True)
    shutil.copy(code.__file__, copy)
    vendor.write_text("COLUMN = 'one'")
    before = digest_of(copy)
    assert digest_of(copy) == before
    vendor.write_text("COLUMN = 'another'")
    assert digest_of(copy) != before
