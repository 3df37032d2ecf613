"""The country and currency by which a day's facts were made, where the account has others now."""

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.execute("ALTER TABLE ops.days ADD COLUMN made_for text")
    op.execute(
        "COMMENT ON COLUMN ops.days.made_for IS 'Country and currency by which facts of the day "
        "were made before accounts.toml had others. NULL: by those that ops.accounts has'"
    )
