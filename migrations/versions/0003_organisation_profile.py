"""Give organisations a history: declarations, registration, listings, account, evidence.

What was one mark or one value before becomes the first entry of a history, dated by the day of
registration, because nobody wrote down a better one.
"""

import datetime as dt
from uuid import uuid4

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = "0002"
branch_labels = None
depends_on = None

STATED = '登记时填报 stated at registration'
MARKED = '升级前的标记 marked before the upgrade'
BEIJING = dt.timezone(dt.timedelta(hours=8))


def upgrade() -> None:
    op.create_table('bank_account',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('organization_id', sa.Uuid(), nullable=False),
    sa.Column('bank_name', sa.String(length=200), nullable=False),
    sa.Column('account_name', sa.String(length=200), nullable=False),
    sa.Column('sealed_number', sa.LargeBinary(), nullable=False),
    sa.Column('last_four', sa.String(length=4), nullable=False),
    sa.Column('changed_by', sa.Uuid(), nullable=True),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['changed_by'], ['person.id'], name=op.f('fk_bank_account_changed_by')),
    sa.ForeignKeyConstraint(['organization_id'], ['organization.id'], name=op.f('fk_bank_account_organization_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_bank_account')),
    sa.UniqueConstraint('organization_id', name=op.f('uq_bank_account_organization_id'))
    )
    op.create_table('blacklist_entry',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('organization_id', sa.Uuid(), nullable=False),
    sa.Column('listed_from', sa.Date(), nullable=False),
    sa.Column('listed_until', sa.Date(), nullable=True),
    sa.Column('authority', sa.String(length=200), nullable=False),
    sa.Column('reason', sa.String(length=2000), nullable=False),
    sa.Column('source', sa.String(length=2000), nullable=False),
    sa.Column('recorded_by', sa.Uuid(), nullable=True),
    sa.Column('recorded_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('lifted_on', sa.Date(), nullable=True),
    sa.Column('lift_reason', sa.String(length=2000), nullable=True),
    sa.Column('lifted_by', sa.Uuid(), nullable=True),
    sa.Column('lifted_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['lifted_by'], ['person.id'], name=op.f('fk_blacklist_entry_lifted_by')),
    sa.ForeignKeyConstraint(['organization_id'], ['organization.id'], name=op.f('fk_blacklist_entry_organization_id')),
    sa.ForeignKeyConstraint(['recorded_by'], ['person.id'], name=op.f('fk_blacklist_entry_recorded_by')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_blacklist_entry'))
    )
    with op.batch_alter_table('blacklist_entry', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_blacklist_entry_organization_id'), ['organization_id'], unique=False)

    op.create_table('registration_entry',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('organization_id', sa.Uuid(), nullable=False),
    sa.Column('status', sa.String(length=32), nullable=False),
    sa.Column('effective_from', sa.Date(), nullable=False),
    sa.Column('source', sa.String(length=2000), nullable=False),
    sa.Column('recorded_by', sa.Uuid(), nullable=True),
    sa.Column('recorded_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['organization_id'], ['organization.id'], name=op.f('fk_registration_entry_organization_id')),
    sa.ForeignKeyConstraint(['recorded_by'], ['person.id'], name=op.f('fk_registration_entry_recorded_by')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_registration_entry'))
    )
    with op.batch_alter_table('registration_entry', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_registration_entry_organization_id'), ['organization_id'], unique=False)

    op.create_table('size_declaration',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('organization_id', sa.Uuid(), nullable=False),
    sa.Column('size_class', sa.String(length=32), nullable=False),
    sa.Column('effective_from', sa.Date(), nullable=False),
    sa.Column('basis', sa.String(length=2000), nullable=False),
    sa.Column('declared_by', sa.Uuid(), nullable=True),
    sa.Column('declared_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['declared_by'], ['person.id'], name=op.f('fk_size_declaration_declared_by')),
    sa.ForeignKeyConstraint(['organization_id'], ['organization.id'], name=op.f('fk_size_declaration_organization_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_size_declaration'))
    )
    with op.batch_alter_table('size_declaration', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_size_declaration_organization_id'), ['organization_id'], unique=False)

    op.create_table('standing_check',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('organization_id', sa.Uuid(), nullable=False),
    sa.Column('stage', sa.String(length=32), nullable=False),
    sa.Column('subject_type', sa.String(length=32), nullable=False),
    sa.Column('subject_id', sa.Uuid(), nullable=False),
    sa.Column('on_day', sa.Date(), nullable=False),
    sa.Column('findings', sa.JSON(none_as_null=True), nullable=False),
    sa.Column('blocked', sa.Boolean(), nullable=False),
    sa.Column('counterpart_id', sa.Uuid(), nullable=True),
    sa.Column('related', sa.Boolean(), nullable=True),
    sa.Column('ground', sa.String(length=32), nullable=True),
    sa.Column('path', sa.JSON(none_as_null=True), nullable=False),
    sa.Column('sealed', sa.Boolean(), nullable=False),
    sa.Column('checked_by', sa.Uuid(), nullable=True),
    sa.Column('checked_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['checked_by'], ['person.id'], name=op.f('fk_standing_check_checked_by')),
    sa.ForeignKeyConstraint(['counterpart_id'], ['organization.id'], name=op.f('fk_standing_check_counterpart_id')),
    sa.ForeignKeyConstraint(['organization_id'], ['organization.id'], name=op.f('fk_standing_check_organization_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_standing_check'))
    )
    with op.batch_alter_table('standing_check', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_standing_check_organization_id'), ['organization_id'], unique=False)
        batch_op.create_index('ix_standing_check_subject', ['subject_type', 'subject_id'], unique=False)

    op.create_table('startup_declaration',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('organization_id', sa.Uuid(), nullable=False),
    sa.Column('is_startup', sa.Boolean(), nullable=False),
    sa.Column('as_of', sa.Date(), nullable=False),
    sa.Column('basis', sa.String(length=2000), nullable=False),
    sa.Column('declared_by', sa.Uuid(), nullable=True),
    sa.Column('declared_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['declared_by'], ['person.id'], name=op.f('fk_startup_declaration_declared_by')),
    sa.ForeignKeyConstraint(['organization_id'], ['organization.id'], name=op.f('fk_startup_declaration_organization_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_startup_declaration'))
    )
    with op.batch_alter_table('startup_declaration', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_startup_declaration_organization_id'), ['organization_id'], unique=False)

    _carry_over()
    with op.batch_alter_table('organization', schema=None) as batch_op:
        batch_op.add_column(sa.Column('contact_name', sa.String(length=100), nullable=True))
        batch_op.add_column(sa.Column('contact_phone', sa.String(length=32), nullable=True))
        batch_op.add_column(sa.Column('contact_email', sa.String(length=200), nullable=True))
        batch_op.drop_column('blacklisted')


def _carry_over() -> None:
    bind = op.get_bind()
    organization = sa.table(
        'organization',
        sa.column('id', sa.Uuid()),
        sa.column('size_class', sa.String()),
        sa.column('is_startup', sa.Boolean()),
        sa.column('blacklisted', sa.Boolean()),
        sa.column('registered_at', sa.DateTime(timezone=True)),
    )
    for row in bind.execute(sa.select(organization)).all():
        at = row.registered_at
        at = at if at.tzinfo else at.replace(tzinfo=dt.timezone.utc)
        day, whose = at.astimezone(BEIJING).date(), {'id': uuid4(), 'organization_id': row.id}
        if row.size_class != 'none':
            told = {'size_class': row.size_class, 'effective_from': day, 'basis': STATED}
            _insert('size_declaration', whose | told | {'declared_at': at})
        if row.is_startup:
            told = {'is_startup': True, 'as_of': day, 'basis': STATED}
            _insert('startup_declaration', whose | told | {'declared_at': at})
        if row.blacklisted:
            told = {'authority': MARKED, 'reason': MARKED, 'source': MARKED}
            _insert('blacklist_entry', whose | told | {'listed_from': day, 'recorded_at': at})


def _insert(name: str, values: dict[str, object]) -> None:
    kinds = {
        'id': sa.Uuid(),
        'organization_id': sa.Uuid(),
        'is_startup': sa.Boolean(),
        'effective_from': sa.Date(),
        'as_of': sa.Date(),
        'listed_from': sa.Date(),
        'declared_at': sa.DateTime(timezone=True),
        'recorded_at': sa.DateTime(timezone=True),
    }
    columns = [sa.column(key, kinds.get(key, sa.String())) for key in values]
    op.get_bind().execute(sa.insert(sa.table(name, *columns)).values(values))


def downgrade() -> None:
    with op.batch_alter_table('organization', schema=None) as batch_op:
        batch_op.add_column(
            sa.Column('blacklisted', sa.Boolean(), nullable=False, server_default=sa.false())
        )
        batch_op.drop_column('contact_email')
        batch_op.drop_column('contact_phone')
        batch_op.drop_column('contact_name')
    with op.batch_alter_table('organization', schema=None) as batch_op:
        batch_op.alter_column('blacklisted', existing_type=sa.Boolean(), server_default=None)
    op.execute(
        sa.text(
            'UPDATE organization SET blacklisted = :yes WHERE id IN'
            ' (SELECT organization_id FROM blacklist_entry WHERE lifted_on IS NULL)'
        ).bindparams(sa.bindparam('yes', True, sa.Boolean()))
    )

    with op.batch_alter_table('startup_declaration', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_startup_declaration_organization_id'))

    op.drop_table('startup_declaration')
    with op.batch_alter_table('standing_check', schema=None) as batch_op:
        batch_op.drop_index('ix_standing_check_subject')
        batch_op.drop_index(batch_op.f('ix_standing_check_organization_id'))

    op.drop_table('standing_check')
    with op.batch_alter_table('size_declaration', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_size_declaration_organization_id'))

    op.drop_table('size_declaration')
    with op.batch_alter_table('registration_entry', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_registration_entry_organization_id'))

    op.drop_table('registration_entry')
    with op.batch_alter_table('blacklist_entry', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_blacklist_entry_organization_id'))

    op.drop_table('blacklist_entry')
    op.drop_table('bank_account')
