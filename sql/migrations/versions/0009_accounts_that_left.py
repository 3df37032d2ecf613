"""Since when accounts.toml doesn't have an account any more."""

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.execute("ALTER TABLE ops.accounts ADD COLUMN left_at timestamptz")
    op.execute(
        "COMMENT ON COLUMN ops.accounts.left_at IS "
        "'Since when accounts.toml doesn''t have it any more. NULL: it has'"
    )
