"""The door to the notary: which keys sign for this installation."""

from typing import Any

from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.di import NamedDependency

from marketplace.kit.database import ReadSession
from marketplace.notary import queries
from marketplace.notary.schemas import SigningKeyOut
from marketplace.wire.answers import answer
from marketplace.wire.shapes import PageOut


@get("/v1/signing-keys", operation_id="signing_keys_list", tags=["custody"])
async def list_signing_keys(
    request: Request[Any, None, State], reader: NamedDependency[ReadSession]
) -> Response[PageOut[SigningKeyOut]]:
    """List every public key that signs or once signed here; keep a copy of your own."""
    rows = await queries.signing_keys(reader)
    return answer(request, PageOut(items=[SigningKeyOut.of(row) for row in rows], next_cursor=None))
