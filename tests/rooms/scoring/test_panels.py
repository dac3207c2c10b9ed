"""Panels under two hands at once, and what is left of a judge who leaves."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

import httpx
import pytest

from marketplace.house import House
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database, WriteSession
from marketplace.kit.errors import MarketplaceError
from marketplace.profiles.rules.profile import Track
from marketplace.scoring.actions import draws, marking, panels
from marketplace.scoring.actions.draws import Plan
from marketplace.scoring.queries import panels as queries
from marketplace.scoring.queries import rounds
from tests.given import panels as bench
from tests.given import scoring as given
from tests.given.scoring import DEADLINE, Play

pytestmark = pytest.mark.postgres
Work = Callable[[WriteSession], Awaitable[object]]


async def outcomes(database: Database, *works: Work) -> list[str]:
    """What each hears of several who act at the same time: `done`, or the code of a refusal."""

    async def one(work: Work) -> str:
        try:
            async with database.writing() as session:
                await work(session)
        except MarketplaceError as refused:
            return refused.code
        return "done"

    return list(await asyncio.gather(*(one(work) for work in works)))


async def a_tender(client: httpx.AsyncClient, database: Database, clock: FixedClock) -> Play:
    """A tender about to close, whose judges are still to be drawn."""
    play = await given.a_published_play(
        client,
        database,
        clock,
        criteria=given.PLAN_AND_PRICE,
        judges=5,
        track=Track.PROCUREMENT_TENDER,
    )
    clock.move_to(DEADLINE)
    return play


class TestTwoAtOnce:
    """Two hands on one panel."""

    async def test_of_two_draws_one_is_opened(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock, house: House
    ) -> None:
        """The second finds the first and waits for its end."""
        play = await a_tender(client, database, clock)

        async def opens(session: WriteSession) -> object:
            return await draws.open_draw(
                session,
                play.cast.officer.actor,
                UUID(play.scenario_id),
                plan=Plan(review_at=DEADLINE),
                keeper=house.keeper,
                clock=clock,
            )

        heard = await outcomes(database, opens, opens)

        assert sorted(heard) == ["done", "scoring.draw_open_already"]

    async def test_of_two_contributions_one_draws(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock, house: House
    ) -> None:
        """Nobody is drawn twice, and nobody can try a second number."""
        play = await a_tender(client, database, clock)
        draw = await bench.open_draw(play)

        def gives(number: str) -> Work:
            async def work(session: WriteSession) -> object:
                return await draws.contribute(
                    session,
                    play.cast.supervisor.actor,
                    UUID(draw["id"]),
                    contribution=number * 32,
                    keeper=house.keeper,
                    clock=clock,
                )

            return work

        heard = await outcomes(database, gives("01"), gives("02"))

        assert sorted(heard) == ["done", "scoring.draw_over"]
        async with database.reading() as session:
            assert len(await queries.present(session, UUID(play.scenario_id))) == 5

    async def test_a_judge_signs_or_is_recused_and_their_sheet_counts_in_neither_case(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Whoever comes first: afterwards the seat is empty and the round needs another judge."""
        play = await given.an_evaluating_play(
            client, database, clock, criteria=given.PLAN_AND_PRICE
        )
        call_id, judge = UUID(play.scenario_id), play.experts[1]
        for one in play.experts:
            await play.mark(one, sign=one is not judge, ours="80", theirs="90")

        async def signs(session: WriteSession) -> object:
            return await marking.record_marks(
                session, judge.actor, call_id, marks=[], sign=True, now=clock.now()
            )

        async def recuses(session: WriteSession) -> object:
            return await panels.recuse(
                session, play.cast.officer.actor, call_id, "J2", reason="回避", now=clock.now()
            )

        signed, recused = await outcomes(database, signs, recuses)
        ranked = await play.rank()

        async with database.reading() as session:
            seat = await rounds.seat_of(session, call_id, judge.actor.person_id)
        assert seat is not None
        assert recused == "done"
        assert (signed == "done") == (seat.signed_at is not None)
        assert signed in {"done", "scoring.not_on_panel"}
        assert seat.recused_at is not None
        assert ranked.json()["code"] == "scoring.panel_unfit"


class TestChair:
    """The chair of a drawn panel."""

    async def test_a_panel_whose_chair_leaves_elects_again(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Whoever follows from the reserve is a judge; votes for the old chair elect nobody."""
        play = await a_tender(client, database, clock)
        await bench.draw_panel(play)
        panel, officer = f"{play.url}/panel", play.cast.officer
        await play.do(officer, f"{panel}/actions/recuse", {"label": "J1", "reason": "回避"})
        taken = await play.do(officer, f"{panel}/actions/replace", {"label": "J1"})
        play.experts = (*play.experts[1:], play.reserve[0])
        headless = await play.get(officer, f"{panel}/progress")

        await bench.elect(play, "J3")
        seated = await play.get(officer, panel)

        assert (taken["label"], taken["is_chair"], headless["has_chair"]) == ("J1-2", False, False)
        chairs = [one["label"] for one in seated["items"] if one["recused_at"] is None]
        assert len(chairs) == 5
        assert [
            one["label"] for one in seated["items"] if one["is_chair"] and one["recused_at"] is None
        ] == ["J3"]
