"""A small chart of a day's calls by hour: as a line of blocks, and as an image.

Dagster's UI shows text as it is, and images in Markdown only when asked to.
"""

import base64
from collections.abc import Mapping

import dagster as dg

BLOCKS = "▁▂▃▄▅▆▇█"
WIDTH, HEIGHT, BAR = 384, 64, 12
COLOUR = "#7c6df2"
"""Seen on Dagster's light theme and on its dark one."""


def as_text(calls: Mapping[int, int]) -> str:
    """A block for each hour from 0 to 23, and the busiest one in words."""
    most = max(calls.values())
    blocks = "".join(
        BLOCKS[-(-calls[hour] * len(BLOCKS) // most) - 1] if calls.get(hour) else "·"
        for hour in range(24)
    )
    return f"{blocks}  {_in_words(calls)}"


def as_image(calls: Mapping[int, int], what: str = "calls") -> dg.MarkdownMetadataValue:
    """A bar for each hour. `calls` (or `what` is counted) are by hour, 0 to 23."""
    most, step = max(calls.values()), WIDTH / 24
    bars = "".join(
        f'<rect x="{hour * step + (step - BAR) / 2:g}" y="{HEIGHT - height:g}" '
        f'width="{BAR}" height="{height:g}"/>'
        for hour, count in sorted(calls.items())
        if (height := max(1, round(count / most * HEIGHT, 1)))
    )
    labels = "".join(
        f'<text x="{(hour + 0.5) * step:g}" y="{HEIGHT + 14}" text-anchor="middle">{hour:02}</text>'
        for hour in range(0, 24, 3)
    )
    image = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT + 18}" '
        f'fill="{COLOUR}" font-family="sans-serif" font-size="11">{bars}{labels}</svg>'
    )
    encoded = base64.b64encode(image.encode()).decode()
    words = _in_words(calls, what)
    return dg.MetadataValue.md(f"![{words}](data:image/svg+xml;base64,{encoded})\n\n{words}")


def _in_words(calls: Mapping[int, int], what: str = "calls") -> str:
    busiest = max(calls, key=lambda hour: calls[hour])
    return f"{sum(calls.values()):,} {what}, most from {busiest:02}:00 ({calls[busiest]:,})"
