"""Split the key of a call's bids between people: custody keys, lockboxes, signatures.

Offers that were sealed under the master key and are not open yet could not be opened afterwards:
the migration refuses to run while there are any.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

UNOPENED = (
    "SELECT count(*) FROM bid_version JOIN bid ON bid.id = bid_version.bid_id"
    " WHERE bid.state IN ('submitted', 'needs_reconfirm')"
)


def upgrade() -> None:
    waiting = op.get_bind().execute(sa.text(UNOPENED)).scalar_one()
    if waiting:
        raise RuntimeError(
            "There are bids that were sealed under the master key and are not opened yet: open"
            " every closed call with the release before this one, and let bidders of calls that"
            " are still open withdraw their bids, then migrate. 尚有按旧方式密封且未开标的投标:"
            "请先用上一版本完成开标,未截止榜单的投标人请先撤回,再执行升级。"
        )
    # What was kept to answer repeated requests could be read with the master key.
    op.execute("DELETE FROM idempotent_answer WHERE sealed_body IS NOT NULL")
    op.drop_table("call_seal")
    _create_tables()
    _add_columns()


def _create_tables() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "signing_key",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("holder", sa.String(length=32), nullable=False),
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_private", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("retired_at", moment, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signing_key")),
        sa.UniqueConstraint("key_id", name=op.f("uq_signing_key_key_id")),
    )
    op.create_index(
        "uq_signing_key_one_signs",
        "signing_key",
        ["holder"],
        unique=True,
        postgresql_where=sa.text("retired_at IS NULL"),
        sqlite_where=sa.text("retired_at IS NULL"),
    )
    op.create_table(
        "custody_key",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("member_of", sa.Uuid(), nullable=False),
        sa.Column("side", sa.String(length=32), nullable=False),
        sa.Column("form", sa.String(length=32), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_private", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("retired_at", moment, nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_custody_key_organization_id")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_custody_key_person_id")
        ),
        sa.ForeignKeyConstraint(
            ["member_of"], ["organization.id"], name=op.f("fk_custody_key_member_of")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custody_key")),
        sa.UniqueConstraint("public_key", name=op.f("uq_custody_key_public_key")),
    )
    op.create_index(op.f("ix_custody_key_organization_id"), "custody_key", ["organization_id"])
    op.create_index(
        "uq_custody_key_one_live",
        "custody_key",
        ["organization_id", "person_id"],
        unique=True,
        postgresql_where=sa.text("retired_at IS NULL"),
        sqlite_where=sa.text("retired_at IS NULL"),
    )
    op.create_table(
        "lockbox",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("forgotten_at", moment, nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_lockbox_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lockbox")),
    )
    op.create_table(
        "lockbox_share",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("lockbox_id", sa.Uuid(), nullable=False),
        sa.Column("side", sa.String(length=32), nullable=False),
        sa.Column("commitment", sa.String(length=64), nullable=False),
        sa.Column("holders", sa.JSON(), nullable=False),
        sa.Column("envelope", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["lockbox_id"], ["lockbox.id"], name=op.f("fk_lockbox_share_lockbox_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lockbox_share")),
        sa.UniqueConstraint("lockbox_id", "side", name=op.f("uq_lockbox_share_lockbox_id_side")),
    )


def _add_columns() -> None:
    with op.batch_alter_table("scenario") as table:
        table.add_column(sa.Column("lockbox_id", sa.Uuid(), nullable=True))
        table.create_foreign_key(
            op.f("fk_scenario_lockbox_id"), "lockbox", ["lockbox_id"], ["id"]
        )
    op.add_column("bid", sa.Column("reading_public_key", sa.LargeBinary(), nullable=True))
    with op.batch_alter_table("bid_version") as table:
        table.add_column(
            sa.Column(
                "sealed_by", sa.String(length=32), nullable=False, server_default="platform"
            )
        )
        table.add_column(sa.Column("receipt", sa.LargeBinary(), nullable=True))
        table.add_column(sa.Column("receipt_signature", sa.LargeBinary(), nullable=True))
        table.add_column(sa.Column("receipt_key_id", sa.String(length=16), nullable=True))
    with op.batch_alter_table("bid_version") as table:
        # Only for the rows that are there: from now on it is always said.
        table.alter_column("sealed_by", existing_type=sa.String(length=32), server_default=None)
    with op.batch_alter_table("opening") as table:
        table.add_column(sa.Column("officer_share", sa.LargeBinary(), nullable=True))
        table.add_column(sa.Column("officer_how", sa.String(length=32), nullable=True))
        table.add_column(sa.Column("officer_reason", sa.String(length=2000), nullable=True))
        table.add_column(sa.Column("record_signature", sa.LargeBinary(), nullable=True))
        table.add_column(sa.Column("record_key_id", sa.String(length=16), nullable=True))


def downgrade() -> None:
    for table, columns in {
        "opening": (
            "record_key_id",
            "record_signature",
            "officer_reason",
            "officer_how",
            "officer_share",
        ),
        "bid_version": ("receipt_key_id", "receipt_signature", "receipt", "sealed_by"),
        "bid": ("reading_public_key",),
    }.items():
        with op.batch_alter_table(table) as altered:
            for column in columns:
                altered.drop_column(column)
    with op.batch_alter_table("scenario") as altered:
        altered.drop_constraint(op.f("fk_scenario_lockbox_id"), type_="foreignkey")
        altered.drop_column("lockbox_id")
    for table in ("lockbox_share", "lockbox", "custody_key", "signing_key"):
        op.drop_table(table)
    op.create_table(
        "call_seal",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("scenario_id", sa.Uuid(), nullable=False),
        sa.Column("sealed_key", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["scenario_id"], ["scenario.id"], name=op.f("fk_call_seal_scenario_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_seal")),
        sa.UniqueConstraint("scenario_id", name=op.f("uq_call_seal_scenario_id")),
    )
