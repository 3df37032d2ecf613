"""What becomes of a batch's values that can't be read, and what in it is new to its mapping."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from resources.text import payload
from resources.vendor_api.series import Column, places
from resources.vendor_api.values import NO_VALUE, StandsForNothing, is_missing
from resources.vendor_api.vendor import Faults, Reject

MOST_NEW_FIELDS = 50
"""So many fields of a batch are reported as new: their names may be anything."""
LONGEST_NAME = 100


class Verdicts:
    """On a batch of `size` records, each known by its place. A field's first fault stays, and a
    record's first reason to reject it.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.faults: Faults = {}
        """Fields that couldn't be read, and are NULL."""
        self.rejects: dict[int, Reject] = {}
        self.new_fields: set[str] = set()
        """Fields that no mapping knows, and values outside a known list."""

    def note(self, where: Column, field: str, reason: str) -> None:
        """Notes that the field of the records `where` is true couldn't be read, and is NULL."""
        for index in places(where):
            self.note_at(index, field, reason)

    def note_at(self, index: int, field: str, reason: str) -> None:
        """The same of one record."""
        self.faults.setdefault(index, {}).setdefault(field, reason)

    def reject(self, where: Column, field: str, reason: str) -> None:
        """Rejects the records `where` is true."""
        for index in places(where):
            self.reject_at(index, field, reason)

    def reject_at(self, index: int, field: str, reason: str) -> None:
        """The same of one record."""
        self.rejects.setdefault(index, Reject(index, field, reason))

    def judge(
        self,
        values: list[Any],
        odd: list[int],
        field: str,
        reason: str,
        stands_for_nothing: StandsForNothing = lambda _: False,
        required: bool = False,
    ) -> None:
        """What becomes of the values at the places that are `odd`: see `values`."""
        for index in odd:
            if required:
                self.reject_at(index, field, reason)
            elif not is_missing(value := values[index]):
                self.note_at(index, field, NO_VALUE if stands_for_nothing(value) else reason)

    def require(self, values: list[Any], field: str) -> None:
        """Rejects the records that have no value in the field."""
        if None in values:
            for index, value in enumerate(values):
                if value is None:
                    self.reject_at(index, field, "missing")

    def unread(self, *fields: str) -> Column:
        """Where one of the fields has a value that couldn't be read: it may mean anything. (A
        placeholder means nothing.)
        """
        unread = np.zeros(self.size, dtype=bool)
        for index, faults in self.faults.items():
            unread[index] = any(faults.get(field, NO_VALUE) != NO_VALUE for field in fields)
        return pd.Series(unread)

    def tell(self, names: Iterable[str]) -> None:
        """Tells that there are fields which no mapping knows."""
        for name in names:
            if len(self.new_fields) >= MOST_NEW_FIELDS:
                return
            self.new_fields.add(payload.storable(name)[:LONGEST_NAME])
