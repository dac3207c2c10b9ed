"""Take in what a bidder's own client sealed: the platform never sees the offer before the opening.

Nobody can look inside, so only the form is checked here: an envelope for exactly the right keys, of
a bearable size, with the digest that was stated.  What is inside is judged when all are opened.
"""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from marketplace.bids.actions import participating
from marketplace.bids.actions.offering import Closed, begin_sealing, finish_sealing
from marketplace.bids.actions.receipts import Receipt
from marketplace.bids.errors.sealing import EnvelopeDigestWrong, EnvelopeUnfit
from marketplace.bids.rules.offer import Offer
from marketplace.bids.rules.sealed_offer import SealedBy
from marketplace.bids.tables.bids import Bid
from marketplace.identity.rules.access import Actor
from marketplace.kit import envelopes
from marketplace.kit.clock import Clock
from marketplace.kit.database import WriteSession
from marketplace.kit.digests import sha256_hex
from marketplace.kit.secrets import Keeper

ENVELOPE_BYTES_MAX: Final = 262_144
"""Twice what the longest offer takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnEnvelope:
    """What a bidder's client sends: the envelope, and the digests of outside and inside."""

    envelope: bytes
    sealed_sha256: str
    content_sha256: str


async def submit_own(
    session: WriteSession,
    actor: Actor,
    bid_id: UUID,
    *,
    verb: str,
    own: OwnEnvelope,
    expected_version: int,
    keeper: Keeper,
    clock: Clock,
) -> tuple[Bid, Receipt]:
    """Keep an envelope as the offer that counts: the first with `submit` (B02), or `replace` (B03).

    Refuses  EnvelopeUnfit, EnvelopeDigestWrong, what `begin_sealing` refuses, and TakesPartAlready.
    """
    begun = await begin_sealing(
        session, actor, bid_id, verb=verb, expected_version=expected_version, clock=clock
    )
    fits = envelopes.is_envelope(own.envelope, recipients=begun.recipients)
    if not fits or len(own.envelope) > ENVELOPE_BYTES_MAX:
        raise EnvelopeUnfit(recipients=len(begun.recipients), bytes_max=ENVELOPE_BYTES_MAX)
    if sha256_hex(own.envelope) != own.sealed_sha256:
        raise EnvelopeDigestWrong()
    # Whom the offer names is not known before the opening: only the bidder takes part for sure.
    alone = Offer()
    await participating.take_part(session, begun.row, alone, keeper=keeper, now=begun.now)
    closed = Closed(
        sealed=own.envelope,
        content_sha256=own.content_sha256,
        sealed_by=SealedBy.BIDDER,
    )
    return await finish_sealing(session, actor, begun, closed, keeper=keeper)
