"""The tables as of the first release; later changes are migrations of their own."""

import hashlib
from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Lays the tables of 0.1.0."""
    laid = Path(__file__).with_suffix(".sql").read_bytes()
    op.get_bind().exec_driver_sql(laid.decode().replace("%", "%%"))
    # Until the first release the tables may change under the same version: what they were made by.
    op.get_bind().execute(
        sa.text("INSERT INTO ops.settings VALUES ('baseline', :digest)"),
        {"digest": hashlib.sha256(laid).hexdigest()},
    )
