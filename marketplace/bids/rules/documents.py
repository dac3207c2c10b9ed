"""What a document of a bid is, what binds it to the sealed offer, and what is found of it later."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from marketplace.datasets.rules.naming import plain_name
from marketplace.kit.digests import canonical_json, digest_of
from marketplace.kit.errors import MarketplaceError

HEAD_LOOKED_AT: Final = 4096
HEAD_PADDED_TO: Final = 1024
"""The sealed head of every document has this length, so that no name is told by its length."""
_HEX64: Final = re.compile(r"[0-9a-f]{64}")
_PROGRAMS: Final = (b"\x7fELF", b"MZ", b"#!", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe")
_ZIPPED: Final = (b"PK\x03\x04", b"PK\x05\x06")


class DocumentType(StrEnum):
    """What a document of a bid is for."""

    BID_APPLICATION = "bid_application"
    TECHNICAL_PLAN = "technical_plan"
    PRICE_SHEET = "price_sheet"
    COMMITMENT_LETTER = "commitment_letter"
    SME_DECLARATION = "sme_declaration"
    INTEREST_DECLARATION = "interest_declaration"
    CONSORTIUM_AGREEMENT = "consortium_agreement"
    BOND_GUARANTEE = "bond_guarantee"
    OTHER = "other"


class DocumentKind(StrEnum):
    """What a document is by its content; whatever it is, it is kept and given out, never run."""

    PDF = "pdf"
    DOCX = "docx"
    XLSX = "xlsx"
    ZIP = "zip"
    TXT = "txt"
    MD = "md"
    JSON = "json"
    CSV = "csv"
    PNG = "png"
    JPG = "jpg"


_OOXML: Final = "application/vnd.openxmlformats-officedocument."
MEDIA_TYPES: Final = {
    DocumentKind.PDF: "application/pdf",
    DocumentKind.DOCX: f"{_OOXML}wordprocessingml.document",
    DocumentKind.XLSX: f"{_OOXML}spreadsheetml.sheet",
    DocumentKind.ZIP: "application/zip",
    DocumentKind.TXT: "text/plain",
    DocumentKind.MD: "text/markdown",
    DocumentKind.JSON: "application/json",
    DocumentKind.CSV: "text/csv",
    DocumentKind.PNG: "image/png",
    DocumentKind.JPG: "image/jpeg",
}
_MAGIC: Final[Mapping[DocumentKind, tuple[bytes, ...]]] = {
    DocumentKind.PDF: (b"%PDF-",),
    DocumentKind.DOCX: _ZIPPED[:1],
    DocumentKind.XLSX: _ZIPPED[:1],
    DocumentKind.ZIP: _ZIPPED,
    DocumentKind.PNG: (b"\x89PNG\r\n\x1a\n",),
    DocumentKind.JPG: (b"\xff\xd8\xff",),
}
"""Kinds that begin with known bytes; the others are text."""


class DocumentState(StrEnum):
    """Where a document stands before the opening."""

    OPEN = "open"
    """On its way."""
    COMPLETE = "complete"
    """Whole; the next sealing of the offer takes it in."""
    REMOVED = "removed"
    """Left out of the next sealing; kept because the present one has it."""


class Finding(StrEnum):
    """What was found of a document that the sealed offer names."""

    PENDING = "pending"
    """It was opened; its content is still to be compared."""
    SOUND = "sound"
    """Byte for byte what was announced and sealed."""
    MISSING = "missing"
    """The sealed offer names it, and it is not there."""
    ALTERED = "altered"
    """What is kept is not what was sealed."""
    UNREADABLE = "unreadable"
    """It was not closed for the key of this call, or its content does not open."""
    DIFFERENT = "different"
    """Its content is not of the size or digest that was announced."""
    NOT_ITS_KIND = "not_its_kind"
    """Its content is not of the kind that was announced."""


UNSOUND: Final = frozenset(Finding) - {Finding.PENDING, Finding.SOUND}


class HeadUnreadable(ValueError):
    """The head of a document is not of the form that heads have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """What a document says of itself; all of it is sealed until the opening."""

    type: DocumentType
    kind: DocumentKind
    name: str
    size_bytes: int
    sha256: str

    def to_document(self) -> dict[str, Any]:
        """Write it as JSON values in its one form."""
        return {
            "type": self.type.value,
            "kind": self.kind.value,
            "name": self.name,
            "size_bytes": self.size_bytes,
            "sha256": self.sha256,
        }

    @classmethod
    def from_document(cls, document: Any) -> "Announced":
        """Read what `to_document` wrote, or a bidder's own program.  Refuses  HeadUnreadable."""
        try:
            size, sha256 = document["size_bytes"], document["sha256"]
            if type(size) is not int or size < 1 or not _HEX64.fullmatch(sha256):
                raise HeadUnreadable()
            return cls(
                type=DocumentType(document["type"]),
                kind=DocumentKind(document["kind"]),
                name=plain_name(document["name"]),
                size_bytes=size,
                sha256=sha256,
            )
        except (KeyError, TypeError, ValueError, MarketplaceError) as unfit:
            raise HeadUnreadable() from unfit


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What the sealed head of a document holds: what it announces, and the key of its parts."""

    announced: Announced
    private_key: bytes

    def to_bytes(self) -> bytes:
        """Write the head, padded with blanks to the one length that heads have."""
        document = {"announced": self.announced.to_document(), "key": self.private_key.hex()}
        return canonical_json(document).ljust(HEAD_PADDED_TO)

    @classmethod
    def from_document(cls, document: Any) -> "Head":
        """Read a head.  Refuses  HeadUnreadable."""
        try:
            key = bytes.fromhex(document["key"])
            return cls(announced=Announced.from_document(document["announced"]), private_key=key)
        except (KeyError, TypeError, ValueError) as unfit:
            raise HeadUnreadable() from unfit


def sealed_digest(*, head_sha256: str, public_key: bytes, parts: Sequence[str]) -> str:
    """Name everything that is kept of a document by one digest, computed of what is encrypted.

    Shape    `parts` are the digests of the parts as they are kept, in order.  Whoever changes,
             adds, drops or swaps anything gets another digest.
    """
    return digest_of({"head": head_sha256, "key": public_key.hex(), "parts": list(parts)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """One line of the manifest inside a sealed offer."""

    document: str
    sealed_sha256: str


def manifest_of(documents: Sequence[Bound]) -> list[dict[str, str]]:
    """Write the manifest that is sealed with an offer."""
    return [{"document": one.document, "sealed_sha256": one.sealed_sha256} for one in documents]


def manifest_from(found: Any) -> tuple[Bound, ...] | None:
    """Read the manifest out of a sealed offer; None: it is none, whoever sealed it."""
    if found is None:
        return ()
    if not isinstance(found, list):
        return None
    lines = []
    for one in found:
        if not isinstance(one, dict) or set(one) != {"document", "sealed_sha256"}:
            return None
        if not isinstance(one["document"], str) or not isinstance(one["sealed_sha256"], str):
            return None
        lines.append(Bound(document=one["document"], sealed_sha256=one["sealed_sha256"]))
    names = [one.document for one in lines]
    return tuple(lines) if len(names) == len(set(names)) else None


def is_any_kind(head: bytes) -> bool:
    """Tell whether content begins like any kind that is accepted here."""
    return any(is_kind(kind, head) for kind in DocumentKind)


def is_kind(kind: DocumentKind, head: bytes) -> bool:
    """Tell whether content begins like a kind.

    >>> is_kind(DocumentKind.PDF, b"%PDF-1.7"), is_kind(DocumentKind.TXT, b"MZ program")
    (True, False)
    """
    magic = _MAGIC.get(kind)
    if magic is not None:
        return head.startswith(magic)
    return _is_text(head[:HEAD_LOOKED_AT])


def _is_text(head: bytes) -> bool:
    known = (one for magic in _MAGIC.values() for one in magic)
    if b"\0" in head or head.startswith((*_PROGRAMS, *known)):
        return False
    # A character may be cut at the end of what is looked at, and old files are in GB 18030.
    return any(
        _decodes(head[: len(head) - cut], encoding)
        for encoding in ("utf-8", "gb18030")
        for cut in range(4)
    )


def _decodes(content: bytes, encoding: str) -> bool:
    try:
        content.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
