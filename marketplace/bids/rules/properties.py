"""What a file tells of its making: author, program, times, ids; read by strict readers with limits.

This runs in a process of its own (`kit.bounded`): files of strangers come through here.  Nothing in
a file is rendered, run, or fetched, and whatever cannot be read tells nothing.
"""

import io
import zipfile
from collections.abc import Iterator
from typing import Any, BinaryIO, Final
from xml.etree.ElementTree import Element

from defusedxml import ElementTree
from pypdf import PdfReader

FILE_BYTES_MAX: Final = 64 * 1024 * 1024
XML_BYTES_MAX: Final = 1024 * 1024
"""Of one part of an office file, unpacked."""
SETTINGS_BYTES_MAX: Final = 8 * 1024 * 1024
TEXT_MAX: Final = 200
ENTRIES_MAX: Final = 10_000
_PARTS: Final = {
    "docProps/core.xml": {
        "creator": "author",
        "lastModifiedBy": "last_modified_by",
        "created": "created",
        "modified": "modified",
    },
    "docProps/app.xml": {"Company": "company", "Application": "program"},
}
_PDF_INFO: Final = {
    "/Author": "author",
    "/Creator": "program",
    "/Producer": "producer",
    "/CreationDate": "created",
    "/ModDate": "modified",
    "/Company": "company",
}
_XMP: Final = {
    "dc_creator": "author",
    "xmp_creator_tool": "program",
    "pdf_producer": "producer",
    "xmp_create_date": "created",
    "xmp_modify_date": "modified",
    "xmpmm_document_id": "made_from",
}


def read_properties(stream: BinaryIO, task: dict[str, Any]) -> dict[str, Any]:
    """Read the properties of one file.

    Shape    `task` has its `kind`.  The answer has `properties`, a text for each that was found, or
             `problem`: too_large, unreadable.
    """
    content = stream.read(FILE_BYTES_MAX + 1)
    if len(content) > FILE_BYTES_MAX:
        return {"problem": "too_large"}
    readers = {"pdf": _of_pdf, "docx": _of_office, "xlsx": _of_office}
    reader = readers.get(task["kind"])
    if reader is None:
        return {"properties": {}}
    try:
        found = dict(reader(content))
    except MemoryError:
        # Says something of the limits and not of the file: whoever set them answers for it.
        raise
    except Exception:
        # Three libraries read strangers' bytes here, and none of them lists what it raises.
        return {"problem": "unreadable"}
    return {"properties": {name: text for name, text in sorted(found.items()) if text}}


def _of_office(content: bytes) -> Iterator[tuple[str, str]]:
    """Read the properties of an office file (OOXML): a ZIP with small XML files in it."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if len(archive.infolist()) > ENTRIES_MAX:
            raise ValueError("too many entries")
        for part, wanted in _PARTS.items():
            root = _xml(archive, part, XML_BYTES_MAX)
            if root is not None:
                for element in root.iter():
                    name = wanted.get(_local(element.tag))
                    if name is not None:
                        yield name, _text(element.text)
        settings = _xml(archive, "word/settings.xml", SETTINGS_BYTES_MAX)
        if settings is not None:
            for element in settings.iter():
                if _local(element.tag) == "rsidRoot":
                    yield "made_from", _text(next(iter(element.attrib.values()), ""))


def _xml(archive: zipfile.ZipFile, part: str, bytes_max: int) -> Element | None:
    """Parse one part; entities, external references and document types are refused."""
    try:
        info = archive.getinfo(part)
    except KeyError:
        return None
    with archive.open(info) as file:
        # The size that the archive states may be a lie: what comes out is what is counted.
        content = file.read(bytes_max + 1)
    if len(content) > bytes_max:
        raise ValueError("too large")
    root: Element = ElementTree.fromstring(content, forbid_dtd=True)
    return root


def _of_pdf(content: bytes) -> Iterator[tuple[str, str]]:
    """Read the information dictionary, the XMP packet and the id of a PDF."""
    reader = PdfReader(io.BytesIO(content), strict=False)
    xmp = reader.xmp_metadata
    for attribute, name in _XMP.items():
        value = getattr(xmp, attribute, None)
        if isinstance(value, list):
            value = ", ".join(str(one) for one in value)
        if value:
            yield name, _text(str(value))
    info = reader.trailer.get("/Info")
    document = info.get_object() if info is not None else {}
    for key, name in _PDF_INFO.items():
        if key in document:
            yield name, _text(str(document[key]))
    ids = reader.trailer.get("/ID")
    if ids is not None:
        first = ids.get_object()[0]
        raw = getattr(first, "original_bytes", None)
        yield "file_id", raw.hex() if isinstance(raw, bytes) else _text(str(first))


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _text(value: str | None) -> str:
    """Keep what a person can read of a property, and not too much of it."""
    return " ".join((value or "").replace("\0", " ").split())[:TEXT_MAX]
