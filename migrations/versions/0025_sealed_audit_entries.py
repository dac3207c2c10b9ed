"""Let entries of the audit log that tell who bids stay unread until the bids are opened."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("audit_entry", sa.Column("sealed_under", sa.Uuid(), nullable=True))
    op.create_index("ix_audit_entry_sealed_under", "audit_entry", ["sealed_under"])


def downgrade() -> None:
    op.drop_index("ix_audit_entry_sealed_under", table_name="audit_entry")
    op.drop_column("audit_entry", "sealed_under")
