"""Who hears what of the log, on both databases, and where one goes on."""

import itertools
from uuid import UUID

import pytest

from marketplace.events import actions as events
from marketplace.events.rules.envelope import Visibility
from marketplace.events.rules.hearing import Hearer, Said, may_hear
from marketplace.events.tables import EventRow
from marketplace.feed.queries import log as queries
from marketplace.feed.rules import listening as rules
from marketplace.feed.rules.listening import Wish
from marketplace.kit.database import Database
from marketplace.kit.ids import new_id
from marketplace.kit.paging import CursorUnreadable
from tests.given.events import numbered, said

OWNER, PARTICIPANT, STRANGER, BUREAU, OTHER = (UUID(int=number) for number in range(1, 6))
KEY = bytes(range(32))


async def a_mixed_log(database: Database) -> list[EventRow]:
    """Every visibility, in calls of two bureaus and in none, with a participant in one of them."""
    calls = {new_id(): BUREAU, new_id(): OTHER}
    rows = []
    async with database.writing() as session:
        for call, organizer in calls.items():
            await events.describe_call(session, call, organizer_id=organizer)
        shared = next(iter(calls))
        rows.append(
            await said(
                session,
                new_id(),
                Visibility.SEALED,
                organization_id=PARTICIPANT,
                scenario_id=shared,
            )
        )
        for visibility, where, owner in itertools.product(
            Visibility, [*calls, None], [OWNER, None]
        ):
            rows.append(
                await said(session, new_id(), visibility, organization_id=owner, scenario_id=where)
            )
    await numbered(database)
    return rows


HEARERS = [
    Hearer(organization_id=one, hears_all=everything, hears_bureau=bureau)
    for one in (OWNER, PARTICIPANT, STRANGER, BUREAU, OTHER)
    for everything, bureau in ((False, False), (True, False), (False, True))
]


@pytest.mark.postgres
async def test_the_database_and_the_rule_agree_on_who_hears_what(database: Database) -> None:
    """Fifteen hearers, thirty-one events: SQL and the pure rule say the same of each pair."""
    rows = await a_mixed_log(database)
    for one in HEARERS:
        async with database.reading() as session:
            found = await queries.heard(session, one, Wish(), after=0, limit=200)
        taking_part = {
            row.scenario_id for row in rows if row.organization_id == one.organization_id
        } - {None}
        expected = [
            row.record
            for row in rows
            if may_hear(
                one,
                Said(
                    visibility=row.visibility,
                    organization_id=row.organization_id,
                    organizer_id=row.organizer_id,
                    participants=frozenset({one.organization_id})
                    if row.scenario_id in taking_part
                    else frozenset(),
                ),
            )
        ]
        assert [told.record for told in found.told] == expected
        assert found.read_up_to == len(rows)


@pytest.mark.postgres
async def test_pages_follow_each_other_without_gap_or_repeat(database: Database) -> None:
    """Whatever the size of a page, and whatever of the log is not for the reader."""
    await a_mixed_log(database)
    one = Hearer(organization_id=OWNER)
    async with database.reading() as session:
        whole = await queries.heard(session, one, Wish(), after=0, limit=200)
        for size in (1, 2, 7):
            place, numbers = 0, []
            while True:
                page = await queries.heard(session, one, Wish(), after=place, limit=size)
                if page.read_up_to == place:
                    break
                numbers += [told.number for told in page.told]
                place = page.read_up_to
            assert numbers == [told.number for told in whole.told]


@pytest.mark.postgres
async def test_a_filter_narrows_and_never_widens(database: Database) -> None:
    """By type, prefix, subject, call and owner; what looks like a pattern of SQL is none."""
    rows = await a_mixed_log(database)
    one = Hearer(organization_id=OWNER, hears_all=True)
    call = next(row.scenario_id for row in rows if row.scenario_id is not None)
    wishes = {
        "types": Wish(types=("test.said",)),
        "prefix": Wish(types=("test.*",)),
        "no type": Wish(types=("other.*", "test")),
        "wild": Wish(types=("%.*",)),
        "subject": Wish(subject=("thing", rows[3].subject_id)),
        "other kind": Wish(subject=("bid", rows[3].subject_id)),
        "call": Wish(scenario_id=call),
        "owner": Wish(organization_id=OWNER),
    }
    async with database.reading() as session:
        counts = {
            name: len((await queries.heard(session, one, wish, after=0, limit=200)).told)
            for name, wish in wishes.items()
        }
        everything = len((await queries.heard(session, one, Wish(), after=0, limit=200)).told)
    assert counts["types"] == counts["prefix"] == everything
    assert (counts["no type"], counts["wild"], counts["other kind"]) == (0, 0, 0)
    assert counts["subject"] == 1
    assert 0 < counts["call"] < everything
    assert 0 < counts["owner"] < everything


def test_a_place_tells_nothing_and_reads_back() -> None:
    """Neighbours have nothing in common, and nobody can make one up."""
    places = [rules.place_of(number, KEY) for number in range(300)]

    assert [rules.number_at(one, [KEY]) for one in places] == list(range(300))
    assert len({one[:8] for one in places}) == 300
    assert {len(one) for one in places} == {32}
    for made_up in ("", "1", places[0][:-1], places[0] + "A", "A" * 32, "榜" * 10):
        with pytest.raises(CursorUnreadable):
            rules.number_at(made_up, [KEY])


def test_a_place_is_read_under_an_older_key() -> None:
    """A new master key does not send every reader back to the beginning."""
    place, newer = rules.place_of(7, KEY), bytes(32)

    assert rules.number_at(place, [newer, KEY]) == 7
    with pytest.raises(CursorUnreadable):
        rules.number_at(place, [newer])
