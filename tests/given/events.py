"""Things that were said, by whoever may say them, and the readers that listen."""

import dataclasses
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import insert

from marketplace.events import actions as events
from marketplace.events.actions import Signature
from marketplace.events.rules.envelope import Event, Visibility
from marketplace.events.tables import EventRow
from marketplace.kit import signing
from marketplace.kit.database import Database, WriteSession
from marketplace.kit.digests import canonical_json, sha256_hex
from marketplace.kit.ids import new_id
from tests.conftest import START

AT_ONCE = 2_000
PRIVATE, PUBLIC = signing.new_pair()


async def sign(document: dict[str, Any]) -> Signature:
    """Sign as an installation does."""
    content = canonical_json(document)
    signature = signing.sign(content, private_key=PRIVATE)
    return Signature(content, signing.key_id(PUBLIC), signature)


def a_kind_of(visibility: Visibility) -> type[Event]:
    """A kind of event with a visibility, outside the catalogue."""
    return KINDS[visibility]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Said(Event):
    TYPE: ClassVar[str] = "test.said"
    SUBJECT: ClassVar[str] = "thing_id"
    VISIBILITY: ClassVar[Visibility] = Visibility.INTERNAL

    thing_id: UUID
    note: str = "说了一句话"


KINDS: dict[Visibility, type[Event]] = {
    one: type(f"Said{one.value}", (_Said,), {"VISIBILITY": one, "__module__": "nowhere"})
    for one in Visibility
}


async def said(
    session: WriteSession,
    thing_id: UUID,
    visibility: Visibility = Visibility.PUBLIC,
    *,
    organization_id: UUID | None = None,
    scenario_id: UUID | None = None,
    note: str = "说了一句话",
) -> EventRow:
    """One event about a thing."""
    kind = a_kind_of(visibility)
    return await events.record(
        session,
        kind(thing_id=thing_id, note=note),  # type: ignore[call-arg]  # of the kinds made above
        by="system",
        now=START,
        organization_id=organization_id,
        scenario_id=scenario_id,
    )


async def a_log(database: Database, *, things: int = 3, each: int = 4) -> list[EventRow]:
    """Some things about which something was said in turn, all of it numbered."""
    ids = [new_id() for _ in range(things)]
    rows = []
    for _ in range(each):
        for one in ids:
            async with database.writing() as session:
                rows.append(await said(session, one, scenario_id=ids[0]))
    await numbered(database)
    return rows


async def numbered(database: Database) -> None:
    """Everything committed has its number."""
    async with database.writing() as session:
        await events.number_events(session)


async def vouched_for(database: Database) -> None:
    """Everything committed stands in a checkpoint."""
    async with database.writing() as session:
        while await events.close_checkpoint(session, sign=sign, now=START):
            pass


async def many_said(
    database: Database,
    number: int,
    visibility: Visibility = Visibility.PUBLIC,
    *,
    type: str = "scenario.closed",
    organization_id: UUID | None = None,
    each: int = 1,
) -> list[UUID]:
    """Many events, `each` about every subject, past the action that says one: for what is large.

    They are chained to nothing, so no checkpoint may be closed over them.
    """
    rows, subject = [], new_id()
    for turn in range(number):
        subject = new_id() if turn % each == 0 else subject
        sequence = turn % each + 1
        body = b'{"id":"%d","subject":"scenario/%s","sequence":%d}' % (
            turn, str(subject).encode(), sequence,
        )  # fmt: skip
        rows.append(
            {
                "id": new_id(),
                "type": type,
                "schema_version": 1,
                "subject_type": "scenario",
                "subject_id": subject,
                "sequence": sequence,
                "visibility": visibility,
                "organization_id": organization_id,
                "actor": "system",
                "record": body,
                "sha256": sha256_hex(body),
                "owner_salt": bytes(16),
                "occurred_at": START,
            }
        )
    for at in range(0, number, AT_ONCE):
        async with database.writing() as session:
            await (await session.connection()).execute(insert(EventRow), rows[at : at + AT_ONCE])
    return [row["id"] for row in rows]  # type: ignore[misc]  # each is the id made above
