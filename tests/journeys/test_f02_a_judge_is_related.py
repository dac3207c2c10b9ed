"""F02: a judge is related to a bidder: known before the draw, found while marking, or too late.

Basis    procurement regulations, articles 9 and 75; tendering regulations, article 48: the opinion
         of a replaced judge is void, and whoever replaces them reviews every bid.
"""

import datetime as dt
import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from marketplace.awards import queries as awarded
from marketplace.awards.actions import awarding as awards
from marketplace.awards.rules.lifecycle import AwardState
from marketplace.bids.queries import bids
from marketplace.bids.rules.lifecycle import BidState
from marketplace.identity.rules.access import Role
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.profiles.rules.profile import Track
from marketplace.scenarios.queries import calls as scenarios
from marketplace.scenarios.rules.lifecycle import ScenarioState
from marketplace.scoring.errors.panels import PanelChangedSince
from tests.given import panels as bench
from tests.given import scoring as given
from tests.given.identity import Someone, an_organization, someone
from tests.given.scoring import Play

pytestmark = pytest.mark.postgres
TENDER = Track.PROCUREMENT_TENDER
QUOTES = {"ours": 800_000, "theirs": 850_000, "third": 900_000}


async def an_expert_of(
    play: Play, database: Database, organization_id: UUID, *, left: str | None = None
) -> Someone:
    """An expert of the pool who works, or worked until a day, for an organisation."""
    expert = await bench.an_expert(database)
    tie = {"organization_id": str(organization_id), "kind": "employment", "valid_to": left}
    url = f"/v1/expert-profiles/{expert.actor.person_id}/ties"
    await play.do(play.cast.officer, url, tie)
    return expert


async def opened_and_checked(play: Play) -> None:
    """The panel drawn, three bids opened and found eligible."""
    await play.publish(given.a_content(given.PLAN_AND_PRICE), TENDER)
    await play.seat_panel()
    for name, quote in QUOTES.items():
        await play.bid(name, quote_yuan=quote)
    await play.open()
    await play.check(*QUOTES)


async def asked_and_accepted(play: Play, name: str, about: Someone) -> dict[str, Any]:
    """A bidder asks that a person does not judge, and the officer agrees; the bidder's answer."""
    letter = {"name": "张三", "reasons": "其配偶任职于竞争对手(示例)"}
    filed = await play.do(play.solvers[name], f"{play.url}/recusal-requests", letter)
    decision = {
        "accepted": True,
        "person_id": str(about.actor.person_id),
        "decision": "近亲属在投标人处任职,应当回避",
    }
    url = f"/v1/recusal-requests/{filed['id']}/actions/decide"
    await play.do(play.cast.officer, url, decision)
    own = await play.get(play.solvers[name], f"{play.url}/recusal-requests")
    found: dict[str, Any] = own["items"][0]
    return found


