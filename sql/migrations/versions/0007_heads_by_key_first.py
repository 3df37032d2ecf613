"""The key comes first in the heads' key, so that no question by day takes it for its index."""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    # Readers go on while the index is made; loads wait for it.
    op.execute("CREATE UNIQUE INDEX heads_key ON raw.heads (record_key, account, stream)")
    op.execute(
        """
        ALTER TABLE raw.heads DROP CONSTRAINT heads_pkey,
              ADD CONSTRAINT heads_pkey PRIMARY KEY USING INDEX heads_key
        """
    )
