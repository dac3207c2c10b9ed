"""The board shows what is public, all of it, nothing else, from the moment it is public."""

import datetime as dt
from typing import Any

import httpx
import pytest
from sqlalchemy import text as sql

from marketplace.board.queries import cards, search
from marketplace.board.queries.cards import Filters
from marketplace.board.rules import facets
from marketplace.board.rules.standing import SortKey
from marketplace.board.rules.text import tokens_of_query
from marketplace.board.tables import BoardCard
from marketplace.identity.rules.access import SYSTEM
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.kit.paging import CursorUnreadable
from marketplace.matching import actions as matching
from marketplace.scenarios.actions import amending, calls, publishing
from marketplace.scenarios.jobs import close_due_calls, pin_missing_cards
from marketplace.scenarios.rules.lifecycle import CancelReason
from tests.given.board import the_words
from tests.given.scenarios import (
    WINDOW,
    Called,
    a_content,
    a_draft,
    a_published_call,
    accepted,
    an_approved_call,
    submitted,
    the_version,
)

TITLE = {"zh": "突發事件緊急預警模型(示例)", "en": "Emergency Early-Warning Model"}


def a_warning(**changes: Any) -> dict[str, Any]:
    """A call for an early-warning model, its title in Traditional characters."""
    return a_content(title=TITLE, **changes)


async def found_by(database: Database, query: str) -> list[str]:
    """The numbers of the calls a query finds, in order."""
    async with database.reading() as session:
        hits = await search.hits(session, tokens_of_query(query), cursor=None, limit=100)
        return [hit.card.number for hit in hits]


async def the_board(
    database: Database, clock: FixedClock, sort: SortKey = SortKey.NEWEST, **filters: Any
) -> list[BoardCard]:
    """The whole board under some filters."""
    async with database.reading() as session:
        rows = await cards.cards(
            session, Filters(**filters), sort=sort, cursor=None, limit=1000, now=clock.now()
        )
        return list(rows)


async def cancelled(database: Database, clock: FixedClock, called: Called) -> None:
    """The call withdrawn."""
    version = await the_version(database, called)
    async with database.writing() as session:
        await calls.cancel(
            session,
            called.cast.approver.actor,
            called.id,
            reason=CancelReason.TASK_CANCELLED,
            expected_version=version,
            now=clock.now(),
        )


