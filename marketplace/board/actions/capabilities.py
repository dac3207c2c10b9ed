"""Load the vocabulary, and declare what an organisation can do."""

import datetime as dt
from uuid import UUID

from sqlmodel import col, delete

from marketplace.board.errors import VocabularyConflict
from marketplace.board.queries import capabilities as queries
from marketplace.board.rules.matching import Word, check_known
from marketplace.board.tables import Capability, SolverListing, SolverTag
from marketplace.events import actions as events
from marketplace.events.rules.catalogue.board import CapabilitiesDeclared
from marketplace.identity.errors.access import NotPermitted
from marketplace.identity.queries import standing as register
from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor, Permission
from marketplace.kit.database import WriteSession
from marketplace.kit.days import day_of
from marketplace.kit.errors import Stale


async def load_vocabulary(session: WriteSession, actor: Actor, words: list[Word]) -> None:
    """Load words; loading the same ones again changes nothing.

    Refuses  VocabularyConflict for a code that already means something else.
    """
    access.require(actor, Permission.PROFILES_LOAD)
    known = {row.code: row for row in await queries.vocabulary(session)}
    for word in words:
        row = known.get(word.code)
        if row is None:
            session.add(
                Capability(
                    code=word.code, group=word.group, name_zh=word.name_zh, name_en=word.name_en
                )
            )
        elif (row.group, row.name_zh, row.name_en) != (word.group, word.name_zh, word.name_en):
            raise VocabularyConflict(capability=word.code)
    await session.flush()


async def declare(
    session: WriteSession,
    actor: Actor,
    organization_id: UUID,
    *,
    codes: list[str],
    recommendable: bool,
    expected_version: int,
    now: dt.datetime,
) -> tuple[SolverListing, tuple[str, ...]]:
    """Say what one's own organisation can do, and whether posters may be told of it.

    Shape    version 0 stands for an organisation that has declared nothing yet.
    Refuses  NotPermitted for another organisation, CapabilityUnknown, OrganizationNotVerified,
             Stale.
    """
    access.require(actor, Permission.CAPABILITIES_DECLARE)
    if actor.organization_id != organization_id and not actor.is_system:
        raise NotPermitted(permission=Permission.CAPABILITIES_DECLARE.value)
    await register.organization_in_good_standing(session, organization_id, on=day_of(now))
    known = check_known(codes, await queries.known_codes(session))
    await queries.lock_organization(session, organization_id)
    row = await queries.listing(session, organization_id)
    present = 0 if row is None else row.version
    if present != expected_version:
        raise Stale(version=present, expected=expected_version)
    if row is None:
        row = SolverListing(
            organization_id=organization_id, recommendable=recommendable, declared_at=now
        )
    else:
        row.version += 1
    row.recommendable, row.declared_at = recommendable, now
    row.declared_by = None if actor.is_system else actor.person_id
    session.add(row)
    await session.exec(delete(SolverTag).where(col(SolverTag.organization_id) == organization_id))
    session.add_all(SolverTag(organization_id=organization_id, code=code) for code in known)
    await session.flush()
    said = CapabilitiesDeclared(
        organization_id=organization_id, codes=known, recommendable=recommendable
    )
    await events.record(session, said, by=actor.kind, now=now, organization_id=organization_id)
    return row, known
