"""Invitations, the history of memberships, and who had a call in hand."""

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Rows that are there need a version; new rows bring their own, so the default goes again.
    op.add_column('member', sa.Column('version', sa.Integer(), nullable=False, server_default='1'))
    with op.batch_alter_table('member', schema=None) as batch_op:
        batch_op.alter_column('version', existing_type=sa.Integer(), server_default=None)

    op.create_table('membership_period',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('member_id', sa.Uuid(), nullable=False),
    sa.Column('roles', sa.JSON(none_as_null=True), nullable=False),
    sa.Column('began_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('began_by', sa.Uuid(), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_by', sa.Uuid(), nullable=True),
    sa.Column('ended_as', sa.String(length=32), nullable=True),
    sa.ForeignKeyConstraint(['began_by'], ['person.id'], name=op.f('fk_membership_period_began_by')),
    sa.ForeignKeyConstraint(['ended_by'], ['person.id'], name=op.f('fk_membership_period_ended_by')),
    sa.ForeignKeyConstraint(['member_id'], ['member.id'], name=op.f('fk_membership_period_member_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_membership_period'))
    )
    with op.batch_alter_table('membership_period', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_membership_period_member_id'), ['member_id'], unique=False)
        batch_op.create_index('uq_membership_period_one_open', ['member_id'], unique=True, postgresql_where=sa.text('ended_at IS NULL'), sqlite_where=sa.text('ended_at IS NULL'))

    # Memberships from before begin their history with what is known of them.
    op.execute(
        "INSERT INTO membership_period (id, member_id, roles, began_at, ended_at, ended_as) "
        "SELECT id, id, roles, joined_at, left_at, "
        "CASE WHEN left_at IS NULL THEN NULL ELSE 'left' END FROM member"
    )

    op.create_table('invitation',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('organization_id', sa.Uuid(), nullable=False),
    sa.Column('roles', sa.JSON(none_as_null=True), nullable=False),
    sa.Column('note', sa.String(length=200), nullable=True),
    sa.Column('prefix', sa.String(length=16), nullable=False),
    sa.Column('secret_sha256', sa.String(length=64), nullable=False),
    sa.Column('invited_by', sa.Uuid(), nullable=True),
    sa.Column('invited_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('accepted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('accepted_by', sa.Uuid(), nullable=True),
    sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('revoked_by', sa.Uuid(), nullable=True),
    sa.ForeignKeyConstraint(['accepted_by'], ['person.id'], name=op.f('fk_invitation_accepted_by')),
    sa.ForeignKeyConstraint(['invited_by'], ['person.id'], name=op.f('fk_invitation_invited_by')),
    sa.ForeignKeyConstraint(['organization_id'], ['organization.id'], name=op.f('fk_invitation_organization_id')),
    sa.ForeignKeyConstraint(['revoked_by'], ['person.id'], name=op.f('fk_invitation_revoked_by')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_invitation')),
    sa.UniqueConstraint('prefix', name=op.f('uq_invitation_prefix'))
    )
    with op.batch_alter_table('invitation', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_invitation_invited_by'), ['invited_by'], unique=False)
        batch_op.create_index(batch_op.f('ix_invitation_organization_id'), ['organization_id'], unique=False)

    with op.batch_alter_table('scenario', schema=None) as batch_op:
        batch_op.add_column(sa.Column('earlier_officers', sa.JSON(none_as_null=True), nullable=True))
        batch_op.add_column(sa.Column('submitted_by', sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column('publisher_id', sa.Uuid(), nullable=True))
        batch_op.create_foreign_key(batch_op.f('fk_scenario_submitted_by'), 'person', ['submitted_by'], ['id'])
        batch_op.create_foreign_key(batch_op.f('fk_scenario_publisher_id'), 'person', ['publisher_id'], ['id'])

    with op.batch_alter_table('panel_seat', schema=None) as batch_op:
        batch_op.add_column(sa.Column('recused_by', sa.Uuid(), nullable=True))
        batch_op.create_foreign_key(batch_op.f('fk_panel_seat_recused_by'), 'person', ['recused_by'], ['id'])


def downgrade() -> None:
    with op.batch_alter_table('panel_seat', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_panel_seat_recused_by'), type_='foreignkey')
        batch_op.drop_column('recused_by')

    with op.batch_alter_table('scenario', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_scenario_publisher_id'), type_='foreignkey')
        batch_op.drop_constraint(batch_op.f('fk_scenario_submitted_by'), type_='foreignkey')
        batch_op.drop_column('publisher_id')
        batch_op.drop_column('submitted_by')
        batch_op.drop_column('earlier_officers')

    with op.batch_alter_table('invitation', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_invitation_organization_id'))
        batch_op.drop_index(batch_op.f('ix_invitation_invited_by'))

    op.drop_table('invitation')
    with op.batch_alter_table('membership_period', schema=None) as batch_op:
        batch_op.drop_index('uq_membership_period_one_open', postgresql_where=sa.text('ended_at IS NULL'), sqlite_where=sa.text('ended_at IS NULL'))
        batch_op.drop_index(batch_op.f('ix_membership_period_member_id'))

    op.drop_table('membership_period')
    with op.batch_alter_table('member', schema=None) as batch_op:
        batch_op.drop_column('version')
