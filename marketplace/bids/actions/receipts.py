"""Receipts: what was sealed, when it was accepted, signed by the installation.

The signature binds the digests to the bid and to the number of the content.  It is checked again
at the opening, so that whoever can write to the database cannot put one version in the place of
another and go unnoticed.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from marketplace.bids.errors.sealing import SealBroken
from marketplace.bids.tables.bids import BidVersion
from marketplace.kit.database import ReadSession, WriteSession
from marketplace.kit.digests import canonical_json
from marketplace.kit.secrets import Keeper
from marketplace.kit.signing import SignatureWrong
from marketplace.notary import actions as notary
from marketplace.notary.actions import Signed

KIND: Final = "jiebang/receipt/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What a bidder gets for a sealed bid: enough to prove later what was sealed, and when."""

    bid_id: UUID
    scenario_number: str
    content_number: int
    received_at: dt.datetime
    sealed_sha256: str
    content_sha256: str
    salt: str | None
    """Random; with it and the offer the bidder can compute `content_sha256` again.  None where the
    bidder's own client drew it."""
    signed: Signed


def document_of(version: BidVersion, scenario_number: str) -> dict[str, Any]:
    """Write down what a receipt says."""
    return {
        "kind": KIND,
        "scenario": scenario_number,
        "bid": str(version.bid_id),
        "content_number": version.number,
        "scenario_content_version": version.scenario_content_version,
        "received_at": version.received_at.astimezone(dt.UTC).isoformat(),
        "sealed_by": version.sealed_by.value,
        "sealed_sha256": version.sealed_sha256,
        "content_sha256": version.content_sha256,
    }


async def sign(
    session: WriteSession,
    version: BidVersion,
    scenario_number: str,
    *,
    salt: str | None,
    keeper: Keeper,
) -> Receipt:
    """Sign the receipt of a version, and keep it with the version."""
    document = document_of(version, scenario_number)
    signed = await notary.sign(session, document, keeper=keeper, now=version.received_at)
    version.receipt = signed.content
    version.receipt_signature, version.receipt_key_id = signed.signature, signed.key_id
    return Receipt(
        bid_id=version.bid_id,
        scenario_number=scenario_number,
        content_number=version.number,
        received_at=version.received_at,
        sealed_sha256=version.sealed_sha256,
        content_sha256=version.content_sha256,
        salt=salt,
        signed=signed,
    )


async def check(session: ReadSession, version: BidVersion, scenario_number: str) -> None:
    """Refuse with SealBroken a version that is not what its signed receipt says."""
    content, signature, key_id = version.receipt, version.receipt_signature, version.receipt_key_id
    if content is None or signature is None or key_id is None:
        raise SealBroken(bid_id=str(version.bid_id))
    try:
        signed = Signed(content=content, signature=signature, key_id=key_id)
        await notary.check(session, signed)
    except SignatureWrong as wrong:
        raise SealBroken(bid_id=str(version.bid_id)) from wrong
    if content != canonical_json(document_of(version, scenario_number)):
        raise SealBroken(bid_id=str(version.bid_id))