async def test_a_tie_known_before_the_draw_keeps_an_expert_out_of_it(
    client: httpx.AsyncClient, database: Database, clock: FixedClock, tmp_path: Path
) -> None:
    """(a) The pool says who cannot be drawn and why; the draw can be computed again elsewhere."""
    play = await given.a_play(client, database, clock, "theirs")
    theirs = play.solvers["theirs"].organization_id
    parent = await an_organization(database, name="某集团(示例)")
    control = {
        "holder": {"organization_id": str(parent)},
        "target": {"organization_id": str(theirs)},
        "kind": "agreement",
        "valid_from": "2020-01-01",
        "source": "示例登记",
    }
    await play.do(play.cast.officer, "/v1/ownership-edges", control)
    out = {
        "left_last_year": await an_expert_of(play, database, theirs, left="2025-03-01"),
        "works_for_the_parent": await an_expert_of(play, database, parent),
        "works_for_the_poster": await an_expert_of(
            play, database, play.cast.poster.organization_id
        ),
    }
    long_gone = await an_expert_of(play, database, theirs, left="2023-03-01")
    await play.publish(given.a_content(given.PLAN_AND_PRICE), TENDER)
    clock.move_to(given.DEADLINE - dt.timedelta(hours=1))

    draw = await bench.open_draw(play, size=5, interested=[str(theirs)])
    pool = await play.get(play.cast.supervisor, f"/v1/panel-draws/{draw['id']}/pool")
    await bench.contribute(play, draw["id"])
    record = await play.ask(play.cast.auditor, "GET", f"/v1/panel-draws/{draw['id']}/record")

    why = {one["expert"]: one["reasons"][0] for one in pool["ineligible"]}
    parts = {name: why[str(one.actor.person_id)] for name, one in out.items()}
    assert {name: (one["code"], one["part"]) for name, one in parts.items()} == {
        "left_last_year": ("tied", "interested"),
        "works_for_the_parent": ("tied", "interested"),
        "works_for_the_poster": ("tied", "poster"),
    }
    assert parts["left_last_year"]["tie_ended"] == "2025-03-01"
    assert parts["works_for_the_parent"]["relation"] == "direct_control"
    eligible = {one["expert"] for one in pool["eligible"]}
    assert str(long_gone.actor.person_id) in eligible
    document = record.json()
    assert set(document["seats"]) | set(document["reserve"]) == eligible
    panel = await play.get(play.cast.officer, f"{play.url}/panel")
    assert [seat["person_id"] for seat in panel["items"]] == document["seats"]
    file = tmp_path / "draw.json"
    file.write_bytes(record.content)
    assert verified(file).startswith("pool    sha256 " + draw["pool_sha256"])
    seats, reserve = document["seats"], document["reserve"]
    file.write_text(json.dumps(document | {"seats": [reserve[0], *seats[1:]]}), "utf-8")
    assert "DIFFERENT  /seats/0" in verified(file)


def verified(file: Path) -> str:
    """What `jiebang verify draw` says in a process of its own."""
    command = [sys.executable, "-m", "marketplace", "verify", "draw", str(file)]
    return subprocess.run(command, capture_output=True, check=False).stdout.decode()


