"""The pictures of docs/analysts/plots.md: SVG, drawn from the demo with nothing but strings."""

from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Any

import psycopg

COLOURS = ("#3b6fb6", "#e0913a", "#5a9e6f", "#b5527a", "#8a7cc2")
WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 720, 320, 48, 40, 56


def calls_by_hour(connection: psycopg.Connection) -> str:
    """Stacked columns: an hour, its accounts. All are of one grain: others can't be added."""
    rows = connection.execute(
        "SELECT hour, account, sum(calls)::integer FROM marts.calls_by_hour"
        " WHERE call_date = '2026-03-10' AND grain = 'call' GROUP BY 1, 2"
    ).fetchall()
    accounts = sorted({account for _, account, _ in rows})
    found = {(hour, account): calls for hour, account, calls in rows}
    columns = [
        (str(hour), [float(found.get((hour, account), 0)) for account in accounts])
        for hour in range(24)
    ]
    names = [account.removeprefix("demo-") for account in accounts]
    title = "10 March 2026, calls by local hour: the accounts whose records are calls"
    return _columns(title, columns, names, "{:.0f}")


def outcomes(connection: psycopg.Connection) -> str:
    """Stacked columns: an account, its calls' outcomes as shares."""
    names = ("answered", "abandoned", "unanswered", "not_offered", "handed_on + contained")
    rows = connection.execute(
        "SELECT account, sum(answered_calls)::float8, sum(abandoned_calls)::float8,"
        " sum(unanswered_calls)::float8, sum(not_offered_calls)::float8,"
        " sum(handed_on_calls + contained_calls)::float8, sum(calls)::float8"
        " FROM marts.calls_by_day GROUP BY 1 ORDER BY 1"
    ).fetchall()
    columns = [
        (account.removeprefix("demo-"), [count / calls for count in counts])
        for account, *counts, calls in rows
    ]
    return _columns("What became of the calls, by account", columns, names, "{:.0%}")


def waits(connection: psycopg.Connection) -> str:
    """Pairs of columns: median and 90th percentile of the wait."""
    rows = connection.execute(
        "SELECT account, percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY wait_s)"
        " FROM facts.calls WHERE wait_s IS NOT NULL AND direction = 'inbound'"
        " AND missing_since IS NULL AND call_date BETWEEN '2026-03-10' AND '2026-03-11'"
        " GROUP BY 1 ORDER BY 1"
    ).fetchall()
    columns = [
        (account.removeprefix("demo-"), [half, most - half]) for account, (half, most) in rows
    ]
    names = ("half waited no longer", "nine of ten waited no longer")
    return _columns("Inbound callers' wait in seconds", columns, names, "{:.0f}")


PLOTS: dict[str, Callable[[psycopg.Connection], str]] = {
    "calls_by_hour.svg": calls_by_hour,
    "outcomes.svg": outcomes,
    "waits.svg": waits,
}


def _columns(
    title: str, columns: Sequence[tuple[str, Sequence[float]]], names: Sequence[str], form: str
) -> str:
    """Columns of stacked parts, with a scale and a key."""
    top = max(sum(parts) for _, parts in columns)
    scale = (HEIGHT - TOP - BOTTOM) / top
    step = (WIDTH - LEFT) / len(columns)
    drawn = [_text(LEFT, 18, title, size=14)]
    x = float(LEFT)
    for name, colour in zip(names, COLOURS, strict=False):
        drawn += [_box(x, 30, 10, 10, colour), _text(x + 14, 39, name)]
        x += 30 + 6.5 * len(name)
    for part in (0, 0.25, 0.5, 0.75, 1):
        y = HEIGHT - BOTTOM - part * top * scale
        drawn.append(f'<path d="M{LEFT} {y:.1f}H{WIDTH}" stroke="#ccc"/>')
        drawn.append(_text(LEFT - 6, y + 4, form.format(part * top), anchor="end"))
    for place, (label, parts) in enumerate(columns):
        x = LEFT + place * step
        for sofar, part, colour in zip(accumulate(parts), parts, COLOURS, strict=False):
            y = HEIGHT - BOTTOM - sofar * scale
            drawn.append(_box(x + step * 0.12, y, step * 0.76, part * scale, colour))
        drawn.append(_text(x + step / 2, HEIGHT - BOTTOM + 18, label, anchor="middle"))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'font-family="sans-serif" role="img" aria-label="{title}">\n'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>\n' + "\n".join(drawn) + "\n</svg>\n"
    )


def _box(*place: Any) -> str:
    x, y, width, height, colour = place
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{colour}"/>'
    )


def _text(x: float, y: float, text: str, anchor: str = "start", size: int = 11) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}">{text}</text>'
