"""The shapes of the feed on the wire."""

import datetime as dt
from typing import Any
from uuid import UUID

import msgspec

from marketplace.events.tables import EventCheckpoint
from marketplace.feed.queries.log import Proof
from marketplace.kit import signing
from marketplace.wire.shapes import Out


class EventOut(Out, frozen=True, kw_only=True):
    """One event as a CloudEvents 1.0 document; served as the bytes that were hashed."""

    specversion: str
    id: UUID
    source: str
    type: str
    subject: str
    """`kind/id` of what it is about."""
    time: dt.datetime
    datacontenttype: str
    sequence: int
    """1, 2, 3 … for each subject, without holes."""
    schemaversion: int
    visibility: str
    actor: str
    """The kind of actor, never a person."""
    ownerhash: str
    """Commits to whose event it is."""
    previoushash: str | msgspec.UnsetType = msgspec.UNSET
    """SHA-256 of the subject's event before this one; absent for the first."""
    ruleprofile: str | msgspec.UnsetType = msgspec.UNSET
    """The rules that are pinned for the call; absent outside calls."""
    data: dict[str, Any]


class FeedOut(Out, frozen=True, kw_only=True):
    """Events from a place on."""

    items: list[EventOut]
    next_cursor: str
    """Where to go on; there always is a place, also when nothing was said."""


class CheckpointDocumentOut(Out, frozen=True, kw_only=True):
    """What a checkpoint says."""

    kind: str
    number: int
    root_sha256: str
    """Root of the Merkle tree (RFC 6962) over the digests of the events, filled up and sorted."""
    leaves: int
    order_hmac: str
    previous_sha256: str | None
    closed_at: dt.datetime


class CheckpointOut(Out, frozen=True, kw_only=True):
    """One signed checkpoint."""

    number: int
    document: str
    """The text that was signed: hash and verify these very bytes."""
    sha256: str
    key_id: str
    """Which of `GET /v1/signing-keys` signed it."""
    signature: str
    """Ed25519 over the document, base64url."""
    closed_at: dt.datetime

    @classmethod
    def of(cls, row: EventCheckpoint) -> "CheckpointOut":
        """Read one row."""
        return cls(
            number=row.number,
            document=row.document.decode(),
            sha256=row.sha256,
            key_id=row.key_id,
            signature=signing.to_text(row.signature),
            closed_at=row.closed_at,
        )


class CheckpointsOut(Out, frozen=True, kw_only=True):
    """Checkpoints, oldest first."""

    items: list[CheckpointOut]
    next_cursor: str | None


class ProofOut(Out, frozen=True, kw_only=True):
    """What shows that an event stands in a signed checkpoint.

    Hash the event's bytes to `event_sha256`; its leaf is `SHA-256(0x00 ‖ digest)`; climb with the
    path to the root of the checkpoint (RFC 9162, 2.1.3.2); verify the checkpoint's signature.
    """

    event_id: UUID
    event: str
    """The text of the event: hash these very bytes."""
    event_sha256: str
    leaf_index: int
    leaves: int
    path: list[str]
    checkpoint: CheckpointOut

    @classmethod
    def of(cls, found: Proof) -> "ProofOut":
        """Read one proof."""
        return cls(
            event_id=found.event.id,
            event=found.event.record.decode("utf-8", "surrogatepass"),
            event_sha256=found.event.sha256,
            leaf_index=found.index,
            leaves=found.leaves,
            path=[one.hex() for one in found.path],
            checkpoint=CheckpointOut.of(found.checkpoint),
        )


class EventTypeOut(Out, frozen=True, kw_only=True):
    """One kind of event."""

    type: str
    version: int
    visibility: str
    subject: str
    description: str
    data: dict[str, Any]
    """JSON Schema of `data`."""