@pytest.mark.postgres
class TestPinning:
    """When a card hangs, and what it says."""

    async def test_nothing_hangs_and_nothing_is_found_before_publication(
        self, database: Database, clock: FixedClock
    ) -> None:
        """A draft, a submitted, an accepted and an approved call leave no trace on the board."""
        await a_draft(database, clock, content=a_warning())
        await submitted(database, clock, await a_draft(database, clock, content=a_warning()))
        await accepted(database, clock, await a_draft(database, clock, content=a_warning()))
        await an_approved_call(database, clock, content=a_warning())

        assert await found_by(database, "预警") == []
        async with database.reading() as session:
            connection = await session.connection()
            for table in ("board_card", "board_text"):
                counted = await connection.execute(sql(f"SELECT count(*) FROM {table}"))
                assert counted.scalar_one() == 0

    async def test_publishing_pins_in_the_same_transaction(
        self, database: Database, clock: FixedClock
    ) -> None:
        """A call that is published is found; one whose publication was rolled back is not."""
        called = await an_approved_call(database, clock, content=a_warning())
        version = await the_version(database, called)

        with pytest.raises(ZeroDivisionError):
            async with database.writing() as session:
                await publishing.publish(
                    session,
                    called.cast.approver.actor,
                    called.id,
                    bid_deadline_at=clock.now() + WINDOW,
                    expected_version=version,
                    clock=clock,
                )
                _ = 1 // 0
        assert await found_by(database, "预警") == []

        async with database.writing() as session:
            await publishing.publish(
                session,
                called.cast.approver.actor,
                called.id,
                bid_deadline_at=clock.now() + WINDOW,
                expected_version=version,
                clock=clock,
            )
        assert len(await found_by(database, "预警")) == 1
        (card,) = await the_board(database, clock)
        assert card.title == TITLE
        assert card.is_open
        assert facets.words(card.data_access)

    async def test_an_amendment_is_found_by_its_new_words_and_no_longer_by_the_old(
        self, database: Database, clock: FixedClock
    ) -> None:
        """The index follows the content in force."""
        old = a_warning(problem={"zh": "只有旧文字提到琥珀。"})
        called = await a_published_call(database, clock, content=old)
        version = await the_version(database, called)
        async with database.writing() as session:
            row, _ = await amending.propose(
                session,
                called.cast.officer.actor,
                called.id,
                content=a_warning(problem={"zh": "只有新文字提到翡翠。"}),
                note="更正",
                expected_version=version,
                clock=clock,
            )
            await amending.confirm(
                session,
                called.cast.approver.actor,
                called.id,
                expected_version=row.version,
                clock=clock,
            )

        assert await found_by(database, "琥珀") == []
        assert len(await found_by(database, "翡翠")) == 1
        assert len(await found_by(database, "预警")) == 1

    async def test_a_call_leaves_the_open_board_when_it_ends(
        self, database: Database, clock: FixedClock
    ) -> None:
        """Cancelled, or past its deadline whether or not a job has noticed: no longer open."""
        withdrawn = await a_published_call(database, clock, content=a_warning())
        await a_published_call(database, clock, content=a_warning())
        await cancelled(database, clock, withdrawn)
        (left,) = await the_board(database, clock)
        clock.advance(WINDOW)

        assert await the_board(database, clock) == []
        assert await close_due_calls(database, clock) == 1
        ended = await the_board(database, clock, is_open=False)
        assert {card.state for card in ended} == {"cancelled", "closed"}
        assert left.scenario_id in {card.scenario_id for card in ended}
        assert len(await found_by(database, "预警")) == 2

    async def test_a_wish_waits_for_publication(
        self, database: Database, clock: FixedClock
    ) -> None:
        """What a poster hopes for is pinned with the call, and follows a change afterwards."""
        await the_words(database)
        called = await an_approved_call(database, clock, content=a_warning())
        async with database.writing() as session:
            await matching.wish(
                session,
                called.cast.poster.actor,
                called.id,
                codes=["time_series"],
                expected_version=0,
                now=clock.now(),
            )
        assert await the_board(database, clock, wish="time_series") == []
        version = await the_version(database, called)
        async with database.writing() as session:
            await publishing.publish(
                session,
                called.cast.approver.actor,
                called.id,
                bid_deadline_at=clock.now() + WINDOW,
                expected_version=version,
                clock=clock,
            )
        assert len(await the_board(database, clock, wish="time_series")) == 1

        async with database.writing() as session:
            await matching.wish(
                session, SYSTEM, called.id, codes=["speech"], expected_version=1, now=clock.now()
            )
        assert await the_board(database, clock, wish="time_series") == []
        assert len(await the_board(database, clock, wish="speech")) == 1

    async def test_calls_older_than_the_board_are_pinned_once(
        self, database: Database, clock: FixedClock
    ) -> None:
        """After an upgrade every published call gets its card, and no draft does."""
        await a_published_call(database, clock, content=a_warning())
        await a_draft(database, clock, content=a_warning())
        async with database.writing() as session:
            connection = await session.connection()
            for table in ("board_text", "board_card"):
                await connection.execute(sql(f"DELETE FROM {table}"))
        assert await found_by(database, "预警") == []

        assert await pin_missing_cards(database) == 1
        assert await pin_missing_cards(database) == 0
        assert len(await found_by(database, "预警")) == 1


