"""How sure a ranking is: as data, as drawings, and with everything else in one file."""

import asyncio
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Controller, Request, Response, get
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter

from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor
from marketplace.kit.database import ReadSession
from marketplace.scoring.actions import certainty as actions
from marketplace.scoring.errors.certainty import PlotUnknown
from marketplace.scoring.errors.rounds import RoundUnknown
from marketplace.scoring.queries import certainty as queries
from marketplace.scoring.queries import rounds
from marketplace.scoring.rules.plots import judges, ranks, weights
from marketplace.scoring.schemas.certainty import Language, OwnCertaintyOut
from marketplace.scoring.schemas.workbook import workbook
from marketplace.scoring.tables.certainty import RoundCertainty
from marketplace.scoring.tables.rounds import RankingRound
from marketplace.wire.answers import answer, answer_bytes, prefers_english

AnyRequest = Request[Actor, None, State]
Document = dict[str, Any]
InLanguage = Annotated[
    Language | None,
    QueryParameter(name="lang", description="`zh` or `en`; else by Accept-Language."),
]
FOR_EVER = {"Cache-Control": "private, max-age=31536000, immutable"}
SVG = "image/svg+xml"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
RANK_INTERVALS = "rank-intervals.svg"
WEIGHT_MARGINS = "weight-margins.svg"
JUDGES = "judges.svg"
PlotName = Literal["rank-intervals.svg", "weight-margins.svg", "judges.svg"]


class RoundCertaintyController(Controller):
    """How sure one ranking is."""

    path = "/v1/ranking-rounds/{round_id:uuid}"
    tags = ("scoring",)

    @get("/sensitivity", operation_id="ranking_rounds_sensitivity")
    async def get_sensitivity(
        self,
        request: AnyRequest,
        round_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
    ) -> Response[Document | OwnCertaintyOut]:
        """Serve rank intervals, margins and leave-one-out byte for byte; to a bidder their own."""
        access.signed_in(actor)
        round_, own = await rounds.round_seen_by(reader, actor, round_id)
        row = await queries.certainty_of(reader, round_.id)
        if own is None:
            return answer_bytes(request, row.sensitivity, headers=FOR_EVER)
        document = msgspec.json.decode(row.sensitivity)
        return answer(request, OwnCertaintyOut.of(document, own.id))

    @get("/panel-statistics", operation_id="ranking_rounds_panel_statistics")
    async def get_panel_statistics(
        self,
        request: AnyRequest,
        round_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
    ) -> Response[Document]:
        """Serve severity, concordance, marks far off and judges who decide, byte for byte."""
        _, row = await _of_panel(reader, actor, round_id)
        return answer_bytes(request, row.panel, headers=FOR_EVER)

    @get("/plots/{plot:str}", operation_id="ranking_rounds_plot", media_type=SVG)
    async def get_plot(
        self,
        request: AnyRequest,
        round_id: FromPath[UUID],
        plot: FromPath[PlotName],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
        language: InLanguage = None,
    ) -> Response[bytes]:
        """Draw rank intervals, margins of the weights, or (for few) severity of the judges."""
        english = _english(request, language)
        if plot == JUDGES:
            _, row = await _of_panel(reader, actor, round_id)
            svg = judges.draw(msgspec.json.decode(row.panel), english=english)
        else:
            round_, row = await _whole(reader, actor, round_id)
            standings, sensitivity = map(msgspec.json.decode, (round_.standings, row.sensitivity))
            if plot == RANK_INTERVALS:
                svg = ranks.draw(standings, sensitivity, english=english)
            elif plot == WEIGHT_MARGINS:
                sheet = msgspec.json.decode(round_.sheet)
                svg = weights.draw(sheet, standings, sensitivity, english=english)
            else:
                raise PlotUnknown(known=[RANK_INTERVALS, WEIGHT_MARGINS, JUDGES])
        return answer_bytes(request, svg, media_type=SVG)

    @get("/export.json", operation_id="ranking_rounds_export_json")
    async def export_json(
        self,
        request: AnyRequest,
        round_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
    ) -> Response[Document]:
        """Serve the whole round with all digests in one file, for `jiebang verify ranking`."""
        round_, row = await _whole(reader, actor, round_id)
        with_panel = await queries.may_read_panel(reader, actor, round_)
        content = actions.export_of(round_, row, with_panel=with_panel)
        return answer_bytes(request, content, headers=_attached(round_, "json"))

    @get("/export.xlsx", operation_id="ranking_rounds_export_xlsx", media_type=XLSX)
    async def export_xlsx(
        self,
        request: AnyRequest,
        round_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
        language: InLanguage = None,
    ) -> Response[bytes]:
        """Serve standings, points, marks, prices, certainty and digests as a spreadsheet."""
        round_, row = await _whole(reader, actor, round_id)
        content = await asyncio.to_thread(
            workbook,
            {
                "sheet": msgspec.json.decode(round_.sheet),
                "standings": msgspec.json.decode(round_.standings),
                "sensitivity": msgspec.json.decode(row.sensitivity),
            },
            {
                "sheet": round_.sheet_sha256,
                "standings": round_.standings_sha256,
                "sensitivity": row.sensitivity_sha256,
            },
            computed_at=round_.computed_at,
            english=_english(request, language),
        )
        headers = _attached(round_, "xlsx")
        return answer_bytes(request, content, headers=headers, media_type=XLSX)


async def _whole(
    reader: ReadSession, actor: Actor, round_id: UUID
) -> tuple[RankingRound, RoundCertainty]:
    """Find a round for somebody who may read all of it."""
    access.signed_in(actor)
    round_, own = await rounds.round_seen_by(reader, actor, round_id)
    if own is not None:
        raise RoundUnknown(round_id=str(round_id))
    return round_, await queries.certainty_of(reader, round_.id)


async def _of_panel(
    reader: ReadSession, actor: Actor, round_id: UUID
) -> tuple[RankingRound, RoundCertainty]:
    """Find a round for somebody who may also read about its judges."""
    access.signed_in(actor)
    round_, _ = await rounds.round_seen_by(reader, actor, round_id)
    if not await queries.may_read_panel(reader, actor, round_):
        raise RoundUnknown(round_id=str(round_id))
    return round_, await queries.certainty_of(reader, round_.id)


def _english(request: AnyRequest, language: Language | None) -> bool:
    return prefers_english(request) if language is None else language == "en"


def _attached(round_: RankingRound, kind: str) -> dict[str, str]:
    name = f"ranking-round-{round_.number}-{round_.sheet_sha256[:12]}.{kind}"
    return {"Content-Disposition": f'attachment; filename="{name}"'}
