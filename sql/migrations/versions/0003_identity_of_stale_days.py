"""Days whose marts are behind can be replicated: their table has no key that a replica could go by."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.execute("ALTER TABLE ops.stale_days REPLICA IDENTITY FULL")
