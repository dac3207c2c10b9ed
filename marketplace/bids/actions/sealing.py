"""Close what belongs to a bid: for the lockbox of its call and for the bid's own reading key.

Everything of a bid that is secret until the opening goes through `close_for`, each thing in a
context of its own, so that it opens in one place only.  Nothing here can open what it closed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from marketplace.bids.tables.bids import Bid
from marketplace.custody import queries as custody
from marketplace.custody.tables import Lockbox
from marketplace.kit import envelopes
from marketplace.kit.database import ReadSession
from marketplace.scenarios.tables import Scenario

KEY_KIND: Final = "jiebang/sealing-key/1"


def offer_context(bid_id: UUID) -> bytes:
    """Name the place in which an offer opens."""
    return f"bid/{bid_id}/offer".encode()


def document_context(bid_id: UUID, document_id: UUID, part: int) -> bytes:
    """Name the place in which a part of a bid's document opens."""
    return f"bid/{bid_id}/document/{document_id}/{part}".encode()


async def recipients_of(
    session: ReadSession, bid: Bid, lockbox_id: UUID | None
) -> tuple[bytes, ...]:
    """Name the public keys to which everything of a bid is closed; refuses NoLockbox."""
    lockbox = await custody.lockbox(session, lockbox_id)
    own = () if bid.reading_public_key is None else (bid.reading_public_key,)
    return (lockbox.public_key, *own)


def sealing_key_document(call: Scenario, lockbox: Lockbox) -> dict[str, Any]:
    """Write down the public key of a call, to be signed."""
    return {
        "kind": KEY_KIND,
        "scenario": call.number,
        "scenario_id": str(call.id),
        "public_key": envelopes.to_text(lockbox.public_key),
    }


def close_for(recipients: Sequence[bytes], plaintext: bytes, *, context: bytes) -> bytes:
    """Close bytes for a bid's recipients; only the lockbox and the reading key open them."""
    return envelopes.close(plaintext, recipients=recipients, context=context)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unlocked:
    """A lockbox for the length of the opening: what was closed for it opens."""

    private_key: bytes = field(repr=False)

    def open(self, sealed: bytes, *, context: bytes) -> bytes:
        """Open what `close_for` closed; refuses CannotOpenEnvelope."""
        return envelopes.open_(sealed, private_key=self.private_key, context=context)
