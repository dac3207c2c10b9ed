"""Lend a version: ask under its terms, decide in other hands, take it back.

Lock order: version, then request, then tokens; withdrawing the version stands in front of all.
"""

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

from marketplace.datasets.errors import (
    AlreadyRequested,
    CallOver,
    NotRequestable,
    NotTheCustodian,
    OwnRequest,
    RequestUnknown,
    TermsNotAccepted,
)
from marketplace.datasets.queries import data, lending
from marketplace.datasets.rules.lifecycle import (
    REQUESTS,
    RequestState,
    RevocationReason,
    VersionState,
)
from marketplace.datasets.rules.manifest import AccessMode, Openness
from marketplace.datasets.tables.data import Dataset, DatasetVersion
from marketplace.datasets.tables.lending import AccessRequest, DatasetToken
from marketplace.events import actions as events
from marketplace.events.rules.catalogue.datasets import (
    DatasetAccessDecided,
    DatasetAccessRequested,
    DatasetNoticeGiven,
)
from marketplace.identity.queries import standing as register
from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor, Permission
from marketplace.kit.database import WriteSession
from marketplace.kit.days import day_of
from marketplace.kit.errors import Stale
from marketplace.kit.ids import new_id
from marketplace.scenarios.rules.lifecycle import FINAL_STATES, PUBLIC_STATES


async def ask(
    session: WriteSession,
    actor: Actor,
    dataset_id: UUID,
    number: int,
    *,
    purpose: str,
    terms_sha256: str,
    now: dt.datetime,
) -> AccessRequest:
    """Ask for a version on behalf of a verified solver, accepting its very terms.

    Refuses  NotRequestable with the reason, CallOver, TermsNotAccepted with the present digest,
             AlreadyRequested; OrganizationNotVerified.
    """
    access.require(actor, Permission.DATASETS_REQUEST)
    found, seen = await data.version_seen_by(session, actor, dataset_id, number)
    await register.organization_in_good_standing(session, actor.organization_id, on=day_of(now))
    if found.call.state not in PUBLIC_STATES - FINAL_STATES:
        raise CallOver(call_state=found.call.state.value)
    version = await data.version_by_id(session, seen.id, lock=True)
    _check_requestable(actor, found.row, version)
    terms = data.manifest_of(found.row, version).terms_sha256
    if terms_sha256 != terms:
        raise TermsNotAccepted(terms_sha256=terms, received=terms_sha256)
    already = await lending.live_request(session, version.id, actor.organization_id)
    if already is not None:
        raise AlreadyRequested(request_id=str(already.id), request_state=already.state.value)
    row = AccessRequest(
        version_id=version.id,
        dataset_id=found.row.id,
        organization_id=actor.organization_id,
        person_id=actor.person_id,
        purpose=purpose,
        terms_sha256=terms,
        state=RequestState.REQUESTED,
        requested_at=now,
    )
    session.add(row)
    await session.flush()
    said = DatasetAccessRequested(
        request_id=row.id, dataset_id=row.dataset_id, number=number, terms_sha256=terms
    )
    await events.record(
        session, said, by=actor.kind, now=now, organization_id=actor.organization_id
    )
    return row


def _check_requestable(actor: Actor, row: Dataset, version: DatasetVersion) -> None:
    manifest = data.manifest_of(row, version)
    reasons = {
        "not_published": version.state is not VersionState.PUBLISHED,
        "own_data": data.belongs_to(actor, row),
        "open_to_all": manifest.openness is Openness.UNCONDITIONAL,
        "not_open": manifest.openness is Openness.NOT_OPEN
        or manifest.access is AccessMode.HIDDEN_TEST,
    }
    for reason, holds in reasons.items():
        if holds:
            raise NotRequestable(reason=reason)


