"""What a measured file got by group of rows, beside its result."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "result_outcomes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("result_id", sa.Uuid(), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["result_id"],
            ["submission_result.id"],
            name=op.f("fk_result_outcomes_result_id_submission_result"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_result_outcomes")),
        sa.UniqueConstraint("result_id", name=op.f("uq_result_outcomes_result_id")),
    )


def downgrade() -> None:
    op.drop_table("result_outcomes")
