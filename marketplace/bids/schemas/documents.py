"""Documents of bids on the wire."""

import base64
import binascii
import datetime as dt
from typing import Annotated, Any
from uuid import UUID

from pydantic import BeforeValidator, Field, StringConstraints, WithJsonSchema, model_validator

from marketplace.bids.actions.documents import ClosedElsewhere
from marketplace.bids.actions.opened_documents import Looked, Readable
from marketplace.bids.rules.documents import (
    Announced,
    DocumentKind,
    DocumentState,
    DocumentType,
    Finding,
)
from marketplace.bids.tables.documents import BidDocument, BidDocumentPart, OpenedDocument
from marketplace.datasets.rules.naming import plain_name
from marketplace.kit import envelopes
from marketplace.wire.shapes import In, Out, WholeNumber

BYTES_ANNOUNCED_MAX = 10**12
HEAD_TEXT_MAX = 8192
KEY_TEXT_MAX = 200

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
PublicKey = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


_BASE64 = WithJsonSchema(
    {"type": "string", "contentEncoding": "base64", "maxLength": HEAD_TEXT_MAX}
)


def _from_base64(value: Any) -> Any:
    if not isinstance(value, str) or not 0 < len(value) <= HEAD_TEXT_MAX:
        raise ValueError("must be base64, of ordinary length")
    try:
        return base64.b64decode(value, validate=True)
    except binascii.Error as broken:
        raise ValueError("must be base64") from broken


class ClosedDocumentIn(In):
    """A document that your own program encrypts, part by part."""

    document_id: UUID
    """Chosen by you: the envelopes are bound to it."""
    head: Annotated[bytes, BeforeValidator(_from_base64), _BASE64]
    """Envelope in base64 of `{"announced": {…}, "key": …}`, closed for lockbox and reading key."""
    public_key: PublicKey
    """X25519, in hexadecimal: every part is an envelope closed for it."""


class BidDocumentIn(In):
    """What a document will bring: either what it announces, or the head that says it, closed."""

    type: DocumentType | None = None
    kind: DocumentKind | None = None
    name: Annotated[str, StringConstraints(min_length=1, max_length=400)] | None = None
    size_bytes: Annotated[WholeNumber, Field(ge=1, le=BYTES_ANNOUNCED_MAX)]
    """Of the document; of all its envelopes together where you encrypt it."""
    sha256: Sha256 | None = None
    closed: ClosedDocumentIn | None = None

    @model_validator(mode="after")
    def _one_way(self) -> "BidDocumentIn":
        said = (self.type, self.kind, self.name, self.sha256)
        whole = all(one is not None for one in said)
        if (self.closed is None) != whole or (self.closed is not None and any(said)):
            raise ValueError("must have type, kind, name and sha256, or closed instead of them")
        return self

    def document(self) -> Announced | ClosedElsewhere:
        """Turn the request into the value the action takes."""
        if self.closed is not None:
            return ClosedElsewhere(
                document_id=self.closed.document_id,
                head=self.closed.head,
                public_key=bytes.fromhex(self.closed.public_key),
                size_bytes=self.size_bytes,
            )
        assert self.type is not None
        assert self.kind is not None
        assert self.name is not None
        assert self.sha256 is not None
        return Announced(
            type=self.type,
            kind=self.kind,
            name=plain_name(self.name),
            size_bytes=self.size_bytes,
            sha256=self.sha256,
        )


class ReadingKeyIn(In):
    """The bid's reading key; it is used for this request and kept nowhere."""

    reading_key: Annotated[str, StringConstraints(min_length=1, max_length=KEY_TEXT_MAX)]

    def key(self) -> bytes:
        """Read the key; refuses KeyUnfit."""
        return envelopes.from_text(self.reading_key)


class BidDocumentPartOut(Out, frozen=True, kw_only=True):
    """A part that has arrived."""

    number: int
    size_bytes: int
    sealed_sha256: str
    """Digest of the part as it is kept: encrypted."""
    received_at: dt.datetime

    @classmethod
    def of(cls, row: BidDocumentPart) -> "BidDocumentPartOut":
        """Read one part."""
        return cls(
            number=row.number,
            size_bytes=row.size_bytes,
            sealed_sha256=row.sealed_sha256,
            received_at=row.received_at,
        )


