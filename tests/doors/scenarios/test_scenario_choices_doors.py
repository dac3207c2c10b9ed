"""What a call offers its readers is what happens when they ask for it."""

import dataclasses
from collections.abc import Awaitable, Callable
from typing import Any, Final
from uuid import UUID

import httpx
import pytest

from marketplace.house import House
from marketplace.identity.rules.access import Role
from marketplace.identity.tables.organizations import OrganizationKind
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from tests.conftest import an_app_over
from tests.given import bids, custody
from tests.given import identity as people
from tests.given import scenarios as given
from tests.given.amending import proposed
from tests.given.identity import Someone
from tests.given.traces import Mirror

NOTE: Final = {"reason": "理由"}
BODIES: Final[dict[str, tuple[str, str, dict[str, Any] | None]]] = {
    "revise": ("PUT", "content", {"content": given.a_content()}),
    "sign_need": ("POST", "actions/sign-need", None),
    "submit": ("POST", "actions/submit", None),
    "accept": ("POST", "actions/accept", None),
    "return": ("POST", "actions/return", NOTE),
    "approve": ("POST", "actions/approve", {"review": given.REVIEW}),
    "shelve": ("POST", "actions/shelve", NOTE | {"review_on": "2026-06-01"}),
    "revive": ("POST", "actions/revive", None),
    "publish": ("POST", "actions/publish", {"bid_deadline_at": "2026-05-01T00:00:00Z"}),
    "schedule": (
        "POST",
        "actions/schedule",
        {"publish_at": "2026-03-09T01:00:00Z", "bid_deadline_at": "2026-05-01T00:00:00Z"},
    ),
    "unschedule": ("POST", "actions/unschedule", None),
    "propose_amendment": (
        "POST",
        "amendments",
        {"content": given.a_content(problem={"zh": "澄清"}), "note": "澄清"},
    ),
    "confirm_amendment": ("POST", "actions/confirm-amendment", None),
    "withdraw_amendment": ("POST", "actions/withdraw-amendment", None),
    "suspend": (
        "POST",
        "suspensions",
        NOTE | {"cause": "complaint", "blocks": ["bidding"], "until_at": "2026-12-01T00:00:00Z"},
    ),
    "ask": ("POST", "enquiries", {"question": "数据何时开放?"}),
    "cancel": ("POST", "actions/cancel", {"reason": "funding_lost"}),
    "fail": ("POST", "actions/fail", {"reason": "illegal_file"}),
    "open": ("POST", "opening", None),
    "bid": ("POST", "bids", None),
}
"""How each action is asked for, in a way that only its guards can refuse."""

SHARES: dict[tuple[UUID, UUID], dict[str, str]] = {}
"""What each custodian of a call would send."""

Stage = Callable[[Database, FixedClock], Awaitable[given.Called]]


async def a_draft_without_data(database: Database, clock: FixedClock) -> given.Called:
    """Signed by the end user, but silent about data."""
    return await given.a_draft(database, clock, content=given.a_content(datasets=[]))


async def by_people_with_many_roles(database: Database) -> given.Cast:
    """A poster and an officer who could each do every step alone, if their hands were clean."""
    everything = (Role.POSTER, Role.BUREAU_OFFICER, Role.BUREAU_APPROVER)
    poster, officer = [
        await people.someone(database, *everything, kind=OrganizationKind.GOVERNMENT)
        for _ in range(2)
    ]
    cast = await given.a_cast(database)
    return dataclasses.replace(cast, poster=poster, end_user=poster, officer=officer)


async def a_call_handed_in_by_an_officer(database: Database, clock: FixedClock) -> given.Called:
    """Its author may not accept it."""
    draft = await given.a_draft(database, clock, cast=await by_people_with_many_roles(database))
    return await given.submitted(database, clock, draft)


async def a_call_accepted_by_an_approver(database: Database, clock: FixedClock) -> given.Called:
    """Neither its author nor its officer may approve it."""
    draft = await given.a_draft(database, clock, cast=await by_people_with_many_roles(database))
    return await given.accepted(database, clock, draft)


