"""Bind the documents of a bid to the content that is being sealed."""

from marketplace.bids.errors.documents import DocumentsUnfinished
from marketplace.bids.queries import documents as papers
from marketplace.bids.rules.documents import Bound, DocumentState, manifest_of
from marketplace.bids.tables.bids import Bid
from marketplace.kit.database import WriteSession


async def bind(session: WriteSession, bid: Bid, *, number: int) -> list[dict[str, str]]:
    """Make the complete documents part of the content that is being sealed; write its manifest.

    Shape    the bid is locked, and `number` is that of the new content.  The manifest goes
             into the sealed plaintext: whatever is swapped afterwards is found at the opening.
    Refuses  DocumentsUnfinished: a document that was forgotten half way would be missing for ever.
    """
    rows = await papers.documents_of(session, bid.id)
    unfinished = [str(one.id) for one in rows if one.state is DocumentState.OPEN]
    if unfinished:
        raise DocumentsUnfinished(documents=unfinished)
    bound = []
    for row in rows:
        if row.state is DocumentState.COMPLETE:
            assert row.sealed_sha256 is not None
            row.bound_number = number
            bound.append(Bound(document=str(row.id), sealed_sha256=row.sealed_sha256))
    await session.flush()
    return manifest_of(bound)
