"""Columns of facts that the loader works out from the mapping's, the same for all vendors."""

from collections.abc import Collection
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from assets.loading.landing.caller_keys import CallerKeys
from resources.account import Account
from sql.table import Source, Target

if TYPE_CHECKING:
    import pandas as pd

LONGEST_S = timedelta(days=366).total_seconds()
"""A duration beyond this is taken for a fault of the vendor's: no end follows from it."""


MADE_OF = {
    "caller_key": {"direction", "from_e164", "to_e164"},
    "started_local": {"started_at"},
}


def follow_from(names: Collection[str]) -> set[str]:
    """The columns, and those that are worked out from them alone."""
    return {*names, *(name for name, given in MADE_OF.items() if given <= set(names))}


def derive(
    frame: "pd.DataFrame",
    target: Target,
    account: Account,
    keys: CallerKeys,
    known: Collection[str] = (),
) -> "dict[str, pd.Series[Any]]":
    """The derived columns of the target's rows, except those that are known."""
    import pandas as pd

    columns: dict[str, pd.Series[Any]] = {}
    wanted = {column.name for column in target.copied if column.source is Source.DERIVED}
    wanted.difference_update(known)
    if "caller_key" in wanted:
        columns["caller_key"] = pd.Series(keys.of(frame), frame.index, object, "caller_key")
    if "started_local" in wanted:
        local = frame["started_at"].dt.tz_convert(account.timezone)
        columns["started_local"] = local.dt.tz_localize(None).rename("started_local")
    if any(column.name == "ended_at" for column in target.copied) and "ended_at" not in frame:
        columns |= _ends(frame)
    return columns


def _ends(frame: "pd.DataFrame") -> "dict[str, pd.Series[Any]]":
    """When calls ended that are over, of a vendor that only tells how long they took."""
    import pandas as pd

    if not {"started_at", "duration_s", "is_final"} <= set(frame):
        return {}
    known = frame["is_final"] & frame["duration_s"].between(0, LONGEST_S)
    took = pd.to_timedelta(frame["duration_s"].where(known), unit="s")
    return {"ended_at": frame["started_at"] + took}
