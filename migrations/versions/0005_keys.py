"""Sealed answers get a column of their own, which a new master key can find."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("idempotent_answer") as batch:
        batch.add_column(sa.Column("sealed_body", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("idempotent_answer") as batch:
        batch.drop_column("sealed_body")
