"""Values as the report shows them."""

import pytest

from resources.report.shown import NOT_TOLD, length


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (None, NOT_TOLD), (0, "0.0 s"), (19.3, "19.3 s"), (60, "1:00 min"), (152, "2:32 min"),
        (3599, "59:59 min"), (3600, "1.0 h"), (17431, "4.8 h"), (3_600_000, "1,000.0 h"),
    ],
)  # fmt: skip
def test_lengths_of_one_kind_read_alike(seconds: float | None, shown: str) -> None:
    assert length(seconds) == shown
