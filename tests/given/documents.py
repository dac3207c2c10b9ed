"""Documents of bids: made, sent in parts as a bidder's program would, and tampered with."""

import base64
import datetime as dt
import hashlib
import io
import json
import zipfile
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
from pypdf import PdfWriter

from marketplace.bids.jobs.documents import DocumentSweeper, Inspector
from marketplace.house import House
from marketplace.kit import envelopes
from marketplace.kit.clock import SystemClock
from marketplace.kit.ids import new_id
from tests.given.bids import Begun

HALF_A_YEAR = dt.timedelta(days=181)
PLAN = "技术方案:设备端推理,无把握转人工。\n".encode() * 40


def content_digest(content: bytes) -> str:
    """The digest of content, as a header has it."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(content).digest()).decode()}:"


def announced(content: bytes, **changes: object) -> dict[str, Any]:
    """What a document says of itself when it is begun."""
    return {
        "type": "technical_plan",
        "kind": "txt",
        "name": "技术方案.txt",
        "size_bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    } | changes


async def begun(
    client: httpx.AsyncClient, bid: Begun, content: bytes, **changes: object
) -> httpx.Response:
    """Begin a document."""
    return await client.post(
        f"/v1/bids/{bid.id}/documents",
        json=announced(content, **changes),
        headers=bid.solver.headers,
    )


async def put(
    client: httpx.AsyncClient, bid: Begun, document: str, start: int, part: bytes
) -> httpx.Response:
    """Send one part."""
    return await client.put(
        f"{document}/parts/{start}",
        content=part,
        headers=bid.solver.headers | {"Content-Digest": content_digest(part)},
    )


async def act(
    client: httpx.AsyncClient, bid: Begun, document: str, verb: str, **body: object
) -> httpx.Response:
    """Ask for something to be done with a document."""
    url = f"{document}/actions/{verb}"
    return await client.post(url, json=body, headers=bid.solver.headers)


async def a_document(
    client: httpx.AsyncClient,
    bid: Begun,
    content: bytes = PLAN,
    *,
    part_bytes: int = 1_000_000,
    **changes: object,
) -> str:
    """The address of a whole document."""
    made = await begun(client, bid, content, **changes)
    assert made.status_code == 201, made.text
    document: str = made.headers["location"]
    for start in range(0, len(content), part_bytes):
        sent = await put(client, bid, document, start, content[start : start + part_bytes])
        assert sent.status_code == 200, sent.text
    done = await act(client, bid, document, "complete")
    assert done.status_code == 200, done.text
    return document


def id_of(document: str) -> UUID:
    """The id in the address of a document."""
    return UUID(document.rpartition("/")[2])


def an_inspector(house: House) -> Inspector:
    """The job that looks at opened documents."""
    return Inspector(
        database=house.database,
        storage=house.storage,
        settings=house.settings,
        keeper=house.keeper,
        clock=house.clock,
    )


def a_sweeper(house: House) -> DocumentSweeper:
    """The job that deletes what no opening will need."""
    return DocumentSweeper(
        database=house.database,
        storage=house.storage,
        settings=house.settings,
        clock=house.clock,
        wall=SystemClock(),
    )


def a_pdf(text: str = "示例", **info: str) -> bytes:
    """A small PDF with properties such as Author."""
    writer = PdfWriter()
    writer.add_blank_page(width=72, height=72)
    writer.add_metadata({f"/{name}": value for name, value in ({"Title": text} | info).items()})
    written = io.BytesIO()
    writer.write(written)
    return written.getvalue()


_CORE = (
    '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/'
    'core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'xmlns:dcterms="http://purl.org/dc/terms/"><dc:creator>{author}</dc:creator>'
    "<cp:lastModifiedBy>{editor}</cp:lastModifiedBy>"
    "<dcterms:created>{created}</dcterms:created></cp:coreProperties>"
)
_APP = (
    '<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/'
    'extended-properties"><Application>{program}</Application>'
    "<Company>{company}</Company></Properties>"
)
_SETTINGS = (
    '<w:settings xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
    '<w:rsids><w:rsidRoot w:val="{root}"/></w:rsids></w:settings>'
)


def a_docx(
    *,
    author: str = "某作者(示例)",
    editor: str = "某编辑(示例)",
    company: str = "",
    created: str = "2026-02-20T08:15:00Z",
    program: str = "WPS Office",
    root: str = "00A1B2C3",
    core: str | None = None,
    text: str = "示例",
) -> bytes:
    """A small Word file with the properties that office programs write."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr(
            "docProps/core.xml",
            core or _CORE.format(author=author, editor=editor, created=created),
        )
        archive.writestr("docProps/app.xml", _APP.format(program=program, company=company))
        archive.writestr("word/settings.xml", _SETTINGS.format(root=root))
        archive.writestr("word/document.xml", f"<document>{text}</document>")
    return written.getvalue()


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """A document as a bidder's own program encrypts it."""

    request: dict[str, Any]
    parts: tuple[bytes, ...]


def closed_by(bid: Begun, content: bytes, *, recipients: list[bytes], part_bytes: int) -> Closed:
    """Encrypt a document: its head for the recipients, its parts for a key in the head."""
    document_id = new_id()
    private_key, public_key = envelopes.new_pair()
    place = f"bid/{bid.id}/document/{document_id}"
    head = {"announced": announced(content), "key": private_key.hex()}
    parts = tuple(
        envelopes.close(
            content[start : start + part_bytes],
            recipients=[public_key],
            context=f"{place}/{number}".encode(),
        )
        for number, start in enumerate(range(0, len(content), part_bytes))
    )
    closed_head = envelopes.close(
        json.dumps(head).encode(), recipients=recipients, context=f"{place}/head".encode()
    )
    request = {
        "size_bytes": sum(len(part) for part in parts),
        "closed": {
            "document_id": str(document_id),
            "head": base64.b64encode(closed_head).decode(),
            "public_key": public_key.hex(),
        },
    }
    return Closed(request=request, parts=parts)


async def sent_closed(client: httpx.AsyncClient, bid: Begun, closed: Closed) -> str:
    """The address of a whole document that was encrypted elsewhere."""
    headers = bid.solver.headers
    url = f"/v1/bids/{bid.id}/documents"
    made = await client.post(url, json=closed.request, headers=headers)
    assert made.status_code == 201, made.text
    document: str = made.headers["location"]
    start = 0
    for part in closed.parts:
        sent = await put(client, bid, document, start, part)
        assert sent.status_code == 200, sent.text
        start += len(part)
    done = await act(client, bid, document, "complete")
    assert done.status_code == 200, done.text
    return document