async def a_call_past_its_deadline(database: Database, clock: FixedClock) -> given.Called:
    """Still written down as published."""
    called = await given.a_published_call(database, clock)
    clock.advance(given.WINDOW)
    return called


async def a_call_ready_to_open(database: Database, clock: FixedClock) -> given.Called:
    """Past its deadline, with a panel."""
    called = await a_call_past_its_deadline(database, clock)
    await given.the_panel_seated(database, clock, called)
    return called


async def a_call_with_broken_weights(database: Database, clock: FixedClock) -> given.Called:
    """Under review, with weights of 95."""
    content = given.a_content()
    content["criteria"][0]["weight_bps"] -= 500
    return await given.an_accepted_call(database, clock, content=content)


async def a_call_in_evaluation(database: Database, clock: FixedClock) -> given.Called:
    """Opened, with one bid."""
    return (await bids.an_opened_call(database, clock, offers=(bids.an_offer(),))).call


async def a_scheduled_call(database: Database, clock: FixedClock) -> given.Called:
    """Approved, and to be published by itself."""
    called = await given.an_approved_call(database, clock)
    await given.scheduled(database, clock, called)
    return called


async def a_call_with_an_amendment(database: Database, clock: FixedClock) -> given.Called:
    """Published, with an amendment that waits."""
    called = await given.a_published_call(database, clock)
    await proposed(database, clock, called, given.a_content(problem={"zh": "澄清"}))
    return called


async def a_suspended_call(database: Database, clock: FixedClock) -> given.Called:
    """Published, and nobody may bid."""
    called = await given.a_published_call(database, clock)
    await given.suspended(database, clock, called)
    return called


async def a_suspended_opening(database: Database, clock: FixedClock) -> given.Called:
    """Ready to open, and not allowed to."""
    called = await a_call_ready_to_open(database, clock)
    await given.suspended(database, clock, called)
    return called


STAGES: Final[dict[str, Stage]] = {
    "draft": given.a_draft,
    "draft without data": a_draft_without_data,
    "submitted": given.a_submitted_call,
    "handed in by an officer": a_call_handed_in_by_an_officer,
    "under review": given.an_accepted_call,
    "accepted by an approver": a_call_accepted_by_an_approver,
    "with broken weights": a_call_with_broken_weights,
    "approved": given.an_approved_call,
    "scheduled": a_scheduled_call,
    "published": given.a_published_call,
    "with an amendment": a_call_with_an_amendment,
    "suspended": a_suspended_call,
    "not to be opened": a_suspended_opening,
    "past its deadline": a_call_past_its_deadline,
    "ready to open": a_call_ready_to_open,
    "in evaluation": a_call_in_evaluation,
}


async def everybody(database: Database, cast: given.Cast) -> dict[str, Someone]:
    """The cast, and people with other claims on the call."""
    unverified = await people.an_organization(database, verified=False)
    bureau_id = cast.officer.organization_id
    return {
        "poster": cast.poster,
        "officer": cast.officer,
        "approver": cast.approver,
        "supervisor": cast.supervisor,
        "auditor": cast.auditor,
        "review body": await people.someone(database, Role.REVIEW_BODY),
        "another officer": await people.someone(
            database, Role.BUREAU_OFFICER, organization_id=bureau_id
        ),
        "both in one": await people.someone(
            database, Role.BUREAU_OFFICER, Role.BUREAU_APPROVER, kind=OrganizationKind.GOVERNMENT
        ),
        "stranger": await people.someone(database, Role.POSTER),
        "solver": await people.someone(database, Role.SOLVER),
        "solver of the poster": await people.someone(
            database, Role.SOLVER, organization_id=cast.poster.organization_id
        ),
        "unverified solver": await people.someone(
            database, Role.SOLVER, organization_id=unverified
        ),
    }


