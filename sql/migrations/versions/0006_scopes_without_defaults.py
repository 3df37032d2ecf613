"""What an account's options narrow it to says nothing of those that narrow nothing."""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.execute(
        """
        UPDATE ops.streams
           SET scope = (SELECT coalesce(jsonb_object_agg(key, value), '{}')
                          FROM jsonb_each(CAST(scope AS jsonb))
                         WHERE value NOT IN ('null', '[]'))
         WHERE scope IS NOT NULL
        """
    )
