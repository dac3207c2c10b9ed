"""Tell how it ended: as JSON for other programs, as tables for people."""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table

from marketplace.bids.queries import bids
from marketplace.bids.tables.bids import Bid
from marketplace.demo.stage import Play, Stage, Story
from marketplace.identity.tables.organizations import Organization
from marketplace.kit.database import ReadSession
from marketplace.kit.money import format_yuan
from marketplace.pilots import queries as pilots
from marketplace.scenarios.queries import calls as scenarios
from marketplace.scenarios.tables import Scenario
from marketplace.scoring.actions.rankings import document_of
from marketplace.scoring.queries import rounds as scorings
from marketplace.scoring.rules.rubric import Rubric
from marketplace.scoring.tables.rounds import RankingRound


async def result_of(play: Play, *, deliveries: dict[str, int], data_dir: Path) -> dict[str, Any]:
    """Gather the result of the demo in its stable form; money in whole fen, points as decimal
    text.
    """
    async with play.house.database.reading() as session:
        stories = sorted(play.stories, key=lambda story: story.code)
        calls = [await _call(session, play, story, data_dir) for story in stories]
        claims = [claim for story in stories for claim in await _claims(session, play, story)]
    return {
        "illustrative": True,
        "calls": sorted(calls, key=lambda call: str(call["number"])),
        "claims": claims,
        "deliveries": deliveries,
    }


async def _call(session: ReadSession, play: Play, story: Story, data_dir: Path) -> dict[str, Any]:
    row = await scenarios.scenario(session, play.seeded.scenarios[story.code])
    call = await scenarios.call(session, row.id)
    rubric = scorings.rubric_of(call)
    opened = await bids.opened_bids(session, row.id)
    round_ = await scorings.latest_round(session, row.id)
    standings = {} if round_ is None else msgspec.json.decode(round_.standings)
    return {
        "number": row.number,
        "title": call.content.to_document()["title"],
        "track": row.track.value,
        "stage": play.reached.get(story.code, Stage.PUBLISHED).value,
        "method": rubric.method.value,
        "aggregation": rubric.aggregation.value,
        "rounding": rubric.to_document()["rounding"],
        "criteria": [_criterion(one) for one in rubric.criteria],
        "benchmark": "real" if story.document["benchmark"]["real"] else "synthetic",
        "max_price_fen": call.content.budget.max_price_fen,
        "cost_share": call.content.to_document()["cost_share"],
        "bids": [{"bidder": bidder.name_zh, "quote_fen": bid.quote_fen} for bid, bidder in opened],
        "standings": [_standing(one, rubric) for one in standings.get("standings", [])],
        "excluded": _excluded(standings, opened),
        "sheet": None if round_ is None else str(_write_sheet(row, round_, data_dir)),
    }


def _criterion(one: Any) -> dict[str, Any]:
    document: dict[str, Any] = one.to_document()
    names = ("code", "kind", "weight_bps", "metric", "floor", "target", "direction", "formula")
    return {name: document[name] for name in names}


def _standing(one: dict[str, Any], rubric: Rubric) -> dict[str, Any]:
    def text(value: str) -> str:
        return f"{Decimal(value):.{rubric.rounding.scale}f}"

    return {
        "bidder": one["bidder"],
        "rank": one["rank"],
        "total": text(one["total"]),
        "points": {code: text(value) for code, value in one["points"].items()},
        "quote_fen": one["quote_fen"],
        "deduction_bps": one["deduction_bps"],
        "evaluated_price_fen": one["evaluated_price_fen"],
    }


def _excluded(
    standings: dict[str, Any], opened: Sequence[tuple[Bid, Organization]]
) -> list[dict[str, Any]]:
    """List who is out, with the reason as a code and in words."""
    words = {str(bid.id): bid.exclusion_reason for bid, _ in opened}
    out = [
        {"bidder": one["bidder"], "reason": one["reason"], "words": words[one["bid_id"]]}
        for one in standings.get("excluded", [])
    ]
    return sorted(out, key=lambda one: str(one["bidder"]))


def _write_sheet(row: Scenario, round_: RankingRound, data_dir: Path) -> Path:
    """Write the round's document where `jiebang verify ranking` can read it."""
    path = data_dir / "sheets" / f"{row.number}-round-{round_.number}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(document_of(round_))
    return path


