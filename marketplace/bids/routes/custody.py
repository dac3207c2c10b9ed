"""The door to the lockbox of a call: under which key to seal, and who can open it."""

from uuid import UUID

from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath

from marketplace.bids.actions.sealing import sealing_key_document
from marketplace.bids.schemas.sealing import CustodyOut, SealingKeyOut
from marketplace.custody import queries as custody
from marketplace.identity.errors.access import NotPermitted
from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor, Permission
from marketplace.kit.clock import Clock
from marketplace.kit.database import ReadSession, WriteSession
from marketplace.kit.secrets import Keeper
from marketplace.notary import actions as notary
from marketplace.scenarios.queries import calls as scenarios
from marketplace.wire.answers import answer

AnyRequest = Request[Actor, None, State]


@get(
    "/v1/scenarios/{scenario_id:uuid}/sealing-key",
    operation_id="sealing_keys_get",
    tags=["custody"],
)
async def get_sealing_key(
    request: AnyRequest,
    scenario_id: FromPath[UUID],
    actor: NamedDependency[Actor],
    writer: NamedDependency[WriteSession],
    clock: NamedDependency[Clock],
    keeper: NamedDependency[Keeper],
) -> Response[SealingKeyOut]:
    """Show the public key under which the offers of a call are sealed, signed."""
    access.signed_in(actor)
    call = await scenarios.scenario_seen_by(writer, actor, scenario_id)
    lockbox = await custody.lockbox(writer, call.lockbox_id)
    # A writer, because the first signature of an installation makes its pair.
    document = sealing_key_document(call, lockbox)
    signed = await notary.sign(writer, document, keeper=keeper, now=clock.now())
    return answer(request, SealingKeyOut.of(call.id, lockbox, signed))


@get(
    "/v1/scenarios/{scenario_id:uuid}/custody",
    operation_id="custody_get",
    tags=["custody"],
)
async def get_custody(
    request: AnyRequest,
    scenario_id: FromPath[UUID],
    actor: NamedDependency[Actor],
    reader: NamedDependency[ReadSession],
) -> Response[CustodyOut]:
    """Show who can open the bids of a call together, and your own share, closed to your key."""
    access.signed_in(actor)
    call = await scenarios.scenario_seen_by(reader, actor, scenario_id)
    if not custody.may_oversee(actor, call.organizer_id):
        raise NotPermitted(permission=Permission.BIDS_OPEN.value)
    found = await custody.custody(reader, actor, call.lockbox_id)
    return answer(request, CustodyOut.of(call.id, found))
