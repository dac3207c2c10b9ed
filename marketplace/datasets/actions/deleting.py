"""Certify that no copy is left: a signed document, and an end of every token."""

import datetime as dt
from uuid import UUID

from marketplace.datasets.actions import lending as lending_actions
from marketplace.datasets.errors import AlreadyCertified, NothingToDelete
from marketplace.datasets.queries import data, lending
from marketplace.datasets.tables.lending import DeletionCertificate
from marketplace.events import actions as events
from marketplace.events.rules.catalogue.datasets import DatasetDeletionCertified
from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor, Permission
from marketplace.kit.database import WriteSession
from marketplace.kit.digests import canonical_json, sha256_hex


async def certify(
    session: WriteSession,
    actor: Actor,
    dataset_id: UUID,
    number: int,
    *,
    statement: str,
    now: dt.datetime,
) -> DeletionCertificate:
    """Sign for the own organisation that every copy of a version was deleted.

    Refuses  NothingToDelete for who was never lent it and never took it, AlreadyCertified.
    """
    access.require(actor, Permission.DATASETS_REQUEST)
    _, seen = await data.version_seen_by(session, actor, dataset_id, number)
    version = await data.version_by_id(session, seen.id, lock=True)
    if actor.organization_id not in await lending.takers(session, version.id):
        raise NothingToDelete()
    if await lending.certificate(session, version.id, actor.organization_id) is not None:
        raise AlreadyCertified()
    document = canonical_json(
        {
            "dataset_id": str(dataset_id),
            "number": number,
            "version_sha256": version.sha256,
            "organization_id": str(actor.organization_id),
            "signed_by": str(actor.person_id),
            "key_id": None if actor.key_id is None else str(actor.key_id),
            "statement": statement,
            "signed_at": now.isoformat(),
        }
    )
    row = DeletionCertificate(
        version_id=version.id,
        organization_id=actor.organization_id,
        signed_by=actor.person_id,
        document=document,
        sha256=sha256_hex(document),
        signed_at=now,
    )
    session.add(row)
    await lending_actions.revoke_tokens_of(session, version.id, actor.organization_id, now=now)
    said = DatasetDeletionCertified(
        certificate_id=row.id,
        version_id=version.id,
        dataset_id=dataset_id,
        number=number,
        sha256=row.sha256,
    )
    await events.record(
        session, said, by=actor.kind, now=now, organization_id=actor.organization_id
    )
    return row
