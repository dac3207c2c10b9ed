"""Write every event as the bytes that are told, number it, chain it; checkpoints vouch for it.

What was said is written anew from the columns that held it, in the order of writing, so that the
chain begins with the first event of the installation.  Stop older processes first: they know
nothing of the new columns.
"""

import datetime as dt
import hashlib
import json
import os
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

AT_ONCE = 1_000
KEPT = {"sqlite_autoincrement": True}
"""What SQLite forgets of a table when it is written anew."""

EVENT = sa.table(
    "event",
    sa.column("position", sa.BigInteger),
    sa.column("number", sa.BigInteger),
    sa.column("id", sa.Uuid()),
    sa.column("type", sa.String),
    sa.column("schema_version", sa.Integer),
    sa.column("subject_type", sa.String),
    sa.column("subject_id", sa.Uuid()),
    sa.column("sequence", sa.Integer),
    sa.column("visibility", sa.String),
    sa.column("organization_id", sa.Uuid()),
    sa.column("scenario_id", sa.Uuid()),
    sa.column("organizer_id", sa.Uuid()),
    sa.column("actor", sa.String),
    sa.column("data", sa.JSON),
    sa.column("occurred_at", sa.DateTime(timezone=True)),
    sa.column("record", sa.LargeBinary),
    sa.column("sha256", sa.String),
    sa.column("previous_sha256", sa.String),
    sa.column("owner_salt", sa.LargeBinary),
)
SEQUENCE = sa.table(
    "event_sequence",
    sa.column("subject_id", sa.Uuid()),
    sa.column("last_sha256", sa.String),
)


