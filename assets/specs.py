"""What the specs of assets have in common: their owners, and the columns of their tables."""

from typing import Any

import dagster as dg

import sql.catalog

OWNERS = ["team:data"]


def table_metadata(table: str) -> dict[str, Any]:
    """A table's or view's name and columns, as Dagster shows them."""
    columns = [
        dg.TableColumn(
            column.name,
            column.type,
            column.comment or None,
            dg.TableColumnConstraints(nullable=not column.required),
            _column_tags(column),
        )
        for column in (sql.catalog.tables() | sql.catalog.views())[table]
    ]
    return {
        "dagster/table_name": table,
        "dagster/column_schema": dg.TableSchema(columns=columns),
    }


def _column_tags(column: sql.catalog.CatalogColumn) -> dict[str, str]:
    """What Dagster shows beside the type."""
    tags = {"unit": column.unit} if column.unit else {}
    return tags | ({"personal": "yes"} if column.personal else {})
