"""Ranking rounds: compute one, read it whole, or read what it says of one's own bid."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor
from marketplace.kit.clock import Clock
from marketplace.kit.database import ReadSession, WriteSession
from marketplace.scenarios.queries import calls as scenarios
from marketplace.scoring.actions import rankings as actions
from marketplace.scoring.errors.rounds import RoundUnknown
from marketplace.scoring.queries import rounds as queries
from marketplace.scoring.schemas.rounds import (
    OwnExplanationOut,
    OwnStandingOut,
    RankingRoundIn,
    RankingRoundOut,
)
from marketplace.scoring.tables.rounds import RankingRound
from marketplace.wire.answers import answer, answer_bytes
from marketplace.wire.idempotency import once
from marketplace.wire.shapes import PageOut

AnyRequest = Request[Actor, None, State]
Document = dict[str, Any]
FOR_EVER = {"Cache-Control": "private, max-age=31536000, immutable"}
"""A round never changes; who may read it is decided per caller, so no shared cache may keep it."""


class ScenarioRoundController(Controller):
    """The ranking rounds of a call."""

    path = "/v1/scenarios/{scenario_id:uuid}/ranking-rounds"
    tags = ("scoring",)

    @post(operation_id="ranking_rounds_rank")
    @once()
    async def rank(
        self,
        request: AnyRequest,
        scenario_id: FromPath[UUID],
        data: JSONBody[RankingRoundIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[RankingRoundOut]:
        """Compute a ranking; a further one needs a reason of the closed list, the former stays."""
        row = await actions.rank_round(
            writer, actor, scenario_id, reason=data.reason, note=data.note, clock=clock
        )
        return answer(request, RankingRoundOut.of(row, whole=True), status=201)

    @get(operation_id="ranking_rounds_list")
    async def list_rounds(
        self,
        request: AnyRequest,
        scenario_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
    ) -> Response[PageOut[RankingRoundOut]]:
        """List the rounds, oldest first; a bidder who was told the result finds the last one."""
        access.signed_in(actor)
        call = await scenarios.call(reader, scenario_id)
        whole = await queries.may_read_rounds(reader, actor, call)
        if not whole and await queries.own_ranked_bid(reader, actor, call) is None:
            raise RoundUnknown()
        rows = await queries.rounds(reader, scenario_id)
        items = [
            RankingRoundOut.of(row, whole=whole)
            for row in rows
            if whole or row.superseded_at is None
        ]
        return answer(request, PageOut(items=items, next_cursor=None))


class RoundController(Controller):
    """One ranking round."""

    path = "/v1/ranking-rounds/{round_id:uuid}"
    tags = ("scoring",)

    @get(operation_id="ranking_rounds_get")
    async def get_round(
        self,
        request: AnyRequest,
        round_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
    ) -> Response[RankingRoundOut]:
        """Show one round: reason, counts and digests."""
        access.signed_in(actor)
        row, own = await queries.round_seen_by(reader, actor, round_id)
        return answer(request, RankingRoundOut.of(row, whole=own is None))

    @get("/standings", operation_id="ranking_rounds_standings")
    async def get_standings(
        self,
        request: AnyRequest,
        round_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
    ) -> Response[Document | OwnStandingOut]:
        """Serve the standings byte for byte; to a bidder their own points, rank and the count."""
        access.signed_in(actor)
        row, own = await queries.round_seen_by(reader, actor, round_id)
        if own is None:
            return _stored(request, row, row.standings)
        document = msgspec.json.decode(row.standings)
        return answer(request, OwnStandingOut.of(document, own.id))

    @get("/explanation", operation_id="ranking_rounds_explanation")
    async def get_explanation(
        self,
        request: AnyRequest,
        round_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
    ) -> Response[Document | OwnExplanationOut]:
        """Say in words why each bid stands where it stands; to a bidder only for their own."""
        access.signed_in(actor)
        row, own = await queries.round_seen_by(reader, actor, round_id)
        if own is None:
            return _stored(request, row, row.explanations)
        document = msgspec.json.decode(row.explanations)
        return answer(request, OwnExplanationOut.of(document, own.id))

    @get("/sheet", operation_id="ranking_rounds_sheet")
    async def get_sheet(
        self,
        request: AnyRequest,
        round_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
    ) -> Response[Document]:
        """Serve everything the round was decided on, byte for byte; its SHA-256 is in the round."""
        row = await _whole(reader, actor, round_id)
        return _stored(request, row, row.sheet)

    @get("/document", operation_id="ranking_rounds_document")
    async def get_document(
        self,
        request: AnyRequest,
        round_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
    ) -> Response[Document]:
        """Serve sheet, standings and digests in one, for `jiebang verify ranking`."""
        row = await _whole(reader, actor, round_id)
        return _stored(request, row, actions.document_of(row))


async def _whole(reader: ReadSession, actor: Actor, round_id: UUID) -> RankingRound:
    """Find a round for somebody who may read all of it."""
    access.signed_in(actor)
    row, own = await queries.round_seen_by(reader, actor, round_id)
    if own is not None:
        raise RoundUnknown(round_id=str(round_id))
    return row


def _stored(request: AnyRequest, row: RankingRound, content: bytes) -> Response[Any]:
    return answer_bytes(request, content, version=row.number, headers=FOR_EVER)