def upgrade() -> None:
    op.add_column("event_sequence", sa.Column("last_sha256", sa.String(64), nullable=True))
    op.add_column("event_sequence", sa.Column("organizer_id", sa.Uuid(), nullable=True))
    op.add_column("event_sequence", sa.Column("rule_profile", sa.String(64), nullable=True))
    op.execute(
        "UPDATE event_sequence SET"
        " organizer_id = (SELECT s.organizer_id FROM scenario s WHERE s.id = subject_id),"
        " rule_profile = (SELECT s.profile_code || '@' || s.profile_version FROM scenario s"
        " WHERE s.id = subject_id AND s.profile_code IS NOT NULL)"
    )
    for column in (
        sa.Column("number", sa.BigInteger(), nullable=True),
        sa.Column("organizer_id", sa.Uuid(), nullable=True),
        sa.Column("record", sa.LargeBinary(), nullable=True),
        sa.Column("sha256", sa.String(64), nullable=True),
        sa.Column("previous_sha256", sa.String(64), nullable=True),
        sa.Column("owner_salt", sa.LargeBinary(), nullable=True),
    ):
        op.add_column("event", column)
    op.execute(
        "UPDATE event SET organizer_id ="
        " (SELECT s.organizer_id FROM scenario s WHERE s.id = event.scenario_id)"
        " WHERE scenario_id IS NOT NULL"
    )
    last = _written_anew()
    with op.batch_alter_table("event", table_kwargs=KEPT) as table:
        table.drop_index("ix_event_unfanned")
        table.drop_column("data")
        table.alter_column("record", existing_type=sa.LargeBinary(), nullable=False)
        table.alter_column("sha256", existing_type=sa.String(64), nullable=False)
        table.alter_column("owner_salt", existing_type=sa.LargeBinary(), nullable=False)
        table.create_unique_constraint(op.f("uq_event_number"), ["number"])
        table.create_index(op.f("ix_event_organizer_id"), ["organizer_id"])
    for name, column, mark in (
        ("ix_event_unnumbered", "position", "number"),
        ("ix_event_unfanned", "number", "fanned_out_at"),
    ):
        where = sa.text(f"{mark} IS NULL")
        op.create_index(name, "event", [column], postgresql_where=where, sqlite_where=where)
    log = op.create_table(
        "event_log",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("last_number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event_log")),
    )
    op.bulk_insert(log, [{"id": 1, "last_number": last}])
    op.create_table(
        "event_checkpoint",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("first_event", sa.BigInteger(), nullable=False),
        sa.Column("last_event", sa.BigInteger(), nullable=False),
        sa.Column("fill_key", sa.LargeBinary(), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("key_id", sa.String(64), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event_checkpoint")),
        sa.UniqueConstraint("number", name=op.f("uq_event_checkpoint_number")),
    )


def _written_anew() -> int:
    """Write, chain and number every event; say how many there are."""
    connection = op.get_bind()
    profiles = dict(
        connection.execute(
            sa.text("SELECT subject_id, rule_profile FROM event_sequence").columns(
                subject_id=sa.Uuid(), rule_profile=sa.String()
            )
        ).all()
    )
    last_of: dict[UUID, str] = {}
    number = 0
    for rows in _batches(connection):
        written = []
        for row in rows:
            number += 1
            call = row["scenario_id"] or row["subject_id"]
            changed = _record(row, last_of.get(row["subject_id"]), profiles.get(call))
            last_of[row["subject_id"]] = changed["new_sha256"]
            written.append(changed | {"at": row["position"], "new_number": number})
        connection.execute(
            EVENT.update()
            .where(EVENT.c.position == sa.bindparam("at"))
            .values(
                number=sa.bindparam("new_number"),
                record=sa.bindparam("new_record"),
                sha256=sa.bindparam("new_sha256"),
                previous_sha256=sa.bindparam("new_previous"),
                owner_salt=sa.bindparam("new_salt"),
            ),
            written,
        )
    if last_of:
        connection.execute(
            SEQUENCE.update()
            .where(SEQUENCE.c.subject_id == sa.bindparam("subject"))
            .values(last_sha256=sa.bindparam("last")),
            [{"subject": one, "last": last} for one, last in last_of.items()],
        )
    return number


def _batches(connection: sa.Connection) -> Iterator[list[dict[str, Any]]]:
    after = 0
    while True:
        found = connection.execute(
            sa.select(EVENT)
            .where(EVENT.c.position > after)
            .order_by(EVENT.c.position)
            .limit(AT_ONCE)
        )
        rows = [dict(row) for row in found.mappings()]
        if not rows:
            return
        after = rows[-1]["position"]
        yield rows


def _record(row: dict[str, Any], previous: str | None, profile: str | None) -> dict[str, Any]:
    """Write one event as the release of this migration does; never changed afterwards."""
    salt = os.urandom(16)
    ids = (row["organization_id"], row["scenario_id"], row["organizer_id"])
    named = b"".join(b"\0" if one is None else b"\1" + one.bytes for one in ids)
    moment = row["occurred_at"]
    moment = moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment.astimezone(dt.UTC)
    document = {
        "specversion": "1.0",
        "id": str(row["id"]),
        "source": "/v1/events",
        "type": row["type"],
        "subject": f"{row['subject_type']}/{row['subject_id']}",
        "time": moment.isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "sequence": row["sequence"],
        "schemaversion": row["schema_version"],
        "visibility": row["visibility"],
        "actor": row["actor"],
        "ownerhash": hashlib.sha256(b"jiebang/event-owner/1\0" + salt + named).hexdigest(),
        "data": row["data"],
    }
    if previous is not None:
        document["previoushash"] = previous
    if profile is not None:
        document["ruleprofile"] = profile
    text = json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    record = text.encode("utf-8", "surrogatepass")
    return {
        "new_record": record,
        "new_sha256": hashlib.sha256(record).hexdigest(),
        "new_previous": previous,
        "new_salt": salt,
    }


def downgrade() -> None:
    connection = op.get_bind()
    op.drop_table("event_checkpoint")
    op.drop_table("event_log")
    op.drop_index("ix_event_unnumbered", "event")
    op.drop_index("ix_event_unfanned", "event")
    op.add_column("event", sa.Column("data", sa.JSON(), nullable=True))
    for rows in _batches(connection):
        connection.execute(
            EVENT.update()
            .where(EVENT.c.position == sa.bindparam("at"))
            .values(data=sa.bindparam("said")),
            [{"at": row["position"], "said": json.loads(row["record"])["data"]} for row in rows],
        )
    with op.batch_alter_table("event", table_kwargs=KEPT) as table:
        table.drop_index(op.f("ix_event_organizer_id"))
        table.drop_constraint(op.f("uq_event_number"), type_="unique")
        for name in (
            "owner_salt", "previous_sha256", "sha256", "record", "organizer_id", "number"
        ):
            table.drop_column(name)
        table.alter_column("data", existing_type=sa.JSON(), nullable=False)
        table.create_index("ix_event_unfanned", ["fanned_out_at", "position"])
    with op.batch_alter_table("event_sequence") as table:
        for name in ("rule_profile", "organizer_id", "last_sha256"):
            table.drop_column(name)
