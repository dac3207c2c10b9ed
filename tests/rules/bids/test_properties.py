"""What files tell of their making, and what hostile files tell: nothing."""

import io
import random
import zipfile
from typing import Any

import pytest
from pypdf import PdfReader, PdfWriter

from marketplace.bids.rules import properties
from tests.given.documents import a_docx, a_pdf


def told(content: bytes, kind: str) -> dict[str, Any]:
    """What one file tells."""
    return properties.read_properties(io.BytesIO(content), {"kind": kind})


def test_a_word_file_tells_its_author_company_and_origin() -> None:
    """The properties that office programs write, by one name each."""
    content = a_docx(author="王五", editor="赵六", company="某集团(示例)", root="00FF12AB")

    assert told(content, "docx") == {
        "properties": {
            "author": "王五",
            "company": "某集团(示例)",
            "created": "2026-02-20T08:15:00Z",
            "last_modified_by": "赵六",
            "made_from": "00FF12AB",
            "program": "WPS Office",
        }
    }


def test_a_pdf_tells_its_author_and_program() -> None:
    """The information dictionary of a PDF."""
    found = told(a_pdf(Author="王五", Company="某集团(示例)", CreationDate="D:20260220"), "pdf")

    assert found["properties"]["author"] == "王五"
    assert found["properties"]["company"] == "某集团(示例)"
    assert found["properties"]["created"] == "D:20260220"


def test_a_file_of_another_kind_tells_nothing() -> None:
    """Text has no properties; it is not looked into."""
    assert told(b"Author: me", "txt") == {"properties": {}}


def a_bomb() -> bytes:
    """A word file whose properties unpack to far more than they weigh."""
    return a_docx(core=f"<x>{' ' * (properties.XML_BYTES_MAX + 1)}</x>")


def entities() -> bytes:
    """A word file that defines entities."""
    return a_docx(core='<!DOCTYPE x [<!ENTITY a "aaaa">]><x><creator>&a;</creator></x>')


def a_reader_of_files() -> bytes:
    """A word file that asks for a file of this machine."""
    return a_docx(core='<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]><x>&a;</x>')


def an_archive_of_many() -> bytes:
    """An archive with more entries than any office file has."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for number in range(properties.ENTRIES_MAX + 1):
            archive.writestr(str(number), b"")
    return written.getvalue()


def a_loop() -> bytes:
    """A PDF whose information refers to itself."""
    content = a_pdf(Author="loop")
    assert PdfReader(io.BytesIO(content)).metadata is not None
    return content.replace(b"/Info ", b"/Root ", 1)


def a_damaged_part() -> bytes:
    """A word file whose packed properties are no packed data."""
    content = a_docx()
    at = content.index(b"docProps/core.xml") + len(b"docProps/core.xml")
    return content[:at] + b"\xff" * 20 + content[at + 20 :]


def an_unknown_packing() -> bytes:
    """A word file that says of all its parts that they are packed in a way nobody knows."""
    content = bytearray(a_docx())
    for mark, place in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        at = content.find(mark)
        while at >= 0:
            content[at + place : at + place + 2] = b"\x61\x00"
            at = content.find(mark, at + 1)
    return bytes(content)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (a_damaged_part(), "docx"),
        (an_unknown_packing(), "xlsx"),
        (a_bomb(), "docx"),
        (entities(), "docx"),
        (a_reader_of_files(), "xlsx"),
        (an_archive_of_many(), "docx"),
        (b"PK\x03\x04 cut off", "docx"),
        (a_docx()[:-40], "docx"),
        (b"%PDF-1.7 and nothing", "pdf"),
        (a_pdf()[:80], "pdf"),
    ],
)
def test_a_hostile_or_broken_file_is_unreadable(content: bytes, kind: str) -> None:
    """One word, and no fault that would stop the others."""
    assert told(content, kind) == {"problem": "unreadable"}


@pytest.mark.parametrize("kind", ["docx", "pdf"])
def test_no_damage_gets_past_the_readers(kind: str) -> None:
    """Three hundred files, each changed at a few places or cut off: properties, or unreadable."""
    whole = a_docx() if kind == "docx" else a_pdf(Author="王五")
    found: list[str] = []
    for seed in range(300):
        chance, content = random.Random(seed), bytearray(whole)
        for _ in range(chance.randint(1, 6)):
            content[chance.randrange(len(content))] = chance.randrange(256)
        if chance.random() < 0.2:
            del content[chance.randrange(len(content)) :]
        found += told(bytes(content), kind)

    assert set(found) == {"properties", "problem"}


def test_a_pdf_that_turns_in_a_circle_ends() -> None:
    """Whatever it says, it is said at once."""
    assert set(told(a_loop(), "pdf")) <= {"properties", "problem"}


def test_a_locked_pdf_tells_what_it_can_or_nothing() -> None:
    """A PDF with a password is no reason to fail."""
    writer = PdfWriter()
    writer.add_blank_page(width=72, height=72)
    writer.add_metadata({"/Author": "王五"})
    writer.encrypt("secret", algorithm="RC4-128")
    written = io.BytesIO()
    writer.write(written)

    found = told(written.getvalue(), "pdf")

    assert "王五" not in str(found)


def test_what_is_too_large_is_not_read() -> None:
    """The limit of the reader holds whatever the limit of the door is."""
    endless = io.BytesIO(b"%PDF-" + bytes(properties.FILE_BYTES_MAX))

    assert properties.read_properties(endless, {"kind": "pdf"}) == {"problem": "too_large"}
