"""What a measured file got by group of rows, and the columns that a hidden set is told by."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("hidden_set") as table:
        table.add_column(sa.Column("slices", sa.JSON(), nullable=False, server_default="[]"))
    with op.batch_alter_table("hidden_set") as table:
        table.alter_column("slices", existing_type=sa.JSON(), server_default=None)
    op.create_table(
        "result_outcomes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("result_id", sa.Uuid(), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["result_id"],
            ["submission_result.id"],
            name=op.f("fk_result_outcomes_result_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_result_outcomes")),
        sa.UniqueConstraint("result_id", name=op.f("uq_result_outcomes_result_id")),
    )


def downgrade() -> None:
    op.drop_table("result_outcomes")
    with op.batch_alter_table("hidden_set") as table:
        table.drop_column("slices")