async def _claims(session: ReadSession, play: Play, story: Story) -> list[dict[str, Any]]:
    told = []
    for pilot in await pilots.pilots_of(session, play.seeded.scenarios[story.code]):
        phases = {phase.id: phase for phase in await pilots.phases(session, pilot.id)}
        for claim in await pilots.claims_of(session, pilot.id):
            if claim.settlement is None:
                continue
            settled = msgspec.json.decode(claim.settlement)
            shares = dict(settled["shares_fen"])
            # What lies above the ceiling is the solver's too, so that the shares make the whole
            # cost.
            shares["solver"] = settled["solver_bears_fen"]
            phase = phases[claim.phase_id]
            told.append(
                {
                    "pilot": pilot.number,
                    "phase": phase.code,
                    "outcome": settled["inputs"]["outcome"],
                    "claimed_fen": claim.claimed_fen,
                    "verified_fen": claim.verified_fen,
                    "ceiling_fen": phase.ceiling_fen,
                    "over_ceiling_fen": settled["over_ceiling_fen"],
                    "weights_bps": {party: bps for party, bps, _ in settled["weights"]},
                    "shares": shares,
                    "bound_by": settled["bound_by"],
                }
            )
    return told


def print_report(result: dict[str, Any], console: Console) -> None:
    """Show the rankings, who is out and why, and the money terms of every call."""
    for call in result["calls"]:
        console.rule(f"{call['number']}  {call['title']['zh']}  ·  {call['track']}")
        if call["standings"]:
            console.print(_ranking_table(call))
        for one in call["excluded"]:
            words = one["words"] or {}
            told = f"{words.get('zh', '')} {words.get('en', '')}".strip() or one["reason"]
            console.print(f"  出局 excluded  {one['bidder']}  {told}")
        if call["sheet"]:
            console.print(f"  评审底稿 sheet  {call['sheet']}", soft_wrap=True)
        console.print(_terms_table(call))
    if result["claims"]:
        console.print(_claims_table(result["claims"]))
    heard = result["deliveries"]
    if heard["events"]:
        console.print(
            f"事件 events {heard['events']}  送达 delivered {heard['delivered']}"
            f"  尝试 attempts {heard['attempts']}(每次首投被拒 first attempt refused)"
        )


def _ranking_table(call: dict[str, Any]) -> Table:
    table = Table(title="排名 ranking", title_justify="left")
    table.add_column("名次 rank", justify="right")
    table.add_column("揭榜方 bidder", no_wrap=True)
    for criterion in call["criteria"]:
        table.add_column(f"{criterion['code']}\n{criterion['weight_bps'] / 100:g}", justify="right")
    table.add_column("总分 total", justify="right")
    table.add_column("评审价 evaluated", justify="right")
    for one in call["standings"]:
        price = one["evaluated_price_fen"]
        table.add_row(
            str(one["rank"]),
            one["bidder"],
            *(one["points"][criterion["code"]] for criterion in call["criteria"]),
            one["total"],
            "-" if price is None else format_yuan(price),
        )
    return table


def _terms_table(call: dict[str, Any]) -> Table:
    table = Table(title="费用共担 cost sharing (gov / poster / solver, %)", title_justify="left")
    for title in ("阶段 phase", "上限 ceiling", "通过 passed", "无过错失败 blameless"):
        table.add_column(title, justify="right")
    for phase in call["cost_share"]:
        shares = [
            " / ".join(f"{phase[name][party] / 100:g}" for party in ("gov", "poster", "solver"))
            for name in ("ok_bps", "blameless_fail_bps")
        ]
        table.add_row(phase["code"], format_yuan(phase["ceiling_fen"]), *shares)
    return table


def _claims_table(claims: list[dict[str, Any]]) -> Table:
    table = Table(title="试点结算 settlement", title_justify="left")
    titles = (
        *("阶段", "结果 outcome", "核定 verified", "上限 ceiling", "区级 gov"),
        *("出题方 poster", "揭榜方 solver", "限于 bound by"),
    )
    for title in titles:
        table.add_column(title, justify="right")
    for one in claims:
        table.add_row(
            one["phase"],
            one["outcome"],
            format_yuan(one["verified_fen"]),
            format_yuan(one["ceiling_fen"]),
            *(format_yuan(one["shares"][party]) for party in ("gov", "poster", "solver")),
            one["bound_by"],
        )
    return table
