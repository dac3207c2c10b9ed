"""What documents of bids may be, and what binds them to an offer."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.bids.rules.documents import (
    HEAD_PADDED_TO,
    Announced,
    Bound,
    DocumentKind,
    DocumentType,
    Head,
    HeadUnreadable,
    is_any_kind,
    is_kind,
    manifest_from,
    manifest_of,
    sealed_digest,
)
from tests.given.documents import a_docx, a_pdf

DIGEST = "ab" * 32


def an_announcement(**changes: object) -> Announced:
    """What a document says of itself."""
    said = {
        "type": "price_sheet",
        "kind": "xlsx",
        "name": "报价单.xlsx",
        "size_bytes": 7,
        "sha256": DIGEST,
    } | changes
    return Announced.from_document(said)


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        (DocumentKind.PDF, a_pdf()),
        (DocumentKind.DOCX, a_docx()),
        (DocumentKind.TXT, "方案".encode("gb18030")),
        (DocumentKind.TXT, "方案".encode()[:-1]),
        (DocumentKind.JPG, b"\xff\xd8\xff\xe0"),
        (DocumentKind.PNG, b"\x89PNG\r\n\x1a\n\0\0"),
        (DocumentKind.ZIP, b"PK\x05\x06" + bytes(18)),
    ],
)
def test_a_kind_is_known_by_its_first_bytes(kind: DocumentKind, content: bytes) -> None:
    """What is announced is what is there."""
    assert is_kind(kind, content)
    assert is_any_kind(content)


@pytest.mark.parametrize(
    "content",
    [
        b"MZ\x90\0",
        b"\x7fELF\x02",
        b"#!/bin/sh\n",
        b"text\0text",
        b"\xca\xfe\xba\xbe\0",
        b"\xff\xfe\0",
    ],
)
def test_a_program_is_no_document(content: bytes) -> None:
    """Nothing that runs is taken in under any kind."""
    assert not is_any_kind(content)


def test_a_document_is_not_of_another_kind() -> None:
    """A PDF that calls itself text, and text that calls itself a PDF."""
    assert not is_kind(DocumentKind.TXT, a_pdf())
    assert not is_kind(DocumentKind.PDF, b"text")


@given(st.text(min_size=1, max_size=60, alphabet="方案报价单abc0123456789-_ "))
def test_every_head_is_as_long_as_any_other(name: str) -> None:
    """The length of a head does not tell how long a name is, and nothing is lost by padding."""
    said = an_announcement(name=f"a{name}z")
    head = Head(announced=said, private_key=bytes(range(32)))

    written = head.to_bytes()

    assert len(written) == HEAD_PADDED_TO
    assert Head.from_document(msgspec.json.decode(written)) == head


@pytest.mark.parametrize(
    "change",
    [
        {"type": "novel"},
        {"kind": "exe"},
        {"name": "../../etc/passwd"},
        {"size_bytes": True},
        {"size_bytes": 0},
        {"sha256": "AB" * 32},
        {"sha256": None},
    ],
)
def test_a_head_of_another_form_is_refused(change: dict[str, object]) -> None:
    """A bidder's own program may write anything."""
    with pytest.raises(HeadUnreadable):
        an_announcement(**change)


def test_whatever_is_swapped_changes_the_digest() -> None:
    """Head, key, parts and their order: all of it is bound."""
    whole = sealed_digest(head_sha256=DIGEST, public_key=b"k" * 32, parts=["1", "2"])

    others = {
        sealed_digest(head_sha256="cd" * 32, public_key=b"k" * 32, parts=["1", "2"]),
        sealed_digest(head_sha256=DIGEST, public_key=b"x" * 32, parts=["1", "2"]),
        sealed_digest(head_sha256=DIGEST, public_key=b"k" * 32, parts=["2", "1"]),
        sealed_digest(head_sha256=DIGEST, public_key=b"k" * 32, parts=["1"]),
        sealed_digest(head_sha256=DIGEST, public_key=b"k" * 32, parts=["1", "2", "3"]),
    }
    assert whole not in others
    assert len(others) == 5


def test_a_manifest_is_read_as_it_was_written() -> None:
    """And whatever a bidder wrote instead is none, without a fault."""
    bound = (Bound(document="a", sealed_sha256="1"), Bound(document="b", sealed_sha256="2"))

    assert manifest_from(manifest_of(bound)) == bound
    assert manifest_from(None) == ()
    unfit: list[object] = [
        "x",
        {},
        [1],
        [{"document": "a"}],
        [{"document": 1, "sealed_sha256": ""}],
    ]
    assert [manifest_from(one) for one in unfit] == [None] * len(unfit)
    assert manifest_from([*manifest_of(bound), *manifest_of(bound)]) is None


def test_every_type_code_is_one_of_the_trade() -> None:
    """The documents of a bid in the order of the reference, and nothing else."""
    assert [one.value for one in DocumentType] == [
        "bid_application",
        "technical_plan",
        "price_sheet",
        "commitment_letter",
        "sme_declaration",
        "interest_declaration",
        "consortium_agreement",
        "bond_guarantee",
        "other",
    ]
