"""Create the audit log, and let people be forgotten."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(length=32), nullable=False),
        sa.Column("operation", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("organization_id", sa.Uuid(), nullable=True),
        sa.Column("roles", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("key_id", sa.Uuid(), nullable=True),
        sa.Column("session_id", sa.Uuid(), nullable=True),
        sa.Column("request_id", sa.String(length=64), nullable=True),
        sa.Column("address", sa.String(length=64), nullable=True),
        sa.Column("address_kept_until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_audit_entry_organization_id")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_audit_entry_person_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
    )
    op.add_column("person", sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("person", sa.Column("name_kept_until", sa.Date(), nullable=True))
    op.create_index(op.f("ix_person_name_kept_until"), "person", ["name_kept_until"])
    for name, columns in INDEXES.items():
        op.create_index(name, "audit_entry", columns)


def downgrade() -> None:
    op.drop_index(op.f("ix_person_name_kept_until"), "person")
    with op.batch_alter_table("person") as table:
        table.drop_column("name_kept_until")
        table.drop_column("erased_at")
    for name in INDEXES:
        op.drop_index(name, "audit_entry")
    op.drop_table("audit_entry")


INDEXES = {
    "ix_audit_entry_person": ["person_id", "id"],
    "ix_audit_entry_organization": ["organization_id", "id"],
    "ix_audit_entry_operation": ["operation", "id"],
    "ix_audit_entry_outcome": ["outcome", "id"],
    "ix_audit_entry_address_kept": ["address_kept_until"],
}
