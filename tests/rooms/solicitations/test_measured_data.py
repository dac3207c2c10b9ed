"""What was counted in delivered data raises a proposal, and nothing else that is delivered does."""

import datetime as dt
import json
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from click.testing import CliRunner, Result
from sqlalchemy import event

from marketplace.cli import main
from marketplace.house import House
from marketplace.identity.rules.access import SYSTEM, Role
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.solicitations import actions, queries
from marketplace.solicitations.rules.data_readiness import Measured
from marketplace.solicitations.tables import Proposal, ReadinessRound, Solicitation
from tests.given.board import a_declaration, an_invitation, the_words
from tests.given.datasets import NOTICE, Library
from tests.given.identity import someone
from tests.given.scenarios import a_content, a_draft, submitted

HALF_LABELLED = b"id,label,taken_on\n1,yes,2026-01-05\n2,,2026-02-07\n"
"""Five of six values, one label in two rows, of this year."""
EMPTY_CELLS = b"id,label,taken_on\n1,,\n2,,\n"
"""Two of six values, no label, no date."""

pytestmark = pytest.mark.postgres


async def announced(house: House, clock: FixedClock) -> Solicitation:
    """A solicitation, open for ten days."""
    await the_words(house.database)
    officer = await someone(house.database, Role.BUREAU_OFFICER)
    async with house.database.writing() as session:
        return await actions.announce(session, officer.actor, an_invitation(clock), now=clock.now())


async def proposed(
    client: httpx.AsyncClient, house: House, invited: Solicitation
) -> tuple[Proposal, Library]:
    """A submitted scenario with data of every kind, filed, and whoever delivers the data."""
    content = a_content(domain="utilities", datasets=NOTICE)
    draft = await submitted(
        house.database, house.clock, await a_draft(house.database, house.clock, content=content)
    )
    async with house.database.writing() as session:
        filed = await actions.file(
            session,
            draft.cast.poster.actor,
            invited.id,
            scenario_id=draft.id,
            declaration=a_declaration(),
            clock=house.clock,
        )
    organization_id = draft.cast.poster.organization_id
    custodian = await someone(house.database, Role.DATA_CUSTODIAN, organization_id=organization_id)
    nobody = await someone(house.database, Role.SOLVER)
    library = Library(
        client=client, house=house, call=draft, custodian=custodian, solver=nobody, rival=nobody
    )
    return filed, library


async def sealed(library: Library, code: str, content: bytes, *, kind: str = "csv") -> str:
    """The address of a sealed version with one file."""
    version = await library.version(code)
    await library.upload(version, content, kind=kind)
    await library.profile()
    moved = await library.act(library.custodian, version, "seal")
    assert moved.status_code == 200, moved.text
    return version


async def ranked(house: House, invited: Solicitation) -> ReadinessRound:
    """One more round."""
    async with house.database.writing() as session:
        return await actions.rank(session, SYSTEM, invited.id, clock=house.clock)


async def measured(
    database: Database, invited: Solicitation
) -> Mapping[UUID, Mapping[str, Measured]]:
    """What a round would take into account."""
    async with database.reading() as session:
        return await queries.measured(session, invited.id)


def verified(path: Path, document: Any) -> Result:
    """What `jiebang verify ranking` says of a document in a file."""
    path.write_text(json.dumps(document), encoding="utf-8")
    return CliRunner().invoke(main, ["verify", "ranking", str(path)])


