"""`docs/operators/limits.md` tells every limit that is declared, and every key there is."""

import tomllib

import pytest

from resources.account import Limits
from resources.configuration.home import CHECKOUT
from resources.http.permits import REASONS
from resources.vendor_api.vendor import Vendor
from resources.vendors import discover

PAGE = (CHECKOUT / "docs" / "operators" / "limits.md").read_text(encoding="utf-8")
ROWS = [[cell.strip() for cell in line.split("|")[1:-1]] for line in PAGE.splitlines()
        if line.startswith("|")]  # fmt: skip


@pytest.mark.parametrize("vendor", discover().values(), ids=lambda vendor: vendor.name)
def test_every_declared_limit_is_told_with_its_value_and_whether_a_document_says_so(
    vendor: Vendor,
) -> None:
    told = {row[1].strip("`"): row[2:] for row in ROWS if row[0] == vendor.name}
    assert told.keys() == vendor.limits.sources.keys()
    for key, (value, source) in told.items():
        if key == "daily_requests":
            assert value == f"`licenses` \N{MULTIPLICATION SIGN} {vendor.requests_per_license}"
        else:
            assert value == str(getattr(vendor.limits, key)).removesuffix(".0")
        declared = vendor.limits.sources[key]
        kind = (
            declared.partition(":")[0] if declared.startswith(("assumed", "ours")) else "document"
        )
        assert source.startswith(kind)


def test_every_key_is_explained() -> None:
    explained = PAGE.partition("## How they are kept")[2].partition("##")[0]
    for key in Limits.model_fields.keys() - {"sources"}:
        assert f"`{key}`" in explained, key


def test_every_file_that_it_names_exists() -> None:
    named = {word for word in PAGE.replace("`", " ").split() if word.startswith("tests/")}
    assert named
    assert all((CHECKOUT / name.rstrip(",")).exists() for name in named)
    assert REASONS["vendor"] in PAGE


def test_the_example_is_accepted() -> None:
    written = tomllib.loads(PAGE.partition("```toml\n")[2].partition("```")[0])
    assert Limits.model_validate(written["limits"]).reserve == 0.5