async def decide(
    session: WriteSession,
    actor: Actor,
    request_id: UUID,
    *,
    verb: str,
    reason: str | None = None,
    expected_version: int,
    now: dt.datetime,
) -> AccessRequest:
    """Approve, refuse or revoke a request, as the custodian of the data.

    Refuses  NotTheCustodian, OwnRequest, MoveNotAllowed; NotRequestable once the version is gone.
    """
    access.require(actor, Permission.DATASETS_DECIDE)
    row, version, dataset = await _locked(session, actor, request_id)
    if not data.is_custodian(actor, dataset):
        raise NotTheCustodian()
    if actor.person_id == row.person_id or actor.organization_id == row.organization_id:
        raise OwnRequest()
    _check_fresh(row, expected_version)
    if verb == "approve" and version.state is not VersionState.PUBLISHED:
        raise NotRequestable(reason="not_published")
    row.decided_by = actor.person_id
    await _move(session, actor, row, verb, reason=reason, now=now)
    if verb == "revoke":
        await _revoke(
            await lending.live_tokens(session, request_id=row.id),
            RevocationReason.TAKEN_BACK,
            now,
        )
        await session.flush()
    return row


async def cancel(
    session: WriteSession,
    actor: Actor,
    request_id: UUID,
    *,
    expected_version: int,
    now: dt.datetime,
) -> AccessRequest:
    """Take back a request of the own organisation that was not decided yet."""
    access.require(actor, Permission.DATASETS_REQUEST)
    row, _, _ = await _locked(session, actor, request_id)
    if row.organization_id != actor.organization_id:
        raise RequestUnknown(request_id=str(request_id))
    _check_fresh(row, expected_version)
    return await _move(session, actor, row, "cancel", now=now)


async def end_all(
    session: WriteSession, actor: Actor, row: Dataset, version: DatasetVersion, *, now: dt.datetime
) -> None:
    """End every request and token of a version that was withdrawn; tell each organisation alone.

    Whoever was given data, or the right to take them, is told once, with whether they took any.
    """
    told = await lending.borrowers(session, version.id)
    takers = frozenset(await lending.takers(session, version.id))
    for request in await lending.live_requests(session, version.id):
        if request.state is RequestState.APPROVED:
            await _move(session, actor, request, "revoke", reason="version_withdrawn", now=now)
        else:
            await _move(session, actor, request, "cancel", reason="version_withdrawn", now=now)
    await _revoke(
        await lending.live_tokens(session, version_id=version.id),
        RevocationReason.VERSION_WITHDRAWN,
        now,
    )
    await session.flush()
    for organization_id in told:
        said = DatasetNoticeGiven(
            notice_id=new_id(),
            version_id=version.id,
            dataset_id=row.id,
            number=version.number,
            withdrawn_at=now,
            downloaded=organization_id in takers,
        )
        await events.record(session, said, by="system", now=now, organization_id=organization_id)


async def _locked(
    session: WriteSession, actor: Actor, request_id: UUID
) -> tuple[AccessRequest, DatasetVersion, Dataset]:
    """Lock a request the actor may see, behind its version."""
    seen, dataset = await lending.request_seen_by(session, actor, request_id)
    version = await data.version_by_id(session, seen.version_id, lock=True)
    row = await lending.request(session, request_id, lock=True)
    return row, version, dataset


def _check_fresh(row: AccessRequest, expected_version: int) -> None:
    if row.version != expected_version:
        raise Stale(version=row.version, expected=expected_version)


async def _move(
    session: WriteSession,
    actor: Actor,
    row: AccessRequest,
    verb: str,
    *,
    reason: str | None = None,
    now: dt.datetime,
) -> AccessRequest:
    row.state = RequestState(REQUESTS.check(row.state, verb).target)
    row.version += 1
    row.decided_at = now
    row.reason = reason
    await session.flush()
    said = DatasetAccessDecided(
        request_id=row.id, dataset_id=row.dataset_id, state=row.state.value, reason=reason
    )
    await events.record(session, said, by=actor.kind, now=now, organization_id=row.organization_id)
    return row


async def _revoke(
    tokens: Sequence[DatasetToken], reason: RevocationReason, now: dt.datetime
) -> None:
    for token in tokens:
        token.revoked_at = now
        token.revocation = reason


async def revoke_tokens_of(
    session: WriteSession, version_id: UUID, organization_id: UUID, *, now: dt.datetime
) -> None:
    """Revoke an organisation's tokens of a version: it certified that it has deleted it."""
    tokens = await lending.live_tokens(
        session, version_id=version_id, organization_id=organization_id
    )
    await _revoke(tokens, RevocationReason.DELETED, now)
    await session.flush()
