"""The largest page that a server has given: one that is as large may be all that it gives."""

from dataclasses import dataclass

from resources.windows import Window

ROUND = 50
"""Most servers' own limits are multiples of this; others are powers of two, or one less."""
FEWEST = 100
"""Where there are no pages, no limit is below this: fewer rows are just few."""


@dataclass(slots=True)
class LargestPage:
    """The largest page that an account's server has ever given of a stream, as far as is known.
    One that is as large may be full, whatever was asked for.
    """

    rows: int = 0
    of_run: int = 0
    """The largest of this run: a server may have given more once, and give no more by now."""
    window: Window | None = None
    """Whose answer without pages was so large first, of those of this run."""

    def note(self, rows: int) -> None:
        """A page had so many."""
        self.rows = max(self.rows, rows)
        self.of_run = max(self.of_run, rows)

    def is_met(self, rows: int, window: Window) -> bool:
        """Notes an answer without pages, and tells whether it may be all that its server gives:
        none was larger, and it is a number that limits have, or another window's was as large. (The
        busiest day's own number comes again at each read of it, and says nothing.)
        """
        if rows > self.rows:
            self.window = None
        self.note(rows)
        if rows < FEWEST or rows < self.rows:
            return False
        other = self.window not in (None, window)
        self.window = self.window or window
        return other or _is_limit(rows)


def _is_limit(rows: int) -> bool:
    """Whether so many are what limits are: 250, 1,000, 999, 1,024, 2,047."""
    is_power = any(n & (n - 1) == 0 for n in (rows, rows + 1))
    return is_power or rows % ROUND == 0 or (rows + 1) % (2 * ROUND) == 0
