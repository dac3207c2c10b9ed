"""What the notary can do: sign, and take a new pair."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from marketplace.kit import signing
from marketplace.kit.database import ReadSession, WriteSession
from marketplace.kit.digests import canonical_json
from marketplace.kit.ids import new_id
from marketplace.kit.secrets import Keeper
from marketplace.kit.signing import SignatureWrong
from marketplace.kit.tables import sealed_context
from marketplace.notary import queries
from marketplace.notary.tables import INSTALLATION, SigningKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """Bytes with the installation's signature."""

    content: bytes
    signature: bytes
    key_id: str


async def sign(
    session: WriteSession, document: Mapping[str, Any], *, keeper: Keeper, now: dt.datetime
) -> Signed:
    """Write a document canonically and sign it; the first call makes the pair.

    Shape    `document["kind"]` says what it is, so that a signature serves one kind only.
    """
    assert document["kind"]
    row = await queries.signing_key(session) or await _new_pair(session, keeper=keeper, now=now)
    assert row.sealed_private is not None
    context = sealed_context(SigningKey, "sealed_private", id=row.id)
    private = keeper.unseal(row.sealed_private, context=context)
    content = canonical_json(document)
    return Signed(
        content=content,
        signature=signing.sign(content, private_key=private),
        key_id=row.key_id,
    )


async def check(session: ReadSession, signed: Signed) -> None:
    """Refuse with SignatureWrong what no pair of this installation signed."""
    row = await queries.key_named(session, signed.key_id)
    if row is None:
        raise SignatureWrong(key_id=signed.key_id)
    signing.verify(signed.content, signed.signature, public_key=row.public_key)


async def rotate(session: WriteSession, *, keeper: Keeper, now: dt.datetime) -> SigningKey:
    """Let a new pair sign from now on; the old private key is forgotten, the public one stays."""
    old = await queries.signing_key(session, lock=True)
    if old is not None:
        old.retired_at, old.sealed_private = now, None
        await session.flush()
    return await _new_pair(session, keeper=keeper, now=now)


async def _new_pair(session: WriteSession, *, keeper: Keeper, now: dt.datetime) -> SigningKey:
    """Make a pair, or find the one that somebody else made at the same moment."""
    insert = sqlite_insert if session.get_bind().dialect.name == "sqlite" else postgres_insert
    private, public = signing.new_pair()
    row_id = new_id()
    context = sealed_context(SigningKey, "sealed_private", id=row_id)
    sealed_private = keeper.seal(private, context=context)
    statement = (
        insert(SigningKey)
        .values(
            id=row_id,
            holder=INSTALLATION,
            key_id=signing.key_id(public),
            public_key=public,
            sealed_private=sealed_private,
            created_at=now,
        )
        .on_conflict_do_nothing()
    )
    await (await session.connection()).execute(statement)
    row = await queries.signing_key(session)
    assert row is not None
    return row
