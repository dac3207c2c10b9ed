"""Keep beside every ranking how sure it is."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "round_certainty",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("sensitivity", sa.LargeBinary(), nullable=False),
        sa.Column("sensitivity_sha256", sa.String(length=64), nullable=False),
        sa.Column("panel", sa.LargeBinary(), nullable=False),
        sa.Column("panel_sha256", sa.String(length=64), nullable=False),
        sa.Column("code_version", sa.String(length=32), nullable=False),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["round_id"], ["ranking_round.id"], name=op.f("fk_round_certainty_round_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_round_certainty")),
        sa.UniqueConstraint("round_id", name=op.f("uq_round_certainty_round_id")),
    )


def downgrade() -> None:
    op.drop_table("round_certainty")
