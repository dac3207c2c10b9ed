"""F14: personal data are found in a published dataset.

The custodian or the bureau withdraws the version: every token fails with the next request, also in
the middle of a file; everybody who took it is told alone; nobody else learns who or how many; a new
version is delivered after a new assessment.
"""

import httpx
import pytest
from sqlmodel import select

from marketplace.events.rules.envelope import Visibility
from marketplace.events.tables import EventRow
from marketplace.house import House
from marketplace.identity.rules.access import Role
from tests.given import datasets as given
from tests.given.datasets import ROWS, Library
from tests.given.identity import Someone, someone

ASSESSED = {"document": "PIA-1(示例)", "on": "2026-02-01"}
FOUND = {"reason": "personal_data_found"}


async def events_of(house: House, kind: str) -> list[EventRow]:
    """What was said of one kind."""
    async with house.database.reading() as session:
        found = await session.exec(select(EventRow).where(EventRow.type == kind))
        return list(found.all())


async def taken_in_part(library: Library, version: str, file_id: str, who: Someone) -> str:
    """A token with which somebody has taken the first bytes."""
    token = await library.token(version, who)
    first = await library.download(who, file_id, token, Range="bytes=0-9")
    assert first.status_code == 206
    return token


@pytest.mark.postgres
@pytest.mark.parametrize("by", ["custodian", "officer"])
async def test_everybody_is_shut_out_within_one_request(
    client: httpx.AsyncClient, house: House, by: str
) -> None:
    """One request of one person is enough, and it tells them nothing that is not theirs to know."""
    library = await given.a_library(client, house)
    version, file_id = await library.published("people", impact_assessment=ASSESSED)
    third = await someone(house.database, Role.SOLVER)
    people = (library.solver, library.rival, third)
    tokens = [await taken_in_part(library, version, file_id, one) for one in people[:2]]
    tokens.append(await library.token(version, third))
    withdrawer = library.custodian if by == "custodian" else library.call.cast.officer

    withdrawn = await library.act(withdrawer, version, "withdraw", FOUND)
    after = [
        await library.download(one, file_id, token, Range="bytes=10-")
        for one, token in zip(people, tokens, strict=True)
    ]

    assert withdrawn.status_code == 200
    assert {answer.status_code for answer in after} == {403}
    assert {answer.json()["reason"] for answer in after} == {"withdrawn"}
    notices = {row.organization_id: row for row in await events_of(house, "dataset_notice.given")}
    assert set(notices) == {one.organization_id for one in people}
    assert {row.visibility for row in notices.values()} == {Visibility.SEALED}
    assert {row.sequence for row in notices.values()} == {1}
    assert not notices[third.organization_id].data["downloaded"]
    (public,) = await events_of(house, "dataset.version_withdrawn")
    assert (public.visibility, public.data["reason"]) == (Visibility.PUBLIC, None)
    outside = await library.ok(library.rival, "GET", version)
    assert (outside["state"], outside["withdrawal_reason"], outside["files"]) == (
        "withdrawn",
        None,
        None,
    )


@pytest.mark.postgres
async def test_downloads_are_listed_and_deletion_is_followed_up(
    client: httpx.AsyncClient, house: House
) -> None:
    """The data side sees who took what; who has certified deletion is off the list."""
    library = await given.a_library(client, house)
    version, file_id = await library.published("people", impact_assessment=ASSESSED)
    for one in (library.solver, library.rival):
        await taken_in_part(library, version, file_id, one)
    await library.act(library.custodian, version, "withdraw", FOUND)

    lines = (await library.ok(library.custodian, "GET", f"{version}/downloads"))["items"]
    bureau = (await library.ok(library.call.cast.officer, "GET", f"{version}/downloads"))["items"]
    url = f"{version}/deletion-certificates"
    await library.ok(library.solver, "POST", url, json={"statement": "已删除。"})
    listed = await library.ok(library.call.cast.auditor, "GET", url)

    assert {one["organization_id"] for one in lines} == {
        str(library.solver.organization_id),
        str(library.rival.organization_id),
    }
    assert bureau == []
    assert listed["outstanding"] == [str(library.rival.organization_id)]


@pytest.mark.postgres
async def test_a_new_version_starts_from_nothing(client: httpx.AsyncClient, house: House) -> None:
    """Old requests and tokens do not open it: its terms are accepted anew."""
    library = await given.a_library(client, house)
    version, file_id = await library.published("people", impact_assessment=ASSESSED)
    token = await taken_in_part(library, version, file_id, library.solver)
    await library.act(library.custodian, version, "withdraw", FOUND)
    again = await library.act(library.custodian, version, "withdraw", FOUND)

    second, second_file = await library.published("people", impact_assessment=ASSESSED)
    old = await library.download(library.solver, second_file, token)
    fresh = await library.token(second)
    new = await library.download(library.solver, second_file, fresh)

    assert second.endswith("/versions/2")
    assert again.status_code == 409
    assert (old.status_code, old.json()["reason"]) == (403, "token_unknown")
    assert (new.status_code, new.content) == (200, ROWS)
