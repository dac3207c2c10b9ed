"""Inference endpoints of solvers: where they are, what they are asked, and what they answered."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_endpoints()
    _create_inputs()
    _create_runs()
    with op.batch_alter_table("submission") as table:
        table.add_column(
            sa.Column("source", sa.String(length=32), nullable=False, server_default="file")
        )
        table.alter_column("file_name", existing_type=sa.String(length=64), nullable=True)
        table.alter_column("file_sha256", existing_type=sa.String(length=64), nullable=True)
        table.alter_column("size_bytes", existing_type=sa.Integer(), nullable=True)
    with op.batch_alter_table("submission") as table:
        table.alter_column("source", existing_type=sa.String(length=32), server_default=None)


def _create_endpoints() -> None:
    op.create_table(
        "inference_endpoint",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("bid_id", sa.Uuid(), nullable=False),
        sa.Column("criterion", sa.String(length=64), nullable=False),
        sa.Column("url", sa.String(length=2048), nullable=False),
        sa.Column("header_name", sa.String(length=64), nullable=True),
        sa.Column("sealed_header_value", sa.LargeBinary(), nullable=True),
        sa.Column("registered_by", sa.Uuid(), nullable=False),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("probe_day", sa.String(length=10), nullable=True),
        sa.Column("probes", sa.Integer(), nullable=False),
        sa.Column("probed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["bid_id"], ["bid.id"], name=op.f("fk_inference_endpoint_bid_id")
        ),
        sa.ForeignKeyConstraint(
            ["registered_by"], ["person.id"], name=op.f("fk_inference_endpoint_registered_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inference_endpoint")),
    )
    op.create_index(op.f("ix_inference_endpoint_bid_id"), "inference_endpoint", ["bid_id"])


def _create_inputs() -> None:
    op.create_table(
        "hidden_inputs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("scenario_id", sa.Uuid(), nullable=False),
        sa.Column("criterion", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("hidden_set_id", sa.Uuid(), nullable=False),
        sa.Column("file_name", sa.String(length=64), nullable=False),
        sa.Column("file_sha256", sa.String(length=64), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("uploaded_by", sa.Uuid(), nullable=True),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["hidden_set_id"], ["hidden_set.id"], name=op.f("fk_hidden_inputs_hidden_set_id")
        ),
        sa.ForeignKeyConstraint(
            ["scenario_id"], ["scenario.id"], name=op.f("fk_hidden_inputs_scenario_id")
        ),
        sa.ForeignKeyConstraint(
            ["uploaded_by"], ["person.id"], name=op.f("fk_hidden_inputs_uploaded_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hidden_inputs")),
        sa.UniqueConstraint(
            "scenario_id", "criterion", "number", name=op.f("uq_hidden_inputs_scenario_id_criterion_number")
        ),
    )


def _create_runs() -> None:
    op.create_table(
        "endpoint_run",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("submission_id", sa.Uuid(), nullable=False),
        sa.Column("endpoint_id", sa.Uuid(), nullable=False),
        sa.Column("hidden_inputs_id", sa.Uuid(), nullable=False),
        sa.Column("limits", sa.JSON(), nullable=False),
        sa.Column("sealed_seed", sa.LargeBinary(), nullable=False),
        sa.Column("called_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reached", sa.Boolean(), nullable=False),
        sa.Column("busy_ms", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("summary", sa.JSON(), nullable=True),
        sa.Column("evidence_name", sa.String(length=64), nullable=True),
        sa.Column("evidence_sha256", sa.String(length=64), nullable=True),
        sa.Column("evidence_bytes", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["endpoint_id"], ["inference_endpoint.id"], name=op.f("fk_endpoint_run_endpoint_id")
        ),
        sa.ForeignKeyConstraint(
            ["hidden_inputs_id"],
            ["hidden_inputs.id"],
            name=op.f("fk_endpoint_run_hidden_inputs_id"),
        ),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submission.id"], name=op.f("fk_endpoint_run_submission_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_endpoint_run")),
        sa.UniqueConstraint("submission_id", name=op.f("uq_endpoint_run_submission_id")),
    )
    op.create_index(op.f("ix_endpoint_run_endpoint_id"), "endpoint_run", ["endpoint_id"])
    op.create_table(
        "endpoint_answers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("file_name", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["endpoint_run.id"], name=op.f("fk_endpoint_answers_run_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_endpoint_answers")),
        sa.UniqueConstraint("run_id", "number", name=op.f("uq_endpoint_answers_run_id_number")),
    )


def downgrade() -> None:
    op.drop_table("endpoint_answers")
    op.drop_table("endpoint_run")
    op.drop_table("hidden_inputs")
    op.drop_table("inference_endpoint")
    # Runs that have no file yet are of no use to the code before, which asks for a name in each.
    op.execute(
        "UPDATE submission SET file_name = '', file_sha256 = '', size_bytes = 0"
        " WHERE file_name IS NULL"
    )
    with op.batch_alter_table("submission") as table:
        table.alter_column("size_bytes", existing_type=sa.Integer(), nullable=False)
        table.alter_column("file_sha256", existing_type=sa.String(length=64), nullable=False)
        table.alter_column("file_name", existing_type=sa.String(length=64), nullable=False)
        table.drop_column("source")
