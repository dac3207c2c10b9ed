"""Documents of bids, sealed part by part, and what an opening makes of them; where offers came
from; signals of collusion, and what people made of them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "collusion_signal",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("scenario_id", sa.Uuid(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("strength", sa.String(length=32), nullable=False),
        sa.Column("bid_ids", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("evidence", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("words", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("rules_version", sa.Integer(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["scenario_id"], ["scenario.id"], name=op.f("fk_collusion_signal_scenario_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_collusion_signal")),
        sa.UniqueConstraint(
            "scenario_id", "fingerprint", name=op.f("uq_collusion_signal_scenario_id_fingerprint")
        ),
    )
    op.create_table(
        "signal_run",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("scenario_id", sa.Uuid(), nullable=False),
        sa.Column("rules_version", sa.Integer(), nullable=False),
        sa.Column("inputs_sha256", sa.String(length=64), nullable=False),
        sa.Column("bids", sa.Integer(), nullable=False),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["scenario_id"], ["scenario.id"], name=op.f("fk_signal_run_scenario_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signal_run")),
        sa.UniqueConstraint(
            "scenario_id", "rules_version", name=op.f("uq_signal_run_scenario_id_rules_version")
        ),
    )
    op.create_table(
        "bid_document",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("bid_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("client_sealed", sa.Boolean(), nullable=False),
        sa.Column("head", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_type", sa.LargeBinary(), nullable=True),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("offset_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sealed_sha256", sa.String(length=64), nullable=True),
        sa.Column("bound_number", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("touched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["bid_id"], ["bid.id"], name=op.f("fk_bid_document_bid_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bid_document")),
    )
    op.create_index(op.f("ix_bid_document_bid_id"), "bid_document", ["bid_id"], unique=False)
    op.create_table(
        "bid_trace",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("bid_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("closed", sa.LargeBinary(), nullable=True),
        sa.Column("address_fingerprint", sa.String(length=64), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("kept_until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["bid_id"], ["bid.id"], name=op.f("fk_bid_trace_bid_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_bid_trace_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bid_trace")),
    )
    op.create_index(op.f("ix_bid_trace_bid_id"), "bid_trace", ["bid_id"], unique=False)
    op.create_index(op.f("ix_bid_trace_kept_until"), "bid_trace", ["kept_until"], unique=False)
    op.create_table(
        "signal_judgement",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("signal_id", sa.Uuid(), nullable=False),
        sa.Column("judgement", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.String(length=2000), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("judged_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_signal_judgement_person_id")
        ),
        sa.ForeignKeyConstraint(
            ["signal_id"], ["collusion_signal.id"], name=op.f("fk_signal_judgement_signal_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signal_judgement")),
    )
    op.create_index(
        op.f("ix_signal_judgement_signal_id"), "signal_judgement", ["signal_id"], unique=False
    )
    op.create_table(
        "bid_document_part",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("stored_name", sa.String(length=36), nullable=False),
        sa.Column("sealed_sha256", sa.String(length=64), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_id"], ["bid_document.id"], name=op.f("fk_bid_document_part_document_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bid_document_part")),
        sa.UniqueConstraint(
            "document_id", "number", name=op.f("uq_bid_document_part_document_id_number")
        ),
        sa.UniqueConstraint("stored_name", name=op.f("uq_bid_document_part_stored_name")),
    )
    op.create_table(
        "opened_document",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("bid_id", sa.Uuid(), nullable=False),
        sa.Column("scenario_id", sa.Uuid(), nullable=False),
        sa.Column("named", sa.String(length=64), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=True),
        sa.Column("finding", sa.String(length=32), nullable=False),
        sa.Column("announced", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("sealed_key", sa.LargeBinary(), nullable=True),
        sa.Column("found_sha256", sa.String(length=64), nullable=True),
        sa.Column("properties", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["bid_id"], ["bid.id"], name=op.f("fk_opened_document_bid_id")),
        sa.ForeignKeyConstraint(
            ["document_id"], ["bid_document.id"], name=op.f("fk_opened_document_document_id")
        ),
        sa.ForeignKeyConstraint(
            ["scenario_id"], ["scenario.id"], name=op.f("fk_opened_document_scenario_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opened_document")),
        sa.UniqueConstraint("bid_id", "named", name=op.f("uq_opened_document_bid_id_named")),
    )
    op.create_index(
        op.f("ix_opened_document_document_id"), "opened_document", ["document_id"], unique=False
    )
    op.create_index(
        op.f("ix_opened_document_scenario_id"), "opened_document", ["scenario_id"], unique=False
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_opened_document_scenario_id"), table_name="opened_document")
    op.drop_index(op.f("ix_opened_document_document_id"), table_name="opened_document")
    op.drop_table("opened_document")
    op.drop_table("bid_document_part")
    op.drop_index(op.f("ix_signal_judgement_signal_id"), table_name="signal_judgement")
    op.drop_table("signal_judgement")
    op.drop_index(op.f("ix_bid_trace_kept_until"), table_name="bid_trace")
    op.drop_index(op.f("ix_bid_trace_bid_id"), table_name="bid_trace")
    op.drop_table("bid_trace")
    op.drop_index(op.f("ix_bid_document_bid_id"), table_name="bid_document")
    op.drop_table("bid_document")
    op.drop_table("signal_run")
    op.drop_table("collusion_signal")
