"""A page with permits that were given back is used again, not another one begun."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.execute("ALTER TABLE ops.permits RESET (fillfactor)")