class BidDocumentOut(Out, frozen=True, kw_only=True):
    """A document of your own bid: how far it has come.  What it is, only its reading key tells."""

    id: UUID
    bid_id: UUID
    state: DocumentState
    client_sealed: bool
    size_bytes: int
    offset: int
    """Where the next part begins; bytes received so far."""
    received_parts: int
    part_bytes_max: int
    sealed_sha256: str | None
    """Digest of everything that is kept of it, all encrypted; null until it is complete."""
    in_sealed_content: int | None
    """The number of the latest sealed offer that has it; null: none."""
    created_at: dt.datetime
    completed_at: dt.datetime | None
    parts: list[BidDocumentPartOut]

    @classmethod
    def of(
        cls, row: BidDocument, parts: tuple[BidDocumentPart, ...], *, part_bytes_max: int
    ) -> "BidDocumentOut":
        """Read one document."""
        return cls(
            id=row.id,
            bid_id=row.bid_id,
            state=row.state,
            client_sealed=row.client_sealed,
            size_bytes=row.size_bytes,
            offset=row.offset_bytes,
            received_parts=len(parts),
            part_bytes_max=part_bytes_max,
            sealed_sha256=row.sealed_sha256,
            in_sealed_content=row.bound_number,
            created_at=row.created_at,
            completed_at=row.completed_at,
            parts=[BidDocumentPartOut.of(one) for one in parts],
        )


class BidDocumentsOut(Out, frozen=True, kw_only=True):
    """The documents of your own bid, as they are kept."""

    items: list[BidDocumentOut]


class AnnouncedOut(Out, frozen=True, kw_only=True):
    """What a document said of itself."""

    type: DocumentType
    kind: DocumentKind
    name: str
    size_bytes: int
    sha256: str

    @classmethod
    def of(cls, document: dict[str, Any]) -> "AnnouncedOut":
        """Read an announcement."""
        found = Announced.from_document(document)
        return cls(
            type=found.type,
            kind=found.kind,
            name=found.name,
            size_bytes=found.size_bytes,
            sha256=found.sha256,
        )


class OpenedDocumentOut(Out, frozen=True, kw_only=True):
    """A document that an opened offer names."""

    document: str
    """Its id, as the sealed offer names it."""
    finding: Finding
    """Whether it is, byte for byte, what was sealed; `pending` until its content was compared."""
    announced: AnnouncedOut | None
    found_sha256: str | None
    opened_at: dt.datetime
    checked_at: dt.datetime | None

    @classmethod
    def of(cls, row: OpenedDocument) -> "OpenedDocumentOut":
        """Read one opened document."""
        return cls(
            document=row.named,
            finding=row.finding,
            announced=None if row.announced is None else AnnouncedOut.of(row.announced),
            found_sha256=row.found_sha256,
            opened_at=row.opened_at,
            checked_at=row.checked_at,
        )


class OpenedDocumentsOut(Out, frozen=True, kw_only=True):
    """The documents that an opened offer names, and what was found of each."""

    items: list[OpenedDocumentOut]


class RecordedDocumentOut(Out, frozen=True, kw_only=True):
    """A document as the record names it: by digests, with what the opening itself has found."""

    document: str | None
    finding: str
    sealed_sha256: str | None = None
    sha256: str | None = None
    """Of the content, as its head announces it."""


class CheckedDocumentOut(Out, frozen=True, kw_only=True):
    """What your reading key shows of your own document."""

    finding: Finding
    announced: AnnouncedOut
    found_sha256: str | None

    @classmethod
    def of(cls, looked: Looked, found: Readable) -> "CheckedDocumentOut":
        """Read what a look has shown."""
        return cls(
            finding=looked.finding,
            announced=AnnouncedOut.of(found.head.announced.to_document()),
            found_sha256=looked.sha256,
        )
