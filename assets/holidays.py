"""Public holidays of the accounts' countries, from a maintained library, for `marts.calendar`."""

import json

from resources.postgres.warehouse import Warehouse


def fill_holidays(warehouse: Warehouse) -> None:
    """Writes the years that accounts have days in and nobody has written. A country that the
    library doesn't know is noted as such.
    """
    lacking = warehouse.rows("maintenance/lacking_holidays")
    for row in lacking:
        days = _holidays(row.country, row.year)
        warehouse.run(
            "maintenance/put_holidays",
            country=row.country,
            year=row.year,
            days=None if days is None else json.dumps(days, ensure_ascii=False),
        )


def _holidays(country: str, year: int) -> dict[str, str] | None:
    """Names by day; None for a country that isn't known."""
    import holidays

    try:
        found = holidays.country_holidays(country, years=year)
    except NotImplementedError:
        return None
    return {day.isoformat(): name for day, name in sorted(found.items())}