async def test_a_tie_found_while_marking_voids_the_judge_and_the_next_reviews_all(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """(b) The round holds a full set of the new judge's marks and counts none of the old."""
    play = await given.a_play(client, database, clock, *QUOTES)
    await opened_and_checked(play)
    tied, others = play.experts[2], [one for one in play.experts if one is not play.experts[2]]
    await play.mark(tied, ours="0", theirs="100", third="0")
    for judge in others:
        await play.mark(judge, ours="80", theirs="60", third="40")

    told = await asked_and_accepted(play, "ours", tied)
    again = await play.ask(tied, "POST", f"{play.url}/score-sheets", json={"marks": []})
    early = await play.rank()
    seat = await play.do(play.cast.officer, f"{play.url}/panel/actions/replace", {"label": "J3"})
    unsigned = await play.rank()
    gap = play.marks("plan", ours="70", theirs="60")
    follower = play.reserve[0]
    partly = await play.ask(
        follower, "POST", f"{play.url}/score-sheets", json={"marks": gap, "sign": True}
    )
    await play.mark(follower, ours="70", theirs="60", third="50")
    ranked = await play.rank()

    assert (told["state"], told["decision"], told["person_id"]) == ("received", None, None)
    assert again.status_code == 404
    assert early.json()["code"] == "scoring.panel_unfit"
    assert (seat["label"], seat["person_id"]) == ("J3-2", str(follower.actor.person_id))
    assert unsigned.json()["judges"] == ["J3-2"]
    assert partly.json()["code"] == "scoring.marks_missing"
    assert ranked.status_code == 201, ranked.text
    standings = await play.standings(ranked.json()["id"])
    # (4 x 80 + 70) / 5 of a hundred, times 70 points; with the tied judge's 0 it would be 44.80.
    assert standings["ours"]["points"]["plan"] == "54.60"
    sheet = await play.get(play.cast.auditor, f"/v1/ranking-rounds/{ranked.json()['id']}/sheet")
    recused = {one["label"] for one in sheet["judges"] if one["recused"]}
    by_bid = {bid_id: set(marks["plan"]) for bid_id, marks in sheet["marks"].items()}
    assert recused == {"J3"}
    assert set(by_bid) == set(play.bids.values())
    assert {frozenset(one - recused) for one in by_bid.values()} == {
        frozenset({"J1", "J2", "J4", "J5", "J3-2"})
    }


async def test_a_tie_found_after_the_award_voids_it_and_leads_to_a_new_round(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """(c) Nothing more is built on the old ranking; the next one may have another winner."""
    play = await given.a_play(client, database, clock, *QUOTES)
    await opened_and_checked(play)
    tied = play.experts[2]
    for judge in play.experts:
        marks = ("100", "0") if judge is tied else ("60", "75")
        await play.mark(judge, ours=marks[0], theirs=marks[1], third="10")
    first = await play.rank()
    await bench.report(play)
    award_id = await an_announced_award(play, database, "ours")

    told = await asked_and_accepted(play, "theirs", tied)
    with pytest.raises(PanelChangedSince):
        async with database.writing() as session:
            await awards.confirm_award(
                session, play.cast.officer.actor, award_id, now=clock.now() + dt.timedelta(days=30)
            )
    reason = {"reason": "评审专家应当回避而未回避"}
    back = await play.do(play.cast.approver, f"{play.url}/actions/evaluate-again", reason)

    assert (told["state"], told["decision"]) == ("accepted", "近亲属在投标人处任职,应当回避")
    assert back["state"] == "evaluating"
    async with database.reading() as session:
        voided = await awarded.award(session, award_id)
        bid = await bids.opened_bid(session, UUID(play.bids["ours"]))
    assert (voided.state, voided.live_slot, bid.state) == (
        AwardState.VOID,
        None,
        BidState.RANKED,
    )

    await play.do(play.cast.officer, f"{play.url}/panel/actions/replace", {"label": "J3"})
    follower = play.reserve[0]
    await play.mark(follower, ours="60", theirs="75", third="10")
    other_reason = await play.rank("sum_error")
    second = await play.rank("judge_replaced")
    play.experts = (*(one for one in play.experts if one is not tied), follower)
    await bench.report(play)
    await an_announced_award(play, database, "theirs")

    told_to_bidders = await play.get(play.solvers["third"], f"{play.url}/panel")
    names = [one["label"] for one in told_to_bidders["items"]]
    assert names == ["J1", "J2", "J4", "J5", "J3-2"]
    assert other_reason.json()["allowed"] == ["judge_replaced"]
    assert second.status_code == 201, second.text
    rounds = await play.get(play.cast.auditor, f"{play.url}/ranking-rounds")
    assert [one["superseded_at"] is None for one in rounds["items"]] == [False, True]
    before = await play.standings(first.json()["id"])
    after = await play.standings(second.json()["id"])
    assert (before["ours"]["rank"], after["theirs"]["rank"]) == (1, 1)
    async with database.reading() as session:
        call = await scenarios.scenario(session, UUID(play.scenario_id))
    assert call.state is ScenarioState.IN_PUBLICITY


async def an_announced_award(play: Play, database: Database, name: str) -> UUID:
    """The chair recommends, the approver decides for a bid and the officer announces it."""
    await play.recommend()
    now = play.clock.now()
    async with database.writing() as session:
        row = await awards.decide_award(
            session,
            play.cast.approver.actor,
            UUID(play.scenario_id),
            UUID(play.bids[name]),
            reason="综合得分第一",
            now=now,
        )
        await awards.announce_award(
            session,
            play.cast.officer.actor,
            row.id,
            publicity_until=now + dt.timedelta(days=7),
            now=now,
        )
    return row.id


async def test_whoever_never_had_a_part_in_it_is_told_nothing_by_a_request(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """A request about a judge and one about a stranger are answered alike, decided or not."""
    play = await given.a_play(client, database, clock, *QUOTES)
    await opened_and_checked(play)
    stranger = await someone(database, Role.EXPERT)

    about_a_judge = await asked_and_accepted(play, "ours", play.experts[1])
    about_nobody = await asked_and_accepted(play, "theirs", stranger)

    changing = {"id", "filed_at"}
    assert {key: value for key, value in about_a_judge.items() if key not in changing} == {
        key: value for key, value in about_nobody.items() if key not in changing
    }
