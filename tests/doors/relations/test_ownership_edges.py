"""The doors of the relations room: recording, listing, ending and checking over HTTP."""

from typing import Any
from uuid import UUID

import httpx

from marketplace.identity.rules.access import Role
from marketplace.kit.database import Database
from tests.given.identity import an_organization, someone


def a_body(holder: dict[str, Any], target: UUID, **others: Any) -> dict[str, Any]:
    """A tie as it is sent: a majority held since 2020, unless told otherwise."""
    tie = {"kind": "shareholder", "share_bps": 6_000, "valid_from": "2020-01-01"}
    ends = {"holder": holder, "target": {"organization_id": str(target)}}
    return {**ends, **tie, "source": "公示系统摘录", **others}


async def test_ties_are_recorded_checked_listed_and_ended(
    client: httpx.AsyncClient, database: Database
) -> None:
    """An officer records who owns whom; the check proves it until the tie has ended."""
    officer = await someone(database, Role.BUREAU_OFFICER)
    one, two = await an_organization(database), await an_organization(database)
    client.headers.update(officer.headers)
    first = await client.post("/v1/ownership-edges", json=a_body({"name": "母公司"}, one))
    assert first.status_code == 201, first.text
    parent = {"party_id": first.json()["holder"]["id"]}
    second = await client.post("/v1/ownership-edges", json=a_body(parent, two))
    ids = [first.json()["id"], second.json()["id"]]
    question = {"a": str(one), "b": str(two), "on": "2026-03-02"}

    told = await client.post("/v1/related-party-checks", json=question)
    assert told.status_code == 200, told.text
    assert (told.json()["related"], told.json()["ground"]) == (True, "common_control")
    assert [step["id"] for step in told.json()["path"]] == ids

    end = f"/v1/ownership-edges/{ids[1]}/actions/end"
    ended = await client.post(end, json={"valid_to": "2026-03-02"})
    assert (ended.status_code, ended.json()["valid_to"]) == (200, "2026-03-02")
    told = await client.post("/v1/related-party-checks", json=question)
    assert (told.json()["related"], told.json()["ground"], told.json()["path"]) == (False, None, [])

    address = f"/v1/organizations/{two}/ownership-edges"
    ever = await client.get(address)
    today = await client.get(address, params={"on": "2026-03-02"})
    assert [item["id"] for item in ever.json()["items"]] == ids[1:]
    assert today.json()["items"] == []


async def test_a_refusal_names_its_code(client: httpx.AsyncClient, database: Database) -> None:
    """Misplaced shares, self-checks, unknown organisations and strangers are told apart."""
    officer = await someone(database, Role.BUREAU_OFFICER)
    solver = await someone(database, Role.SOLVER)
    one = officer.organization_id
    unknown = str(UUID(int=7))
    share = a_body({"name": "甲"}, one, kind="officer")
    itself = {"a": str(one), "b": str(one), "on": "2026-03-02"}
    cases = (
        (officer, "ownership-edges", share, 422, "relations.share_misplaced"),
        (officer, "related-party-checks", itself, 422, "relations.tied_to_itself"),
        (
            officer,
            "related-party-checks",
            {**itself, "b": unknown},
            404,
            "identity.organization_unknown",
        ),
        (solver, "related-party-checks", itself, 403, "identity.not_permitted"),
    )
    for asker, path, body, status, code in cases:
        told = await client.post(f"/v1/{path}", json=body, headers=asker.headers)
        assert (told.status_code, told.json()["code"]) == (status, code), told.text
