"""A warehouse for a whole module: histories have accounts of their own."""

from collections.abc import Iterator

import pytest

from resources.postgres.warehouse import Warehouse
from tests.conftest import fresh_database


@pytest.fixture(scope="module")
def module_warehouse(postgres_url: str, template_database: str) -> Iterator[Warehouse]:
    with fresh_database(postgres_url, template_database) as url:
        warehouse = Warehouse(url)
        yield warehouse
        warehouse.close()