async def test_a_delivery_with_a_profile_raises_the_place_of_its_proposal(
    client: httpx.AsyncClient, house: House, clock: FixedClock, tmp_path: Path
) -> None:
    """Two proposals alike: the earlier stands first until the later one delivers.  The document of
    each round proves itself on the command line, and a changed figure does not.
    """
    invited = await announced(house, clock)
    early, _ = await proposed(client, house, invited)
    clock.advance(dt.timedelta(hours=1))
    late, library = await proposed(client, house, invited)
    clock.move_to(invited.closes_at)
    before = await ranked(house, invited)
    await library.published("open", HALF_LABELLED)
    after = await ranked(house, invited)

    old, new = json.loads(before.document), json.loads(after.document)
    places = [[one["bid_id"] for one in it["standings"]["standings"]] for it in (old, new)]
    assert places == [[str(early.id), str(late.id)], [str(late.id), str(early.id)]]
    figures = {
        one["id"]: Decimal(one["formula_values"]["data_readiness"]) for one in new["sheet"]["bids"]
    }
    # (10 x 5/6 + 10 x 1/2 + 10) / 5 datasets, rounded to four places with the promises.
    assert figures[str(late.id)] - figures[str(early.id)] == Decimal("4.6667")
    words = json.loads(after.explanations)["bids"]
    assert any("实测得 23.33 分" in line for line in words[str(late.id)]["zh"])
    assert all("nothing measured" in line for line in words[str(early.id)]["en"][-len(NOTICE) :])

    for document in (old, new):
        honest = verified(tmp_path / "round.json", document)
        assert (honest.exit_code, "equal" in honest.output) == (0, True)
    for bid in new["sheet"]["bids"]:
        bid["formula_values"]["data_readiness"] = "100"
    forged = verified(tmp_path / "forged.json", new)
    assert (forged.exit_code, "DIFFERENT" in forged.output) == (1, True)


async def test_the_newest_version_counts_that_can_neither_change_nor_was_taken_back(
    client: httpx.AsyncClient, house: House, clock: FixedClock
) -> None:
    """An open version does not count, a sealed one does, a newer one replaces it even if it is
    worse, one that nobody can look into does not, and after a withdrawal the older is back.
    """
    invited = await announced(house, clock)
    _, library = await proposed(client, house, invited)
    scenario = library.call.id
    first = await library.version("lent")
    await library.upload(first, HALF_LABELLED)
    await library.profile()
    assert await measured(house.database, invited) == {}
    await library.act(library.custodian, first, "seal")
    better = Measured(
        completeness=Fraction(5, 6),
        label_coverage=Fraction(1, 2),
        dated=True,
        newest_on=dt.date(2026, 2, 7),
    )
    assert await measured(house.database, invited) == {scenario: {"lent": better}}

    second = await sealed(library, "lent", EMPTY_CELLS)
    worse = Measured(completeness=Fraction(1, 3), label_coverage=Fraction(0), dated=True)
    assert await measured(house.database, invited) == {scenario: {"lent": worse}}
    await sealed(library, "lent", b"nobody looks into this", kind="opaque")
    assert await measured(house.database, invited) == {scenario: {"lent": worse}}
    gone = await library.act(library.custodian, second, "withdraw", {"reason": "content_wrong"})
    assert gone.status_code == 200, gone.text
    assert await measured(house.database, invited) == {scenario: {"lent": better}}


async def test_files_of_one_version_count_together_and_all_proposals_are_read_at_once(
    client: httpx.AsyncClient, house: House, clock: FixedClock
) -> None:
    """Several files, datasets and proposals are one statement; what was taken back is not read."""
    invited, other = await announced(house, clock), await announced(house, clock)
    _, library = await proposed(client, house, invited)
    back, second = await proposed(client, house, invited)
    version = await library.version("lent")
    for content in (HALF_LABELLED, EMPTY_CELLS):
        await library.upload(version, content)
    await library.profile()
    await library.act(library.custodian, version, "seal")
    await sealed(library, "open", HALF_LABELLED)
    await sealed(second, "lent", HALF_LABELLED)

    asked: list[str] = []
    async with house.database.reading() as session:
        connection = (await session.connection()).sync_connection
        event.listen(connection, "before_cursor_execute", lambda *facts: asked.append(facts[2]))
        found = await queries.measured(session, invited.id)

    assert len(asked) == 1
    assert {where: set(codes) for where, codes in found.items()} == {
        library.call.id: {"lent", "open"},
        second.call.id: {"lent"},
    }
    assert found[library.call.id]["lent"] == Measured(
        completeness=Fraction(7, 12),
        label_coverage=Fraction(1, 4),
        dated=True,
        newest_on=dt.date(2026, 2, 7),
    )
    assert await measured(house.database, other) == {}
    async with house.database.writing() as session:
        await actions.withdraw(
            session,
            second.call.cast.poster.actor,
            back.id,
            expected_version=back.version,
            clock=house.clock,
        )
    assert set(await measured(house.database, invited)) == {library.call.id}
