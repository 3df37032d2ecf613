"""Whose number a caller's key stands for, and that it tells nobody the number."""

import pandas as pd
import pytest

from assets.loading.landing.caller_keys import HEX_DIGITS, CallerKeys

ANA, BEN = "+573205551234", "+56221234567"


def key(direction: str, caller: str | None, called: str | None, secret: bytes = b"s") -> str | None:
    row = {"direction": direction, "from_e164": caller, "to_e164": called}
    return CallerKeys(secret).of(pd.DataFrame([row]))[0]


@pytest.mark.parametrize(
    ("direction", "caller", "called", "customer"),
    [
        ("inbound", ANA, BEN, ANA),
        ("inbound", None, BEN, None),
        ("outbound", BEN, ANA, ANA),
        ("outbound", ANA, None, None),
        ("unknown", ANA, None, ANA),
        ("unknown", None, ANA, ANA),
        ("unknown", ANA, BEN, None),
        ("internal", ANA, None, None),
    ],
)
def test_it_stands_for_the_customers_number(
    direction: str, caller: str | None, called: str | None, customer: str | None
) -> None:
    assert key(direction, caller, called) == (customer and key("inbound", customer, None))


def test_only_who_has_the_secret_can_tell_whose_it_is() -> None:
    ours = key("inbound", ANA, None)
    assert ours is not None
    assert len(ours) == HEX_DIGITS
    assert ours not in (key("inbound", ANA, None, b"another"), key("inbound", BEN, None))


def test_a_mapping_without_numbers_has_no_keys() -> None:
    assert CallerKeys(b"s").of(pd.DataFrame({"direction": ["inbound", "outbound"]})) == [None, None]