@pytest.mark.postgres
class TestFinding:
    """What a query finds."""

    @pytest.mark.parametrize(
        "query",
        [
            *("緊急預警", "紧急预警", "预警", "預", "警", "Emergency", "EARLY warning"),
            *("early-warning", "ｅｍｅｒｇｅｎｃｙ", "緊(jǐn)急(jí)預警", "预警 emergency"),
        ],
    )
    async def test_finds_by_script_width_case_gloss_and_length(
        self, database: Database, clock: FixedClock, query: str
    ) -> None:
        """One call, asked for in many ways; one character is enough."""
        await a_published_call(database, clock, content=a_warning())

        assert len(await found_by(database, query)) == 1

    @pytest.mark.parametrize(
        "query",
        [
            *("预警 琥珀", "title:预警x", '预警" OR "琥珀', "预警' OR '1'='1"),
            *("NOT琥珀 emergency", "emergency NEAR琥珀", "急模", "emerg"),
        ],
    )
    async def test_operators_and_quotes_are_words_and_all_words_must_occur(
        self, database: Database, clock: FixedClock, query: str
    ) -> None:
        """Whatever means something to a search engine means nothing here."""
        await a_published_call(database, clock, content=a_warning())

        assert await found_by(database, query) == []

    @pytest.mark.parametrize("query", ["emergency*", '"emergency"', "emergency); --", "^emergency"])
    async def test_punctuation_is_no_part_of_a_query(
        self, database: Database, clock: FixedClock, query: str
    ) -> None:
        """It separates words and does nothing else."""
        await a_published_call(database, clock, content=a_warning())

        assert len(await found_by(database, query)) == 1

    async def test_titles_come_first_then_the_newest(
        self, database: Database, clock: FixedClock
    ) -> None:
        """Found in the title before found in the text; inside either, the last published first."""
        in_text = a_content(problem={"zh": "需要緊急預警。"})
        for content in (a_warning(), in_text, a_warning(), in_text):
            await a_published_call(database, clock, content=content)
        pinned = [card.number for card in await the_board(database, clock)]

        found = await found_by(database, "紧急预警")

        assert found == [pinned[1], pinned[3], pinned[0], pinned[2]]

    async def test_pages_of_hits_meet_without_gap_or_overlap(
        self, database: Database, clock: FixedClock
    ) -> None:
        """Page by page gives what one page gives, across the border between title and text."""
        for content in (a_warning(), a_content(problem={"zh": "紧急预警"}), a_warning()):
            await a_published_call(database, clock, content=content)
        tokens, cursor, seen = tokens_of_query("预警"), None, []
        for _ in range(3):
            async with database.reading() as session:
                (hit,) = await search.hits(session, tokens, cursor=cursor, limit=1)
                seen.append(hit.card.number)
                cursor = search.cursor_behind(hit)

        assert seen == await found_by(database, "预警")
        async with database.reading() as session:
            assert await search.hits(session, tokens, cursor=cursor, limit=1) == []


@pytest.mark.parametrize("cursor", ["", "x", "MHw5OTk5OTk5OTk5OTk5OTk5OTk5OTk5", "LXBvaW50c3w5fHg"])
async def test_made_up_cursors_are_refused(
    database: Database, clock: FixedClock, cursor: str
) -> None:
    """A cursor is read strictly: nothing that was made up reaches a statement."""
    async with database.reading() as session:
        for sort in SortKey:
            with pytest.raises(CursorUnreadable):
                await cards.cards(
                    session, Filters(), sort=sort, cursor=cursor, limit=1, now=clock.now()
                )
        with pytest.raises(CursorUnreadable):
            await search.hits(session, ("预警",), cursor=cursor, limit=1)


async def test_the_board_says_the_same_to_everybody(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """Nobody, the poster and the bureau read the same bytes, and days are counted in Beijing."""
    called = await a_published_call(database, clock, content=a_warning())
    path = "/v1/scenario-board"
    answers = [
        (await client.get(path, headers=headers)).content
        for headers in ({}, called.cast.poster.headers, called.cast.officer.headers)
    ]

    assert len(set(answers)) == 1
    deadline = (clock.now() + WINDOW).astimezone(dt.timezone(dt.timedelta(hours=8))).date()
    for day, count in ((deadline, 1), (deadline - dt.timedelta(days=1), 0)):
        until = await client.get(path, params={"deadline_until": day.isoformat()})
        assert len(until.json()["items"]) == count
