"""How much of the delivery log was removed, and what its removal looks for."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_webhook_attempt_at", "webhook_attempt", ["at"])
    finished = sa.text("finished_at IS NOT NULL")
    op.create_index(
        "ix_webhook_delivery_finished_at",
        "webhook_delivery",
        ["finished_at"],
        postgresql_where=finished,
        sqlite_where=finished,
    )
    op.create_table(
        "webhook_removal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("deliveries", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_removal")),
    )


def downgrade() -> None:
    op.drop_table("webhook_removal")
    op.drop_index("ix_webhook_delivery_finished_at", table_name="webhook_delivery")
    op.drop_index("ix_webhook_attempt_at", table_name="webhook_attempt")