async def ask(
    client: httpx.AsyncClient, called: given.Called, who: Someone, action: str, etag: str
) -> httpx.Response:
    """Ask for one action."""
    method, place, body = BODIES[action]
    if action == "open":
        body = SHARES.get((called.id, who.actor.person_id), {"share": "AA"})
    url = f"/v1/scenarios/{called.id}/{place}"
    if action == "open" and Role.SUPERVISOR in who.actor.roles:
        url += "/actions/witness"
    headers = who.headers | {"If-Match": etag}
    return await client.request(method, url, json=body, headers=headers)


@pytest.mark.parametrize("stage", STAGES)
async def test_offers_are_kept_and_refusals_foretold(
    client: httpx.AsyncClient, house: House, clock: FixedClock, stage: str
) -> None:
    """For everybody: blocked actions are refused with that code, unnamed ones are refused, and
    allowed ones are done, each in a copy of the database.
    """
    called = await STAGES[stage](house.database, clock)
    for custodian in (called.cast.officer, called.cast.supervisor):
        sent = await custody.share_body_if_any(house.database, called.id, custodian)
        SHARES[called.id, custodian.actor.person_id] = sent
    mirror = Mirror(house)
    beside = an_app_over(mirror.house, "mirror")
    transport = httpx.ASGITransport(app=beside)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://mirror.test") as copy:
        for name, who in (await everybody(house.database, called.cast)).items():
            read = await client.get(f"/v1/scenarios/{called.id}", headers=who.headers)
            if read.status_code == 404:
                continue
            actions, etag = read.json()["actions"], read.headers["etag"]
            foretold = {one["action"]: one["code"] for one in actions["blocked"]}
            for action in BODIES:
                place = f"{stage}: {action} by {name}"
                if action in actions["allowed"]:
                    await mirror.refresh()
                    check_done(await ask(copy, called, who, action, etag), who, place)
                    continue
                answer = await ask(client, called, who, action, etag)
                assert 400 < answer.status_code < 500, f"{place} was not named, yet {answer.text}"
                if action in foretold:
                    assert answer.json()["code"] == foretold[action], place
    await mirror.house.database.close()


def check_done(answer: httpx.Response, who: Someone, place: str) -> None:
    """What was allowed is done, but for a witness who comes before the officer has begun."""
    if ": open by" in place and Role.SUPERVISOR in who.actor.roles:
        # Whether an officer has begun is known to the bids room; the call itself is ready.
        assert answer.json()["code"] == "bids.opening_not_requested", place
    else:
        assert answer.is_success, f"{place} was allowed, yet {answer.text}"


async def test_reasons_are_told_in_the_language_of_the_reader(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """Chinese unless English is asked for first."""
    called = await given.a_draft(database, clock)
    url, headers = f"/v1/scenarios/{called.id}", called.cast.poster.headers

    english = (await client.get(url, headers=headers)).json()["actions"]["blocked"]
    chinese = (await client.get(url, headers={"Authorization": headers["Authorization"]})).json()[
        "actions"
    ]["blocked"]

    need = {"action": "submit", "code": "scenarios.need_not_signed"}
    assert {"title": "需求单位尚未签认需求与验收指标。"} | need in chinese
    assert all("end-user" in one["title"] for one in english if one["action"] == "submit")


async def test_a_narrow_key_is_told_what_it_lacks(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """The role could ask, the key may not: blocked by its scope, not left out."""
    called = await given.a_draft(database, clock)
    issued = await client.post(
        "/v1/api-keys",
        json={"name": "narrow", "scopes": ["webhooks:manage"]},
        headers=called.cast.poster.headers,
    )
    narrow = {"Authorization": f"Bearer {issued.json()['key']}"}

    actions = (await client.get(f"/v1/scenarios/{called.id}", headers=narrow)).json()["actions"]

    assert actions["allowed"] == []
    assert {one["code"] for one in actions["blocked"]} == {"identity.not_permitted"}
