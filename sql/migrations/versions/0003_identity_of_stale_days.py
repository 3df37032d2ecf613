"""Days whose marts are behind can be replicated, though their table has no key."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.execute("ALTER TABLE ops.stale_days REPLICA IDENTITY FULL")
