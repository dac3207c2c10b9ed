"""Suspend, amend by two, schedule, ask and follow: what a call's whole life needs."""

import sqlalchemy as sa
from alembic import op

revision = '0007'
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('amendment',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('scenario_id', sa.Uuid(), nullable=False),
    sa.Column('state', sa.String(length=32), nullable=False),
    sa.Column('open_mark', sa.Integer(), nullable=True),
    sa.Column('based_on', sa.Integer(), nullable=False),
    sa.Column('content', sa.JSON(none_as_null=True), nullable=False),
    sa.Column('note', sa.String(length=2000), nullable=False),
    sa.Column('changed', sa.JSON(none_as_null=True), nullable=False),
    sa.Column('material', sa.Boolean(), nullable=False),
    sa.Column('claimed_material', sa.Boolean(), nullable=True),
    sa.Column('proposed_by', sa.Uuid(), nullable=True),
    sa.Column('proposed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('decided_by', sa.Uuid(), nullable=True),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('content_version', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['decided_by'], ['person.id'], name=op.f('fk_amendment_decided_by')),
    sa.ForeignKeyConstraint(['proposed_by'], ['person.id'], name=op.f('fk_amendment_proposed_by')),
    sa.ForeignKeyConstraint(['scenario_id'], ['scenario.id'], name=op.f('fk_amendment_scenario_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_amendment')),
    sa.UniqueConstraint('scenario_id', 'open_mark', name=op.f('uq_amendment_scenario_id_open_mark'))
    )
    with op.batch_alter_table('amendment', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_amendment_scenario_id'), ['scenario_id'], unique=False)

    op.create_table('follower',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('scenario_id', sa.Uuid(), nullable=False),
    sa.Column('organization_id', sa.Uuid(), nullable=False),
    sa.Column('person_id', sa.Uuid(), nullable=False),
    sa.Column('followed_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['organization_id'], ['organization.id'], name=op.f('fk_follower_organization_id')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_follower_person_id')),
    sa.ForeignKeyConstraint(['scenario_id'], ['scenario.id'], name=op.f('fk_follower_scenario_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_follower')),
    sa.UniqueConstraint('scenario_id', 'organization_id', 'person_id', name=op.f('uq_follower_scenario_id_organization_id_person_id'))
    )
    with op.batch_alter_table('follower', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_follower_person_id'), ['person_id'], unique=False)

    op.create_table('suspension',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('scenario_id', sa.Uuid(), nullable=False),
    sa.Column('cause', sa.String(length=32), nullable=False),
    sa.Column('authority', sa.String(length=32), nullable=False),
    sa.Column('reason', sa.String(length=2000), nullable=False),
    sa.Column('blocks', sa.JSON(none_as_null=True), nullable=False),
    sa.Column('from_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('until_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ordered_by', sa.Uuid(), nullable=True),
    sa.Column('lifted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('lifted_by', sa.Uuid(), nullable=True),
    sa.Column('lifted_why', sa.String(length=2000), nullable=True),
    sa.Column('counted_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['lifted_by'], ['person.id'], name=op.f('fk_suspension_lifted_by')),
    sa.ForeignKeyConstraint(['ordered_by'], ['person.id'], name=op.f('fk_suspension_ordered_by')),
    sa.ForeignKeyConstraint(['scenario_id'], ['scenario.id'], name=op.f('fk_suspension_scenario_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_suspension'))
    )
    with op.batch_alter_table('suspension', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_suspension_scenario_id'), ['scenario_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_suspension_until_at'), ['until_at'], unique=False)

    op.create_table('enquiry',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('scenario_id', sa.Uuid(), nullable=False),
    sa.Column('asker_id', sa.Uuid(), nullable=False),
    sa.Column('asked_by', sa.Uuid(), nullable=False),
    sa.Column('state', sa.String(length=32), nullable=False),
    sa.Column('question', sa.String(length=4000), nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('reply_due_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('reply_basis', sa.JSON(none_as_null=True), nullable=True),
    sa.Column('overdue_told_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('answer', sa.String(length=8000), nullable=True),
    sa.Column('answered_by', sa.Uuid(), nullable=True),
    sa.Column('answered_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('public_question', sa.String(length=4000), nullable=True),
    sa.Column('number', sa.Integer(), nullable=True),
    sa.Column('amendment_id', sa.Uuid(), nullable=True),
    sa.Column('content_version', sa.Integer(), nullable=True),
    sa.Column('decided_by', sa.Uuid(), nullable=True),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('set_aside_why', sa.String(length=2000), nullable=True),
    sa.ForeignKeyConstraint(['amendment_id'], ['amendment.id'], name=op.f('fk_enquiry_amendment_id')),
    sa.ForeignKeyConstraint(['answered_by'], ['person.id'], name=op.f('fk_enquiry_answered_by')),
    sa.ForeignKeyConstraint(['asked_by'], ['person.id'], name=op.f('fk_enquiry_asked_by')),
    sa.ForeignKeyConstraint(['asker_id'], ['organization.id'], name=op.f('fk_enquiry_asker_id')),
    sa.ForeignKeyConstraint(['decided_by'], ['person.id'], name=op.f('fk_enquiry_decided_by')),
    sa.ForeignKeyConstraint(['scenario_id'], ['scenario.id'], name=op.f('fk_enquiry_scenario_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_enquiry')),
    sa.UniqueConstraint('scenario_id', 'number', name=op.f('uq_enquiry_scenario_id_number'))
    )
    with op.batch_alter_table('enquiry', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_enquiry_asker_id'), ['asker_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_enquiry_reply_due_at'), ['reply_due_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_enquiry_scenario_id'), ['scenario_id'], unique=False)

    with op.batch_alter_table('batch', schema=None) as batch_op:
        batch_op.add_column(sa.Column('planned_scenarios', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('planned_by_domain', sa.JSON(none_as_null=True), nullable=True))
        batch_op.add_column(sa.Column('planned_for', sa.Date(), nullable=True))
        batch_op.add_column(sa.Column('published_at', sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table('scenario', schema=None) as batch_op:
        batch_op.add_column(sa.Column('ceiling_as_of', sa.Date(), nullable=True))
        batch_op.add_column(sa.Column('review_told_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('publish_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('publish_deadline_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('publish_note', sa.String(length=500), nullable=True))
        batch_op.add_column(sa.Column('clock_stopped_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('clock_resumes_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('shifted_deadline_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('final_status', sa.String(length=32), nullable=True))
        batch_op.add_column(sa.Column('final_note', sa.String(length=2000), nullable=True))
        batch_op.create_index(batch_op.f('ix_scenario_final_status'), ['final_status'], unique=False)
        batch_op.create_index(batch_op.f('ix_scenario_publish_at'), ['publish_at'], unique=False)
    op.execute(
        "UPDATE scenario SET final_status = state"
        " WHERE state IN ('completed', 'cancelled', 'failed')"
    )


def downgrade() -> None:
    with op.batch_alter_table('scenario', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_scenario_publish_at'))
        batch_op.drop_index(batch_op.f('ix_scenario_final_status'))
        batch_op.drop_column('final_note')
        batch_op.drop_column('final_status')
        batch_op.drop_column('shifted_deadline_at')
        batch_op.drop_column('clock_resumes_at')
        batch_op.drop_column('clock_stopped_at')
        batch_op.drop_column('publish_note')
        batch_op.drop_column('publish_deadline_at')
        batch_op.drop_column('publish_at')
        batch_op.drop_column('review_told_at')
        batch_op.drop_column('ceiling_as_of')

    with op.batch_alter_table('batch', schema=None) as batch_op:
        batch_op.drop_column('published_at')
        batch_op.drop_column('planned_for')
        batch_op.drop_column('planned_by_domain')
        batch_op.drop_column('planned_scenarios')

    with op.batch_alter_table('enquiry', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_enquiry_scenario_id'))
        batch_op.drop_index(batch_op.f('ix_enquiry_reply_due_at'))
        batch_op.drop_index(batch_op.f('ix_enquiry_asker_id'))

    op.drop_table('enquiry')
    with op.batch_alter_table('suspension', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_suspension_until_at'))
        batch_op.drop_index(batch_op.f('ix_suspension_scenario_id'))

    op.drop_table('suspension')
    with op.batch_alter_table('follower', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_follower_person_id'))

    op.drop_table('follower')
    with op.batch_alter_table('amendment', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_amendment_scenario_id'))

    op.drop_table('amendment')
