"""The door to the opening of all bids of a call, and to the amendment that bidders confirm."""

from uuid import UUID

from litestar import Controller, Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from marketplace.bids.actions import offering, opening
from marketplace.bids.queries import bids as queries
from marketplace.bids.schemas.openings import OpeningOut, OpeningRecordOut
from marketplace.bids.schemas.sealing import ReleaseIn
from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor
from marketplace.kit.clock import Clock
from marketplace.kit.database import ReadSession, WriteSession
from marketplace.kit.passwords import Hasher
from marketplace.kit.secrets import Keeper
from marketplace.scenarios.queries import calls as scenarios
from marketplace.scenarios.queries import details
from marketplace.scenarios.schemas.calls import ScenarioOut
from marketplace.wire.answers import answer, answer_bytes, expected_version, prefers_english
from marketplace.wire.idempotency import once
from marketplace.wire.limits import GUESSING
from marketplace.wire.sealed_answers import sealed_once

AnyRequest = Request[Actor, None, State]


class OpeningController(Controller):
    """The act in which all timely bids of a call are opened."""

    path = "/v1/scenarios/{scenario_id:uuid}/opening"
    tags = ("bids",)

    @post(operation_id="openings_request", opt={GUESSING: True})
    @sealed_once(required=False)
    async def request_opening(
        self,
        request: AnyRequest,
        scenario_id: FromPath[UUID],
        data: JSONBody[ReleaseIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
        keeper: NamedDependency[Keeper],
        hasher: NamedDependency[Hasher],
    ) -> Response[OpeningOut]:
        """Release the officer's share; nothing is opened before a supervisor releases the other."""
        hands = opening.Hands(keeper=keeper, hasher=hasher)
        row = await opening.request_opening(
            writer, actor, scenario_id, brought=data.release(), hands=hands, clock=clock
        )
        return answer(request, OpeningOut.of(row), status=201)

    @post(
        "/actions/witness",
        status_code=200,
        operation_id="openings_witness",
        opt={GUESSING: True},
    )
    @sealed_once(required=False)
    async def witness(
        self,
        request: AnyRequest,
        scenario_id: FromPath[UUID],
        data: JSONBody[ReleaseIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
        keeper: NamedDependency[Keeper],
        hasher: NamedDependency[Hasher],
    ) -> Response[OpeningOut]:
        """Release the supervisor's share, and with it open every timely bid; the rest lapses."""
        hands = opening.Hands(keeper=keeper, hasher=hasher)
        row = await opening.witness_opening(
            writer, actor, scenario_id, brought=data.release(), hands=hands, clock=clock
        )
        return answer(request, OpeningOut.of(row))

    @get(operation_id="openings_get")
    async def get_record(
        self,
        request: AnyRequest,
        scenario_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
    ) -> Response[OpeningRecordOut]:
        """Serve the record of the opening, byte for byte as it was hashed.

        For the bureau, auditors, supervisors, the poster, and whoever had a bid opened.
        """
        access.signed_in(actor)
        call = await scenarios.scenario_seen_by(reader, actor, scenario_id)
        row = await queries.opening_seen_by(reader, actor, call)
        assert row.record is not None
        return answer_bytes(request, row.record, kind=OpeningRecordOut)


@post(
    "/v1/scenarios/{scenario_id:uuid}/actions/confirm-amendment",
    status_code=200,
    operation_id="scenarios_confirm_amendment",
    tags=["scenarios"],
)
@once()
async def confirm_amendment(
    request: AnyRequest,
    scenario_id: FromPath[UUID],
    actor: NamedDependency[Actor],
    writer: NamedDependency[WriteSession],
    clock: NamedDependency[Clock],
) -> Response[ScenarioOut]:
    """Make the proposed amendment part of the call, as another person than who proposed it.

    A material change, judged by the fields that change, moves the deadline and is to be confirmed
    by every bidder.
    """
    access.signed_in(actor)
    row = await offering.confirm_amendment(
        writer, actor, scenario_id, expected_version=expected_version(request), clock=clock
    )
    found = await details.detail(writer, actor, row, now=clock.now())
    out = ScenarioOut.of(found, english=prefers_english(request))
    return answer(request, out, version=row.version)
