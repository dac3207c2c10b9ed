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
    op.create_table(
        "audit_known",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("thing", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_known")),
        sa.UniqueConstraint("thing", name=op.f("uq_audit_known_thing")),
    )
    # Of calls that were opened before, what bidders do from now on is no secret either.
    op.execute(
        "INSERT INTO audit_known (id, thing) SELECT scenario_id, scenario_id FROM opening"
        " WHERE opened_at IS NOT NULL"
    )
    op.execute(
        "INSERT INTO audit_known (id, thing) SELECT bid.id, bid.id FROM bid JOIN opening"
        " ON opening.scenario_id = bid.scenario_id WHERE opening.opened_at IS NOT NULL"
    )


def downgrade() -> None:
    op.drop_table("audit_known")
    op.drop_index("ix_audit_entry_sealed_under", table_name="audit_entry")
    op.drop_column("audit_entry", "sealed_under")
