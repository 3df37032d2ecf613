"""What each credential has used of a quota: it goes with it when its account is renamed."""

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.execute("ALTER TABLE ops.quotas ADD COLUMN by_credential jsonb NOT NULL DEFAULT '{}'")
    op.execute("CREATE INDEX quotas_by_day ON ops.quotas (day, bucket)")
    op.execute(
        """
        COMMENT ON COLUMN ops.quotas.by_credential IS
            'What each credential, by its keyed hash, has of used and by_backfill'
        """
    )
