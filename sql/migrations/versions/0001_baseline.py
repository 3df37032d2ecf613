"""The tables as of the first release; later changes are migrations of their own."""

import sqlalchemy as sa
from alembic import op

import sql

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Lays every object of `sql/schema`, in the order of the files' names."""
    for name in sql.names("schema"):
        op.execute(sa.text(sql.read(name).replace(":", r"\:")))
