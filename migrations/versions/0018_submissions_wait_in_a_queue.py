"""Give submissions states, results and a queue, and keep boards and re-scorings.

What was measured before becomes a scored submission of the evaluation phase with one result.
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("hidden_set", sa.Column("counts_from", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE hidden_set SET counts_from = uploaded_at")
    _submissions()
    _work()
    _boards()
    _results()


def _submissions() -> None:
    moment, text = sa.DateTime(timezone=True), sa.String
    with op.batch_alter_table("submission") as table:
        table.add_column(sa.Column("phase", text(length=32), nullable=True))
        table.add_column(sa.Column("state", text(length=32), nullable=True))
        table.add_column(sa.Column("public_value", text(length=80), nullable=True))
        table.add_column(sa.Column("failure", sa.JSON(none_as_null=True), nullable=True))
        table.add_column(sa.Column("quota_day", text(length=10), nullable=True))
        table.add_column(sa.Column("quota_returned", sa.Boolean(), nullable=True))
        table.add_column(sa.Column("selected_at", moment, nullable=True))
        table.add_column(sa.Column("finished_at", moment, nullable=True))
        table.add_column(sa.Column("file_gone_at", moment, nullable=True))
    op.execute(
        "UPDATE submission SET phase = 'evaluation', state = 'scored', quota_returned = false,"
        " quota_day = '1970-01-01', finished_at = submitted_at"
    )
    with op.batch_alter_table("submission") as table:
        for name, length in (("phase", 32), ("state", 32), ("quota_day", 10)):
            table.alter_column(name, existing_type=text(length=length), nullable=False)
        table.alter_column("quota_returned", existing_type=sa.Boolean(), nullable=False)
        table.alter_column("hidden_set_id", existing_type=sa.Uuid(), nullable=True)
        table.alter_column("value", existing_type=text(length=80), nullable=True)
        table.alter_column("scorer_version", existing_type=text(length=32), nullable=True)


def _work() -> None:
    op.create_table('work',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.String(length=32), nullable=False),
    sa.Column('subject_id', sa.Uuid(), nullable=False),
    sa.Column('scenario_id', sa.Uuid(), nullable=False),
    sa.Column('organization_id', sa.Uuid(), nullable=True),
    sa.Column('sealed', sa.Boolean(), nullable=False),
    sa.Column('state', sa.String(length=32), nullable=False),
    sa.Column('priority', sa.Integer(), nullable=False),
    sa.Column('steps_total', sa.Integer(), nullable=False),
    sa.Column('steps_done', sa.Integer(), nullable=False),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('next_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('lease_token', sa.Uuid(), nullable=True),
    sa.Column('failure', sa.JSON(none_as_null=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('busy_ms', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['organization_id'], ['organization.id'], name=op.f('fk_work_organization_id')),
    sa.ForeignKeyConstraint(['scenario_id'], ['scenario.id'], name=op.f('fk_work_scenario_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_work'))
    )
    with op.batch_alter_table('work') as batch_op:
        batch_op.create_index('ix_work_due', ['priority', 'next_at', 'id'], unique=False, postgresql_where=sa.text("state IN ('queued', 'running')"), sqlite_where=sa.text("state IN ('queued', 'running')"))
        batch_op.create_index('ix_work_kind_state_finished', ['kind', 'state', 'finished_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_work_scenario_id'), ['scenario_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_work_subject_id'), ['subject_id'], unique=False)
    op.create_table('quota_use',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('bid_id', sa.Uuid(), nullable=False),
    sa.Column('criterion', sa.String(length=64), nullable=False),
    sa.Column('phase', sa.String(length=32), nullable=False),
    sa.Column('day', sa.String(length=10), nullable=False),
    sa.Column('used', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['bid_id'], ['bid.id'], name=op.f('fk_quota_use_bid_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_quota_use')),
    sa.UniqueConstraint('bid_id', 'criterion', 'phase', 'day', name=op.f('uq_quota_use_bid_id_criterion_phase_day'))
    )
    op.create_table('rescoring',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('scenario_id', sa.Uuid(), nullable=False),
    sa.Column('criterion', sa.String(length=64), nullable=False),
    sa.Column('hidden_set_id', sa.Uuid(), nullable=False),
    sa.Column('reason', sa.String(length=2000), nullable=False),
    sa.Column('work_id', sa.Uuid(), nullable=False),
    sa.Column('after_id', sa.Uuid(), nullable=False),
    sa.Column('requested_by', sa.Uuid(), nullable=False),
    sa.Column('requested_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('committed_by', sa.Uuid(), nullable=True),
    sa.Column('committed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('preview_sha256', sa.String(length=64), nullable=True),
    sa.Column('cancelled_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['committed_by'], ['person.id'], name=op.f('fk_rescoring_committed_by')),
    sa.ForeignKeyConstraint(['hidden_set_id'], ['hidden_set.id'], name=op.f('fk_rescoring_hidden_set_id')),
    sa.ForeignKeyConstraint(['requested_by'], ['person.id'], name=op.f('fk_rescoring_requested_by')),
    sa.ForeignKeyConstraint(['scenario_id'], ['scenario.id'], name=op.f('fk_rescoring_scenario_id')),
    sa.ForeignKeyConstraint(['work_id'], ['work.id'], name=op.f('fk_rescoring_work_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_rescoring'))
    )
    with op.batch_alter_table('rescoring') as batch_op:
        batch_op.create_index('uq_rescoring_one_open', ['scenario_id', 'criterion'], unique=True, postgresql_where=sa.text('committed_at IS NULL AND cancelled_at IS NULL'), sqlite_where=sa.text('committed_at IS NULL AND cancelled_at IS NULL'))


def _boards() -> None:
    op.create_table('leaderboard',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('scenario_id', sa.Uuid(), nullable=False),
    sa.Column('criterion', sa.String(length=64), nullable=False),
    sa.Column('phase', sa.String(length=32), nullable=False),
    sa.Column('metric', sa.String(length=100), nullable=False),
    sa.Column('direction', sa.String(length=32), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('entries', sa.Integer(), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['scenario_id'], ['scenario.id'], name=op.f('fk_leaderboard_scenario_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_leaderboard')),
    sa.UniqueConstraint('scenario_id', 'criterion', 'phase', name=op.f('uq_leaderboard_scenario_id_criterion_phase'))
    )
    op.create_table('leaderboard_tally',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('board_id', sa.Uuid(), nullable=False),
    sa.Column('level', sa.Integer(), nullable=False),
    sa.Column('first_key', sa.String(length=44), nullable=False),
    sa.Column('entries', sa.Integer(), nullable=False),
    sa.Column('below', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['board_id'], ['leaderboard.id'], name=op.f('fk_leaderboard_tally_board_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_leaderboard_tally')),
    sa.UniqueConstraint('board_id', 'level', 'first_key', name=op.f('uq_leaderboard_tally_board_id_level_first_key'))
    )
    op.create_table('leaderboard_entry',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('board_id', sa.Uuid(), nullable=False),
    sa.Column('bid_id', sa.Uuid(), nullable=False),
    sa.Column('submission_id', sa.Uuid(), nullable=False),
    sa.Column('value', sa.String(length=80), nullable=False),
    sa.Column('sort_key', sa.String(length=44), nullable=False),
    sa.Column('received_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('from_number', sa.Integer(), nullable=False),
    sa.Column('from_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('cause', sa.String(length=32), nullable=False),
    sa.Column('until_number', sa.Integer(), nullable=True),
    sa.Column('until_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['bid_id'], ['bid.id'], name=op.f('fk_leaderboard_entry_bid_id')),
    sa.ForeignKeyConstraint(['board_id'], ['leaderboard.id'], name=op.f('fk_leaderboard_entry_board_id')),
    sa.ForeignKeyConstraint(['submission_id'], ['submission.id'], name=op.f('fk_leaderboard_entry_submission_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_leaderboard_entry'))
    )
    with op.batch_alter_table('leaderboard_entry') as batch_op:
        batch_op.create_index('ix_leaderboard_entry_at', ['board_id', 'from_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_leaderboard_entry_bid_id'), ['bid_id'], unique=False)
        batch_op.create_index('ix_leaderboard_entry_history', ['board_id', 'sort_key', 'received_at', 'bid_id'], unique=False)
        batch_op.create_index('ix_leaderboard_entry_order', ['board_id', 'sort_key', 'received_at', 'bid_id'], unique=False, postgresql_where=sa.text('until_number IS NULL'), sqlite_where=sa.text('until_number IS NULL'))
        batch_op.create_index('uq_leaderboard_entry_living', ['board_id', 'bid_id'], unique=True, postgresql_where=sa.text('until_number IS NULL'), sqlite_where=sa.text('until_number IS NULL'))


def _results() -> None:
    op.create_table('submission_result',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('submission_id', sa.Uuid(), nullable=False),
    sa.Column('hidden_set_id', sa.Uuid(), nullable=False),
    sa.Column('scorer_version', sa.String(length=32), nullable=False),
    sa.Column('value', sa.String(length=80), nullable=True),
    sa.Column('public_value', sa.String(length=80), nullable=True),
    sa.Column('failure', sa.JSON(none_as_null=True), nullable=True),
    sa.Column('detail', sa.JSON(none_as_null=True), nullable=False),
    sa.Column('measured_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['hidden_set_id'], ['hidden_set.id'], name=op.f('fk_submission_result_hidden_set_id')),
    sa.ForeignKeyConstraint(['submission_id'], ['submission.id'], name=op.f('fk_submission_result_submission_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_submission_result')),
    sa.UniqueConstraint('submission_id', 'hidden_set_id', 'scorer_version', name='uq_submission_result_once')
    )
    with op.batch_alter_table('submission_result') as batch_op:
        batch_op.create_index(batch_op.f('ix_submission_result_hidden_set_id'), ['hidden_set_id'], unique=False)
    op.execute(
        "INSERT INTO submission_result (id, submission_id, hidden_set_id, scorer_version, value,"
        " detail, measured_at) SELECT id, id, hidden_set_id, scorer_version, value, '{}',"
        " submitted_at FROM submission"
    )


def downgrade() -> None:
    for name in (
        *("submission_result", "leaderboard_entry", "leaderboard_tally", "leaderboard"),
        *("rescoring", "quota_use", "work"),
    ):
        op.drop_table(name)
    op.execute("DELETE FROM submission WHERE value IS NULL OR hidden_set_id IS NULL")
    with op.batch_alter_table("submission") as table:
        table.alter_column("hidden_set_id", existing_type=sa.Uuid(), nullable=False)
        table.alter_column("value", existing_type=sa.String(length=80), nullable=False)
        table.alter_column("scorer_version", existing_type=sa.String(length=32), nullable=False)
        for name in (
            *("phase", "state", "public_value", "failure"),
            *("quota_day", "quota_returned", "selected_at", "finished_at"),
            "file_gone_at",
        ):
            table.drop_column(name)
    op.drop_column("hidden_set", "counts_from")
