"""Create what a call remembers of consortia, of who takes part, and of corrected prices."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0015"
branch_labels = None
depends_on = None

LIVE = sa.text("state IN ('invited', 'accepted')")


def upgrade() -> None:
    op.create_table(
        "participation_secret",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("scenario_id", sa.Uuid(), nullable=False),
        sa.Column("sealed_secret", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["scenario_id"], ["scenario.id"], name=op.f("fk_participation_secret_scenario_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_participation_secret")),
        sa.UniqueConstraint("scenario_id", name=op.f("uq_participation_secret_scenario_id")),
    )
    op.create_table(
        "participation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("scenario_id", sa.Uuid(), nullable=False),
        sa.Column("bid_id", sa.Uuid(), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["bid_id"], ["bid.id"], name=op.f("fk_participation_bid_id")),
        sa.ForeignKeyConstraint(
            ["scenario_id"], ["scenario.id"], name=op.f("fk_participation_scenario_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_participation")),
        sa.UniqueConstraint("scenario_id", "token", name=op.f("uq_participation_scenario_id_token")),
    )
    op.create_index(op.f("ix_participation_bid_id"), "participation", ["bid_id"])
    op.create_table(
        "consortium_invitation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("scenario_id", sa.Uuid(), nullable=False),
        sa.Column("lead_token", sa.String(length=64), nullable=False),
        sa.Column("member_token", sa.String(length=64), nullable=False),
        sa.Column("sealed_terms", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["scenario_id"], ["scenario.id"], name=op.f("fk_consortium_invitation_scenario_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consortium_invitation")),
    )
    op.create_index(
        "uq_consortium_invitation_live",
        "consortium_invitation",
        ["scenario_id", "lead_token", "member_token"],
        unique=True,
        postgresql_where=LIVE,
        sqlite_where=LIVE,
    )
    op.create_index(
        "ix_consortium_invitation_member", "consortium_invitation", ["scenario_id", "member_token"]
    )
    op.create_table(
        "price_correction",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("bid_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("original", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("corrected", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("steps", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("quote_fen", sa.BigInteger(), nullable=False),
        sa.Column("corrected_fen", sa.BigInteger(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("respond_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("respond_basis", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("answered_by", sa.Uuid(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["bid_id"], ["bid.id"], name=op.f("fk_price_correction_bid_id")),
        sa.ForeignKeyConstraint(
            ["answered_by"], ["person.id"], name=op.f("fk_price_correction_answered_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_price_correction")),
        sa.UniqueConstraint("bid_id", name=op.f("uq_price_correction_bid_id")),
    )


def downgrade() -> None:
    op.drop_table("price_correction")
    op.drop_index("ix_consortium_invitation_member", "consortium_invitation")
    op.drop_index("uq_consortium_invitation_live", "consortium_invitation")
    op.drop_table("consortium_invitation")
    op.drop_index(op.f("ix_participation_bid_id"), "participation")
    op.drop_table("participation")
    op.drop_table("participation_secret")
