"""Let deliveries be taken in batches: limits and order per endpoint, no body of their own."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

PENDING = sa.text("state = 'pending'")
IN_LINE = sa.text("state = 'pending' AND line_id IS NOT NULL")


def upgrade() -> None:
    with op.batch_alter_table("webhook_endpoint") as endpoint:
        endpoint.add_column(
            sa.Column("concurrency_max", sa.Integer(), nullable=False, server_default="4")
        )
        endpoint.add_column(sa.Column("rate_per_second", sa.Integer(), nullable=True))
        endpoint.add_column(sa.Column("paced_until", sa.DateTime(timezone=True), nullable=True))
        endpoint.add_column(
            sa.Column("ordered", sa.Boolean(), nullable=False, server_default=sa.false())
        )
    with op.batch_alter_table("webhook_endpoint") as endpoint:
        endpoint.alter_column("concurrency_max", server_default=None)
        endpoint.alter_column("ordered", server_default=None)
    op.drop_index("ix_webhook_delivery_due", table_name="webhook_delivery")
    with op.batch_alter_table("webhook_delivery") as delivery:
        # What is sent are the bytes of the event, which never change.
        delivery.drop_column("body")
        delivery.add_column(sa.Column("line_id", sa.Uuid(), nullable=True))
        delivery.add_column(sa.Column("line_number", sa.Integer(), nullable=True))
    op.create_index(
        "ix_webhook_delivery_due",
        "webhook_delivery",
        ["endpoint_id", "next_at", "id"],
        postgresql_where=PENDING,
        sqlite_where=PENDING,
    )
    op.create_index(
        "ix_webhook_delivery_line",
        "webhook_delivery",
        ["endpoint_id", "line_id", "line_number"],
        postgresql_where=IN_LINE,
        sqlite_where=IN_LINE,
    )
    op.create_index("ix_webhook_delivery_log", "webhook_delivery", ["endpoint_id", "id"])


def downgrade() -> None:
    for name in ("log", "line", "due"):
        op.drop_index(f"ix_webhook_delivery_{name}", table_name="webhook_delivery")
    op.execute("UPDATE webhook_delivery SET state = 'dead' WHERE state = 'withheld'")
    with op.batch_alter_table("webhook_delivery") as delivery:
        delivery.drop_column("line_number")
        delivery.drop_column("line_id")
        delivery.add_column(sa.Column("body", sa.LargeBinary(), nullable=True))
    op.execute(
        "UPDATE webhook_delivery SET body ="
        " (SELECT record FROM event WHERE event.id = webhook_delivery.event_id)"
    )
    with op.batch_alter_table("webhook_delivery") as delivery:
        delivery.alter_column("body", existing_type=sa.LargeBinary(), nullable=False)
    op.create_index(
        "ix_webhook_delivery_due", "webhook_delivery", ["endpoint_id", "state", "next_at"]
    )
    with op.batch_alter_table("webhook_endpoint") as endpoint:
        for name in ("ordered", "paced_until", "rate_per_second", "concurrency_max"):
            endpoint.drop_column(name)
