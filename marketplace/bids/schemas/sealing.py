"""The shapes of the bids room on the wire: keys, shares, envelopes, receipts."""

import base64
import binascii
import datetime as dt
from typing import Annotated, Any
from uuid import UUID

import msgspec
from pydantic import AfterValidator, Field, StringConstraints, model_validator

from marketplace.bids.actions.own_sealing import ENVELOPE_BYTES_MAX, OwnEnvelope
from marketplace.bids.actions.reading import OwnContent
from marketplace.bids.rules.sealed_offer import SealedBy
from marketplace.bids.tables.bids import BidVersion
from marketplace.custody.actions.releasing import Release
from marketplace.custody.queries import Custody
from marketplace.custody.rules.sides import How, Side, share_context
from marketplace.custody.tables import Lockbox, LockboxShare
from marketplace.kit import envelopes, signing
from marketplace.kit.envelopes import KeyUnfit
from marketplace.kit.sharing import SHARE_BYTES
from marketplace.notary.actions import Signed
from marketplace.wire.shapes import In, Out

SHARE_TEXT_MAX = 4 * -(-SHARE_BYTES // 3)


def _base64(text: str) -> bytes:
    try:
        padded = text + "=" * (-len(text) % 4)
        return base64.b64decode(padded, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as unreadable:
        raise ValueError("must be base64url") from unreadable


def _is_base64(text: str) -> str:
    _base64(text)
    return text


def _is_key(text: str) -> str:
    try:
        envelopes.from_text(text)
    except KeyUnfit as unfit:
        raise ValueError("must be 32 bytes of X25519, as base64url or hexadecimal") from unfit
    return text


KeyText = Annotated[str, StringConstraints(min_length=43, max_length=64), AfterValidator(_is_key)]
ShareText = Annotated[
    str, StringConstraints(min_length=1, max_length=SHARE_TEXT_MAX), AfterValidator(_is_base64)
]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
EnvelopeText = Annotated[
    str,
    StringConstraints(min_length=1, max_length=4 * -(-ENVELOPE_BYTES_MAX // 3)),
    AfterValidator(_is_base64),
]
DigestText = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class BidIn(In):
    """A bid to begin; it has no content before it is submitted."""

    reading_public_key: KeyText | None = None
    """Your own X25519 public key; without it a pair is made, and the private key shown once."""


class ReleaseIn(In):
    """How a share is released: opened by your own client, or by your passphrase here, or the
    recovery share in its place, with a reason.
    """

    share: ShareText | None = Field(default=None, repr=False)
    passphrase: Annotated[str, StringConstraints(min_length=1, max_length=400)] | None = Field(
        default=None, repr=False
    )
    recovery_share: ShareText | None = Field(default=None, repr=False)
    reason: Reason | None = None
    """Needed with `recovery_share`, and only there."""

    @model_validator(mode="after")
    def _one_way(self) -> "ReleaseIn":
        given = (self.share, self.passphrase, self.recovery_share)
        if sum(one is not None for one in given) != 1:
            raise ValueError("give one of share, passphrase and recovery_share")
        if (self.recovery_share is None) != (self.reason is None):
            raise ValueError("recovery_share and reason belong together")
        return self

    def release(self) -> Release:
        """Turn the request into the value the action takes."""
        return Release(
            share=None if self.share is None else _base64(self.share),
            passphrase=self.passphrase,
            recovery_share=None if self.recovery_share is None else _base64(self.recovery_share),
            reason=self.reason,
        )


class SealedOfferIn(In):
    """An offer that your own client sealed."""

    envelope: EnvelopeText
    """Closed for the call's sealing key and the bid's reading key, as base64url."""
    content_sha256: DigestText
    sealed_sha256: DigestText

    def own(self) -> OwnEnvelope:
        """Turn the request into the value the action takes."""
        return OwnEnvelope(
            envelope=_base64(self.envelope),
            sealed_sha256=self.sealed_sha256,
            content_sha256=self.content_sha256,
        )


class ReadIn(In):
    """The private key that belongs to the bid's reading public key."""

    reading_key: KeyText = Field(repr=False)


class SignatureOut(Out, frozen=True, kw_only=True):
    """A signature of the installation; the public key is at `/v1/signing-keys`."""

    algorithm: str = signing.ALGORITHM
    key_id: str
    document: str
    """What was signed, byte for byte."""
    signature: str
    """64 bytes, as base64url without padding."""

    @classmethod
    def of(cls, signed: Signed) -> "SignatureOut":
        """Read what the notary signed."""
        return cls(
            key_id=signed.key_id,
            document=signed.content.decode(),
            signature=signing.to_text(signed.signature),
        )


def signature_of(row: BidVersion) -> SignatureOut | None:
    """Read the signature under a kept receipt; None where it is older than signatures."""
    if row.receipt is None or row.receipt_signature is None or row.receipt_key_id is None:
        return None
    return SignatureOut.of(
        Signed(content=row.receipt, signature=row.receipt_signature, key_id=row.receipt_key_id)
    )


class SealingKeyOut(Out, frozen=True, kw_only=True):
    """The public key under which the offers of a call are sealed, signed."""

    scenario_id: UUID
    public_key: str
    """32 bytes of X25519, as base64url without padding."""
    signed: SignatureOut

    @classmethod
    def of(cls, scenario_id: UUID, lockbox: Lockbox, signed: Signed) -> "SealingKeyOut":
        """Read the public key of a lockbox."""
        return cls(
            scenario_id=scenario_id,
            public_key=envelopes.to_text(lockbox.public_key),
            signed=SignatureOut.of(signed),
        )


class OwnSealedOut(Out, frozen=True, kw_only=True):
    """Your sealed offer, as it is stored."""

    bid_id: UUID
    content_number: int
    sealed_by: SealedBy
    sealed_sha256: str
    content_sha256: str
    context: str
    """What the envelope is bound to."""
    envelope: str
    """As base64url without padding."""

    @classmethod
    def of(cls, found: OwnContent) -> "OwnSealedOut":
        """Read one sealed version."""
        row = found.version
        return cls(
            bid_id=row.bid_id,
            content_number=row.number,
            sealed_by=row.sealed_by,
            sealed_sha256=row.sealed_sha256,
            content_sha256=row.content_sha256,
            context=found.context.decode(),
            envelope=signing.to_text(row.sealed),
        )


class OwnOpenedOut(Out, frozen=True, kw_only=True):
    """Your own offer, opened with your own key."""

    bid_id: UUID
    content_number: int
    content_sha256: str
    content: Any
    """What was sealed: `{"offer": …, "salt": …}`; the text itself where it is no JSON."""

    @classmethod
    def of(cls, found: OwnContent) -> "OwnOpenedOut":
        """Read one opened version."""
        assert found.opened is not None
        row = found.version
        try:
            content = msgspec.json.decode(found.opened)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            content = found.opened.decode("utf-8", "replace")
        return cls(
            bid_id=row.bid_id,
            content_number=row.number,
            content_sha256=row.content_sha256,
            content=content,
        )


class CustodianOut(Out, frozen=True, kw_only=True):
    """Somebody to whom a share is closed."""

    key_id: UUID
    person_id: UUID
    public_key: str
    how: How
    """The first registered is the custodian, the others are deputies."""


class ShareOut(Out, frozen=True, kw_only=True):
    """One side of a lockbox."""

    side: Side
    commitment: str
    """SHA-256 by which a wrong share is known."""
    custodians: list[CustodianOut]
    recovery_keys: list[str]
    """The offline public keys of the recovery share."""

    @classmethod
    def of(cls, row: LockboxShare) -> "ShareOut":
        """Read one share, without its envelope."""
        people = [one for one in row.holders if "person_id" in one]
        return cls(
            side=row.side,
            commitment=row.commitment,
            custodians=[
                CustodianOut(
                    key_id=UUID(one["key_id"]),
                    person_id=UUID(one["person_id"]),
                    public_key=_key_text(one),
                    how=How.DEPUTY if place else How.CUSTODIAN,
                )
                for place, one in enumerate(people)
            ],
            recovery_keys=[_key_text(one) for one in row.holders if "person_id" not in one],
        )


class OwnShareOut(Out, frozen=True, kw_only=True):
    """A share that is closed to a key of yours; `jiebang custody share` opens it."""

    side: Side
    context: str
    envelope: str | None
    """As base64url without padding; null once the shares were forgotten."""


class CustodyOut(Out, frozen=True, kw_only=True):
    """Who can open the bids of a call together; nothing here depends on whether there are any."""

    scenario_id: UUID
    lockbox_id: UUID
    public_key: str
    created_at: dt.datetime
    forgotten_at: dt.datetime | None
    """When the shares were deleted: with the opening."""
    needed: int = 2
    """How many shares open it."""
    has_recovery: bool
    shares: list[ShareOut]
    own_shares: list[OwnShareOut]
    recovery_envelope: str | None
    """The recovery share, closed to the offline key."""

    @classmethod
    def of(cls, scenario_id: UUID, found: Custody) -> "CustodyOut":
        """Read a lockbox as its caller may see it."""
        recovery = found.shares.get(Side.RECOVERY)
        return cls(
            scenario_id=scenario_id,
            lockbox_id=found.lockbox.id,
            public_key=envelopes.to_text(found.lockbox.public_key),
            created_at=found.lockbox.created_at,
            forgotten_at=found.lockbox.forgotten_at,
            has_recovery=recovery is not None,
            shares=[ShareOut.of(found.shares[side]) for side in Side if side in found.shares],
            own_shares=[_own(row) for row in found.own],
            recovery_envelope=None if recovery is None else _text(recovery.envelope),
        )


def _own(row: LockboxShare) -> OwnShareOut:
    return OwnShareOut(
        side=row.side,
        context=share_context(row.lockbox_id, row.side).decode(),
        envelope=_text(row.envelope),
    )


def _text(content: bytes | None) -> str | None:
    return None if content is None else signing.to_text(content)


def _key_text(holder: dict[str, str]) -> str:
    return envelopes.to_text(bytes.fromhex(holder["public_key"]))
