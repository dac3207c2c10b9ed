"""Name on every call the bureau that organises it, taken from its batch."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("scenario", sa.Column("organizer_id", sa.Uuid(), nullable=True))
    op.execute(
        "UPDATE scenario SET organizer_id ="
        " (SELECT batch.organizer_id FROM batch WHERE batch.id = scenario.batch_id)"
    )
    with op.batch_alter_table("scenario") as table:
        table.alter_column("organizer_id", existing_type=sa.Uuid(), nullable=False)
        table.create_foreign_key(
            op.f("fk_scenario_organizer_id"), "organization", ["organizer_id"], ["id"]
        )
        table.create_index(op.f("ix_scenario_organizer_id"), ["organizer_id"])


def downgrade() -> None:
    with op.batch_alter_table("scenario") as table:
        table.drop_index(op.f("ix_scenario_organizer_id"))
        table.drop_constraint(op.f("fk_scenario_organizer_id"), type_="foreignkey")
        table.drop_column("organizer_id")
