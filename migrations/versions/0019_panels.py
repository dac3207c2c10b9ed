"""Panels in full: ties of experts, draws, recusals, the chair, the report, a stop."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0014"
branch_labels = None
depends_on = None

UTC = sa.DateTime(timezone=True)


def upgrade() -> None:
    with op.batch_alter_table("expert_profile") as table:
        table.add_column(sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
        table.add_column(sa.Column("away_until", sa.Date(), nullable=True))
        table.add_column(sa.Column("region", sa.String(6), nullable=True))
    with op.batch_alter_table("expert_profile") as table:
        table.alter_column("version", existing_type=sa.Integer(), server_default=None)
    _ties()
    _draws()
    _recusals()
    _word_of_the_panel()


def _ties() -> None:
    op.create_table(
        "expert_tie",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("sealed_detail", sa.LargeBinary(), nullable=True),
        sa.Column("recorded_by", sa.Uuid(), nullable=True),
        sa.Column("recorded_at", UTC, nullable=False),
        sa.Column("ended_by", sa.Uuid(), nullable=True),
        sa.Column("ended_at", UTC, nullable=True),
        *_to("expert_tie", person_id="person", organization_id="organization"),
        *_to("expert_tie", recorded_by="person", ended_by="person"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_expert_tie")),
    )
    op.create_index(op.f("ix_expert_tie_person_id"), "expert_tie", ["person_id"])
    op.create_index(op.f("ix_expert_tie_organization_id"), "expert_tie", ["organization_id"])


def _draws() -> None:
    op.create_table(
        "panel_draw",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("scenario_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("pool", sa.LargeBinary(), nullable=False),
        sa.Column("pool_sha256", sa.String(64), nullable=False),
        sa.Column("commitment", sa.String(64), nullable=False),
        sa.Column("sealed_secret", sa.LargeBinary(), nullable=True),
        sa.Column("opened_by", sa.Uuid(), nullable=False),
        sa.Column("opened_at", UTC, nullable=False),
        sa.Column("contributed_by", sa.Uuid(), nullable=True),
        sa.Column("drawn_at", UTC, nullable=True),
        sa.Column("record", sa.LargeBinary(), nullable=True),
        sa.Column("record_sha256", sa.String(64), nullable=True),
        sa.Column("given_up_by", sa.Uuid(), nullable=True),
        sa.Column("given_up_at", UTC, nullable=True),
        sa.Column("given_up_reason", sa.String(2000), nullable=True),
        *_to("panel_draw", scenario_id="scenario", opened_by="person"),
        *_to("panel_draw", contributed_by="person", given_up_by="person"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_panel_draw")),
        sa.UniqueConstraint(
            "scenario_id", "number", name=op.f("uq_panel_draw_scenario_id_number")
        ),
    )
    _one_open("uq_panel_draw_one_open", "panel_draw", "drawn_at IS NULL AND given_up_at IS NULL")
    with op.batch_alter_table("panel_seat") as table:
        table.add_column(sa.Column("sheet_sha256", sa.String(64), nullable=True))
        table.add_column(sa.Column("draw_id", sa.Uuid(), nullable=True))
        table.add_column(sa.Column("named_reason", sa.String(2000), nullable=True))
        table.create_foreign_key(
            op.f("fk_panel_seat_draw_id"), "panel_draw", ["draw_id"], ["id"]
        )


def _recusals() -> None:
    op.create_table(
        "recusal_request",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("scenario_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("filed_by", sa.Uuid(), nullable=False),
        sa.Column("filed_at", UTC, nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("reasons", sa.String(5000), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("accepted", sa.Boolean(), nullable=True),
        sa.Column("decision", sa.String(2000), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", UTC, nullable=True),
        *_to("recusal_request", scenario_id="scenario", organization_id="organization"),
        *_to("recusal_request", filed_by="person", person_id="person", decided_by="person"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recusal_request")),
    )
    op.create_index(op.f("ix_recusal_request_scenario_id"), "recusal_request", ["scenario_id"])


def _word_of_the_panel() -> None:
    op.create_table(
        "chair_vote",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("scenario_id", sa.Uuid(), nullable=False),
        sa.Column("seat_id", sa.Uuid(), nullable=False),
        sa.Column("for_seat_id", sa.Uuid(), nullable=False),
        sa.Column("voted_at", UTC, nullable=False),
        *_to("chair_vote", scenario_id="scenario", seat_id="panel_seat", for_seat_id="panel_seat"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chair_vote")),
        sa.UniqueConstraint("seat_id", name=op.f("uq_chair_vote_seat_id")),
    )
    op.create_index(op.f("ix_chair_vote_scenario_id"), "chair_vote", ["scenario_id"])
    op.create_table(
        "evaluation_report",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("scenario_id", sa.Uuid(), nullable=False),
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("document_sha256", sa.String(64), nullable=False),
        sa.Column("closed_by", sa.Uuid(), nullable=False),
        sa.Column("closed_at", UTC, nullable=False),
        *_to("evaluation_report", scenario_id="scenario", round_id="ranking_round"),
        *_to("evaluation_report", closed_by="person"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluation_report")),
        sa.UniqueConstraint("round_id", name=op.f("uq_evaluation_report_round_id")),
    )
    op.create_index(op.f("ix_evaluation_report_scenario_id"), "evaluation_report", ["scenario_id"])
    op.create_table(
        "report_signature",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("report_id", sa.Uuid(), nullable=False),
        sa.Column("seat_id", sa.Uuid(), nullable=False),
        sa.Column("consent", sa.String(32), nullable=False),
        sa.Column("dissent", sa.String(5000), nullable=True),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", UTC, nullable=False),
        *_to("report_signature", report_id="evaluation_report", seat_id="panel_seat"),
        *_to("report_signature", recorded_by="person"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_signature")),
        sa.UniqueConstraint(
            "report_id", "seat_id", name=op.f("uq_report_signature_report_id_seat_id")
        ),
    )
    op.create_table(
        "evaluation_stop",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("scenario_id", sa.Uuid(), nullable=False),
        sa.Column("stopped_by", sa.Uuid(), nullable=False),
        sa.Column("stopped_at", UTC, nullable=False),
        sa.Column("explanation", sa.String(5000), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", UTC, nullable=True),
        sa.Column("decision", sa.String(2000), nullable=True),
        *_to("evaluation_stop", scenario_id="scenario", stopped_by="person", decided_by="person"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluation_stop")),
    )
    op.create_index(op.f("ix_evaluation_stop_scenario_id"), "evaluation_stop", ["scenario_id"])
    _one_open("uq_evaluation_stop_one_open", "evaluation_stop", "decided_at IS NULL")


def _to(table: str, **columns: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}"))
        for column, other in columns.items()
    ]


def _one_open(name: str, table: str, where: str) -> None:
    condition = sa.text(where)
    op.create_index(
        name,
        table,
        ["scenario_id"],
        unique=True,
        postgresql_where=condition,
        sqlite_where=condition,
    )


def downgrade() -> None:
    with op.batch_alter_table("panel_seat") as table:
        table.drop_constraint(op.f("fk_panel_seat_draw_id"), type_="foreignkey")
        table.drop_column("named_reason")
        table.drop_column("draw_id")
        table.drop_column("sheet_sha256")
    for name in (
        "evaluation_stop",
        "report_signature",
        "evaluation_report",
        "chair_vote",
        "recusal_request",
        "panel_draw",
        "expert_tie",
    ):
        op.drop_table(name)
    with op.batch_alter_table("expert_profile") as table:
        table.drop_column("region")
        table.drop_column("away_until")
        table.drop_column("version")
