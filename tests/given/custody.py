"""Custodians, their keys, and the shares they release."""

import base64
import hashlib
from uuid import UUID

from marketplace.bids.actions.opening import Hands
from marketplace.custody import queries
from marketplace.custody.actions import keys
from marketplace.custody.actions.releasing import Release
from marketplace.custody.rules.sides import Side, share_context
from marketplace.kit import envelopes
from marketplace.kit.database import Database
from marketplace.kit.passwords import Hasher
from marketplace.kit.secrets import Keeper
from marketplace.scenarios.queries import calls as scenarios
from tests.conftest import START
from tests.given.identity import Someone

KEEPER = Keeper.from_text("a key for tests only, 32 characters at least")
HASHER = Hasher(memory_kib=64, passes=1)
HANDS = Hands(keeper=KEEPER, hasher=HASHER)
RECOVERY_PRIVATE = hashlib.sha256(b"an offline recovery key for tests").digest()
RECOVERY_PUBLIC = envelopes.public_of(RECOVERY_PRIVATE)


def private_key_of(who: Someone) -> bytes:
    """The private key that a custodian of a test keeps: always the same for the same person."""
    return hashlib.sha256(b"custodian" + who.actor.person_id.bytes).digest()


async def registered(database: Database, organization_id: UUID, *people: Someone) -> None:
    """Custody keys of these people for an organisation."""
    async with database.writing() as session:
        for who in people:
            await keys.register_key(
                session,
                who.actor,
                organization_id,
                public_key=envelopes.public_of(private_key_of(who)),
                keeper=KEEPER,
                now=START,
            )


async def the_share(database: Database, scenario_id: UUID, who: Someone) -> bytes:
    """The share of a custodian, opened by the own client."""
    async with database.reading() as session:
        call = await scenarios.scenario(session, scenario_id)
        found = await queries.custody(session, who.actor, call.lockbox_id)
    (row,) = found.own
    assert row.envelope is not None
    context = share_context(row.lockbox_id, row.side)
    return envelopes.open_(row.envelope, private_key=private_key_of(who), context=context)


async def the_recovery_share(database: Database, scenario_id: UUID) -> bytes:
    """The share that the offline key opens."""
    async with database.reading() as session:
        call = await scenarios.scenario(session, scenario_id)
        assert call.lockbox_id is not None
        row = (await queries.shares(session, call.lockbox_id))[Side.RECOVERY]
    assert row.envelope is not None
    context = share_context(row.lockbox_id, row.side)
    return envelopes.open_(row.envelope, private_key=RECOVERY_PRIVATE, context=context)


async def released(database: Database, scenario_id: UUID, who: Someone) -> Release:
    """What a custodian brings to an opening."""
    return Release(share=await the_share(database, scenario_id, who))


async def share_body(database: Database, scenario_id: UUID | str, who: Someone) -> dict[str, str]:
    """The same, as it is sent."""
    share = await the_share(database, UUID(str(scenario_id)), who)
    return {"share": text_of(share)}


async def share_body_if_any(database: Database, scenario_id: UUID, who: Someone) -> dict[str, str]:
    """The same, or something that is none where the call has no lockbox or is open already."""
    async with database.reading() as session:
        call = await scenarios.scenario(session, scenario_id)
        if call.lockbox_id is None:
            return {"share": "AA"}
        found = await queries.custody(session, who.actor, call.lockbox_id)
    usable = found.own and found.own[0].envelope is not None
    return await share_body(database, scenario_id, who) if usable else {"share": "AA"}


def bytes_of(text: str) -> bytes:
    """What was sent, as bytes."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def text_of(content: bytes) -> str:
    """Bytes as they are sent."""
    return base64.urlsafe_b64encode(content).decode().rstrip("=")
