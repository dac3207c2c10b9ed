"""Find who takes part in a call without reading all its bids; count new names of organisations."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "organization_name_changes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organization_name_changes")),
    )
    op.create_index("ix_bid_call_and_solver", "bid", ["scenario_id", "solver_id"])
    # The new one begins with the same column.
    op.drop_index("ix_bid_scenario_id", table_name="bid")


def downgrade() -> None:
    op.create_index("ix_bid_scenario_id", "bid", ["scenario_id"])
    op.drop_index("ix_bid_call_and_solver", table_name="bid")
    op.drop_table("organization_name_changes")
