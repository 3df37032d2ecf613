"""What a day's facts were made for: time zone, country and currency, if the account has others."""

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.execute("ALTER TABLE ops.days ADD COLUMN made_for text[]")
    op.execute(
        "COMMENT ON COLUMN ops.days.made_for IS 'Time zones, countries and currencies by which "
        "facts of the day were made before accounts.toml had others. NULL: by those that "
        "ops.accounts has'"
    )
    op.execute("ALTER TABLE ops.accounts ADD COLUMN settings_since timestamptz")
    op.execute(
        "COMMENT ON COLUMN ops.accounts.settings_since IS "
        "'Since when it has this time zone, country and currency. NULL: not known'"
    )
