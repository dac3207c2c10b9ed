"""Keep votes, price inquiries, exclusions, revocations, hearings and forfeited awards."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0016"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True)
WHEN = sa.DateTime(timezone=True)


def upgrade() -> None:
    _of_bids()
    _of_the_panel()
    op.create_table(
        "award_forfeit",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("award_id", sa.Uuid(), nullable=False),
        sa.Column("declared_by", sa.Uuid(), nullable=True),
        sa.Column("declared_at", WHEN, nullable=True),
        sa.Column("declared_reason", sa.String(length=2000), nullable=True),
        sa.Column("sign_until", WHEN, nullable=True),
        sa.Column("justified", sa.Boolean(), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", WHEN, nullable=True),
        sa.ForeignKeyConstraint(
            ["award_id"], ["award.id"], name=op.f("fk_award_forfeit_award_id")
        ),
        sa.ForeignKeyConstraint(
            ["declared_by"], ["person.id"], name=op.f("fk_award_forfeit_declared_by")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["person.id"], name=op.f("fk_award_forfeit_decided_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_award_forfeit")),
        sa.UniqueConstraint("award_id", name=op.f("uq_award_forfeit_award_id")),
    )


def downgrade() -> None:
    op.drop_table("award_forfeit")
    op.drop_table("price_inquiry")
    op.drop_index(op.f("ix_panel_vote_bid_id"), "panel_vote")
    op.drop_table("panel_vote")
    op.drop_index("uq_bid_hearing_one_open", "bid_hearing")
    op.drop_index(op.f("ix_bid_hearing_bid_id"), "bid_hearing")
    op.drop_table("bid_hearing")
    op.drop_table("bid_revocation")
    op.drop_table("hard_exclusion")


def _key(table: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}"))


def _to(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}")
    )


def _of_bids() -> None:
    op.create_table(
        "hard_exclusion",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("bid_id", sa.Uuid(), nullable=False),
        sa.Column("ground", sa.String(length=32), nullable=False),
        sa.Column("facts", JSON, nullable=False),
        sa.Column("found_at", WHEN, nullable=False),
        _to("hard_exclusion", "bid_id", "bid"),
        _key("hard_exclusion"),
        sa.UniqueConstraint("bid_id", "ground", name=op.f("uq_hard_exclusion_bid_id_ground")),
    )
    op.create_table(
        "bid_revocation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("bid_id", sa.Uuid(), nullable=False),
        sa.Column("state_before", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.String(length=2000), nullable=False),
        sa.Column("bond_may_be_kept", sa.Boolean(), nullable=False),
        sa.Column("revoked_by", sa.Uuid(), nullable=False),
        sa.Column("revoked_at", WHEN, nullable=False),
        _to("bid_revocation", "bid_id", "bid"),
        _to("bid_revocation", "revoked_by", "person"),
        _key("bid_revocation"),
        sa.UniqueConstraint("bid_id", name=op.f("uq_bid_revocation_bid_id")),
    )
    op.create_table(
        "bid_hearing",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("bid_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("ground", sa.String(length=32), nullable=False),
        sa.Column("accusation", JSON, nullable=False),
        sa.Column("evidence", JSON, nullable=False),
        sa.Column("offered_by", sa.Uuid(), nullable=False),
        sa.Column("offered_at", WHEN, nullable=False),
        sa.Column("answer_until", WHEN, nullable=False),
        sa.Column("answer", sa.String(length=20_000), nullable=True),
        sa.Column("answered_by", sa.Uuid(), nullable=True),
        sa.Column("answered_at", WHEN, nullable=True),
        sa.Column("decision", JSON, nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", WHEN, nullable=True),
        _to("bid_hearing", "bid_id", "bid"),
        _to("bid_hearing", "offered_by", "person"),
        _to("bid_hearing", "answered_by", "person"),
        _to("bid_hearing", "decided_by", "person"),
        _key("bid_hearing"),
    )
    op.create_index(op.f("ix_bid_hearing_bid_id"), "bid_hearing", ["bid_id"])
    still_open = sa.text("state IN ('offered', 'answered')")
    op.create_index(
        "uq_bid_hearing_one_open",
        "bid_hearing",
        ["bid_id"],
        unique=True,
        postgresql_where=still_open,
        sqlite_where=still_open,
    )


def _of_the_panel() -> None:
    op.create_table(
        "panel_vote",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("seat_id", sa.Uuid(), nullable=False),
        sa.Column("bid_id", sa.Uuid(), nullable=False),
        sa.Column("matter", sa.String(length=32), nullable=False),
        sa.Column("agrees", sa.Boolean(), nullable=False),
        sa.Column("reason_code", sa.String(length=64), nullable=False),
        sa.Column("reason", JSON, nullable=False),
        sa.Column("cast_at", WHEN, nullable=False),
        _to("panel_vote", "seat_id", "panel_seat"),
        _to("panel_vote", "bid_id", "bid"),
        _key("panel_vote"),
        sa.UniqueConstraint("seat_id", "bid_id", "matter", name=op.f("uq_panel_vote_seat_id_bid_id_matter")),
    )
    op.create_index(op.f("ix_panel_vote_bid_id"), "panel_vote", ["bid_id"])
    op.create_table(
        "price_inquiry",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("bid_id", sa.Uuid(), nullable=False),
        sa.Column("quote_fen", sa.BigInteger(), nullable=False),
        sa.Column("hits", JSON, nullable=False),
        sa.Column("figures", JSON, nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=True),
        sa.Column("asked_at", WHEN, nullable=False),
        sa.Column("answer_until", WHEN, nullable=False),
        sa.Column("explanation", sa.String(length=20_000), nullable=True),
        sa.Column("explained_by", sa.Uuid(), nullable=True),
        sa.Column("explained_at", WHEN, nullable=True),
        sa.Column("accepted", sa.Boolean(), nullable=True),
        sa.Column("decided_at", WHEN, nullable=True),
        _to("price_inquiry", "bid_id", "bid"),
        _to("price_inquiry", "asked_by", "person"),
        _to("price_inquiry", "explained_by", "person"),
        _key("price_inquiry"),
        sa.UniqueConstraint("bid_id", name=op.f("uq_price_inquiry_bid_id")),
    )
