"""Let deliveries that wait for the one before them have no time: nobody walks over them."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    with op.batch_alter_table("webhook_delivery") as delivery:
        delivery.alter_column("next_at", existing_type=TIME, nullable=True)
    op.execute(
        "UPDATE webhook_delivery SET next_at = NULL"
        " WHERE state = 'pending' AND lease_token IS NULL AND endpoint_id IN"
        " (SELECT id FROM webhook_endpoint WHERE ordered)"
        " AND EXISTS (SELECT 1 FROM webhook_delivery AS b"
        " WHERE b.endpoint_id = webhook_delivery.endpoint_id"
        " AND b.line_id = webhook_delivery.line_id AND b.line_id IS NOT NULL"
        " AND b.state = 'pending' AND b.line_number < webhook_delivery.line_number)"
    )


def downgrade() -> None:
    op.execute("UPDATE webhook_delivery SET next_at = created_at WHERE next_at IS NULL")
    with op.batch_alter_table("webhook_delivery") as delivery:
        delivery.alter_column("next_at", existing_type=TIME, nullable=False)
