"""Replays of the log, how much of the delivery log was removed, and what is looked for to do so."""

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
    op.create_table(
        "webhook_replay",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("endpoint_id", sa.Uuid(), nullable=False),
        sa.Column("requested_by", sa.Uuid(), nullable=True),
        sa.Column("event_types", sa.JSON(), nullable=False),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("to_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("from_event_id", sa.Uuid(), nullable=True),
        sa.Column("to_event_id", sa.Uuid(), nullable=True),
        sa.Column("first_number", sa.BigInteger(), nullable=False),
        sa.Column("last_number", sa.BigInteger(), nullable=False),
        sa.Column("read_up_to", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("worked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["endpoint_id"],
            ["webhook_endpoint.id"],
            name=op.f("fk_webhook_replay_endpoint_id"),
        ),
        sa.ForeignKeyConstraint(
            ["requested_by"], ["person.id"], name=op.f("fk_webhook_replay_requested_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_replay")),
    )
    op.create_index(op.f("ix_webhook_replay_endpoint_id"), "webhook_replay", ["endpoint_id"])
    op.create_index(op.f("ix_webhook_replay_state"), "webhook_replay", ["state"])


def downgrade() -> None:
    op.drop_table("webhook_replay")
    op.drop_table("webhook_removal")
    op.drop_index("ix_webhook_delivery_finished_at", table_name="webhook_delivery")
    op.drop_index("ix_webhook_attempt_at", table_name="webhook_attempt")
