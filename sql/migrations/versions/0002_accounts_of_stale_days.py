"""Whose facts of a day changed, so that marts needn't compute the whole day again."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("ALTER TABLE ops.stale_days ADD COLUMN account text")
    op.execute(
        "COMMENT ON COLUMN ops.stale_days.account IS"
        " 'The account whose facts changed. NULL: perhaps any'"
    )
