"""The world in which every door is tried, and somebody for everybody who asks."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx

from marketplace.events import queries as events
from marketplace.house import House
from marketplace.identity.rules.access import Role
from marketplace.identity.tables.organizations import OrganizationKind
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.profiles.rules.profile import Track
from marketplace.scoring.jobs.upkeep import Statistician
from marketplace.scoring.queries import work
from marketplace.signals.jobs import compute_signals
from marketplace.webhooks.actions import fanout
from tests.doors import dataset_world as data
from tests.doors.askers import ELSEWHERE
from tests.doors.bodies import HEARING, TIE
from tests.doors.profile_bodies import OF_PROFILES
from tests.given import board, inference, sign_ins
from tests.given import datasets as data_given
from tests.given import documents as papers
from tests.given import panels as bench
from tests.given import scoring as given
from tests.given.awards import a_ranked_call, a_standing_award
from tests.given.events import vouched_for
from tests.given.identity import Someone, a_credit_code, credit_code_of, someone

ASKED = {"share_bps": 3000, "part": "测试"}
CONTRADICTING = {"total_fen": 80_000_001, "total_words": "人民币捌拾万元整"}
"""A sheet whose total is one fen off the quote."""


@dataclass(slots=True, kw_only=True)
class World:
    """A ranked call with everything around it, and somebody for each role."""

    people: dict[str, Someone]
    values: dict[str, str]

    def headers(self, asker: str) -> dict[str, str]:
        """What the asker sends along."""
        return {} if asker == "nobody" else dict(self.people[asker].headers)

    def address(self, path: str) -> str:
        """A path with the ids of this world."""
        return re.sub(r"\{(\w+)\}", lambda found: self.values[found.group(1)], path)

    def filled(self, body: Any) -> Any:
        """A body with the ids of this world; codes and numbers are new each time."""
        if isinstance(body, Mapping):
            return {key: self.filled(value) for key, value in body.items()}
        if isinstance(body, list | tuple):
            return [self.filled(value) for value in body]
        if body == "{uscc}":
            return a_credit_code()
        if body == "{number}":
            return f"NS-2026-S{a_credit_code()[8:17]}"
        if isinstance(body, str) and body.startswith("{") and body.endswith("}"):
            return self.values[body[1:-1]]
        return body


async def a_world(
    client: httpx.AsyncClient, database: Database, clock: FixedClock, house: House
) -> World:
    """Play a call to its ranking, and let everybody else come in."""
    play = await given.a_play(client, database, clock, "solver", "second", "third")
    together = {"consortium_members_max": 2}
    content = given.a_content(inference.WITH_FILES) | {
        "datasets": data_given.NOTICE,
        "offer_requirements": together,
    }
    await play.publish(content, Track.PROCUREMENT_TENDER)
    question = {"question": "数据何时开放?"}
    asked = await play.do(play.solvers["solver"], f"{play.url}/enquiries", question)
    await play.seat_panel()
    await play.upload_truth()
    member = {"uscc": await credit_code_of(database, play.solvers["second"]), **ASKED}
    invited = await play.do(play.solvers["solver"], f"{play.url}/consortium-invitations", member)
    document = await papers.a_document(client, await play.begin("solver"))
    sealed = await play.offer("solver", quote_yuan=800_000, price_sheet=CONTRADICTING)
    assert sealed.status_code == 200, sealed.text
    predicting = await inference.register(play, "http://127.0.0.1:9/predict", name="solver")
    for name, quote in (("second", 850_000), ("third", 900_000)):
        await play.bid(name, quote_yuan=quote)
    await play.open()
    correction = f"/v1/bids/{play.bids['solver']}/price-correction"
    await play.move(play.solvers["solver"], correction, "confirm")
    await papers.an_inspector(house).work()
    await compute_signals(house.database, house.keeper, clock)
    await play.check("solver", "second", "third")
    for name in play.bids:
        assert (await play.measured(name, given.labels(8)))["value"] == "0.8"
    assert (await play.upload_truth(given.TRUTH.replace(b"r9,yes", b"r9,no"))).status_code == 201
    anew = {"criterion": "benchmark", "reason": "标签有误(示例)"}
    rescoring = await play.do(play.cast.poster, f"{play.url}/rescorings", anew)
    objective = play.marks("parameters", solver="80", second="90", third="70")
    await play.do(play.cast.officer, f"{play.url}/objective-marks", {"marks": objective})
    await play.mark_all(solver="80", second="90", third="70")
    ranked = await play.rank()
    assert ranked.status_code == 201, ranked.text
    assert await Statistician(database=database, clock=clock).work() == 1
    await bench.report(play)
    people = await _people(database, play)
    doorkeeper = await someone(database, Role.EXPERT)
    await sign_ins.a_password(database, doorkeeper.actor, "door.keeper")
    values = await _values(database, play, people, ranked.json()["id"])
    values |= await _after_the_ranking(database, play, people["bureau_approver"])
    values |= await data.values(client, house, play, people)
    values |= await board.ranked_proposals(database, play)
    signals = await play.get(play.cast.officer, f"{play.url}/collusion-signals")
    values |= {
        "inference_endpoint_id": predicting.json()["id"],
        "enquiry_id": asked["id"],
        "consortium_invitation_id": invited["id"],
        "document_id": str(papers.id_of(document)),
        "signal_id": signals["items"][0]["id"],
        "rescoring_id": rescoring["id"],
    }
    values["work_id"] = str(await _work_of(database, values["submission_id"]))
    return World(people=people, values=values)


async def _work_of(database: Database, submission_id: str) -> UUID:
    """The work by which a submission was measured."""
    async with database.reading() as session:
        found = await work.of_subject(session, UUID(submission_id))
    assert found is not None
    return found.id


KIND_OF: dict[Role, OrganizationKind] = {
    Role.POSTER: OrganizationKind.COMPANY,
    Role.SOLVER: OrganizationKind.COMPANY,
    Role.ORGANIZATION_ADMIN: OrganizationKind.COMPANY,
    Role.EXPERT: OrganizationKind.UNIVERSITY,
    Role.PANEL_CHAIR: OrganizationKind.UNIVERSITY,
    Role.TEST_LAB: OrganizationKind.TEST_LAB,
    Role.DATA_CUSTODIAN: OrganizationKind.DATA_SOURCE_UNIT,
}
"""Where a role is at home; every other one is a public body's."""


async def _people(database: Database, play: given.Play) -> dict[str, Someone]:
    """Somebody for every asker: the cast, their colleagues, and as many who are elsewhere."""
    cast = play.cast
    people = {
        "bureau_officer": cast.officer,
        "bureau_approver": cast.approver,
        "auditor": cast.auditor,
        "supervisor": cast.supervisor,
        "poster": cast.poster,
        "panel_chair": play.experts[0],
        "expert": play.experts[1],
        "solver": play.solvers["solver"],
        "stranger": await someone(database, Role.SOLVER, Role.POSTER, Role.EXPERT),
    }
    at_home = {
        Role.ORGANIZATION_ADMIN: cast.poster.organization_id,
        Role.FINANCE: cast.officer.organization_id,
    }
    for role in Role:
        kind = KIND_OF.get(role, OrganizationKind.GOVERNMENT)
        if role.value not in people:
            home = at_home.get(role)
            people[role.value] = await someone(database, role, organization_id=home, kind=kind)
        people[role.value + ELSEWHERE] = await someone(database, role, kind=kind)
    return people


async def _after_the_ranking(
    database: Database, play: given.Play, approver: Someone
) -> dict[str, str]:
    """A hearing of the solver's bid, and an award of another call of the same bureau."""
    accused = f"/v1/bids/{play.bids['solver']}/hearings"
    hearing = await play.do(approver, accused, HEARING)
    elsewhere = await a_ranked_call(database, gov_id=approver.organization_id)
    award = await a_standing_award(database, elsewhere, play.clock)
    return {"hearing_id": hearing["id"], "award_id": str(award.id)}


async def _values(
    database: Database, play: given.Play, people: dict[str, Someone], round_id: str
) -> dict[str, str]:
    """Ids for every parameter of every path: things of the poster and of the solver."""
    poster, solver = people["poster"], people["solver"]
    call = await play.get(poster, play.url)
    key = await play.do(poster, "/v1/api-keys", {"name": "to be revoked"})
    tie = {
        "holder": {"organization_id": str(poster.organization_id)},
        "target": {"organization_id": str(solver.organization_id)},
    }
    edge = await play.do(people["bureau_officer"], "/v1/ownership-edges", tie | TIE)
    of_poster = f"/v1/organizations/{poster.organization_id}"
    listing = OF_PROFILES["blacklist_entries_record"]
    entry = await play.do(people["bureau_officer"], f"{of_poster}/blacklist-entries", listing)
    admin = people["organization_admin"]
    profile = await play.ask(admin, "GET", f"{of_poster}/profile")
    account = await play.ask(
        admin,
        "PUT",
        f"{of_poster}/bank-account",
        json=OF_PROFILES["bank_accounts_set"],
        headers={"If-Match": profile.headers["etag"]},
    )
    assert account.status_code == 200, account.text
    invitations = f"/v1/organizations/{poster.organization_id}/invitations"
    sent = await play.do(people["platform_admin"], invitations, {"roles": ["data_custodian"]})
    barred = {"cause": "complaint", "reason": "投诉(示例)", "blocks": ["signing"]}
    suspension = await play.do(people["supervisor"], f"{play.url}/suspensions", barred)
    bid_id = play.bids["solver"]
    custody_keys = await play.get(people["bureau_officer"], "/v1/custody-keys")
    submissions = await play.get(solver, f"/v1/bids/{bid_id}/submissions")
    return {
        "organization_id": str(poster.organization_id),
        "key_id": key["id"],
        "session_id": str(await sign_ins.a_session(database, poster.actor, now=play.clock.now())),
        "identity_id": str(await sign_ins.a_link(database, poster.actor, now=play.clock.now())),
        "custody_key_id": custody_keys["items"][0]["id"],
        "edge_id": edge["id"],
        "entry_id": entry["id"],
        "solver_organization_id": str(solver.organization_id),
        "code": "procurement_tender",
        "version": "1",
        "year": "2026",
        "batch_id": call["batch_id"],
        "suspension_id": suspension["id"],
        "scenario_id": play.scenario_id,
        "bid_id": bid_id,
        "criterion": "benchmark",
        "submission_id": submissions["items"][0]["id"],
        "round_id": round_id,
        "plot": "rank-intervals.svg",
        **await _event_values(database, play, poster),
        "person_id": str(poster.actor.person_id),
        **await _panel_values(play, people),
        "stranger_id": str(people["stranger"].actor.person_id),
        "invitation_id": sent["invitation"]["id"],
        "invitation_token": sent["token"],
    }


async def _event_values(database: Database, play: given.Play, poster: Someone) -> dict[str, str]:
    """Ids of the poster's webhook endpoint, of what was said about it, and of what it is owed."""
    endpoint = await play.do(poster, "/v1/webhook-endpoints", {"url": "http://127.0.0.1:9/hook"})
    at = f"/v1/webhook-endpoints/{endpoint['id']}"
    assert (await play.ask(poster, "POST", f"{at}/actions/ping", json={})).status_code == 202
    await vouched_for(database)
    async with database.writing() as session:
        await fanout.fan_out(session, now=play.clock.now())
    deliveries = await play.get(poster, f"{at}/deliveries")
    replay = await play.ask(
        poster, "POST", f"{at}/replays", json={"from_at": "2026-03-02T09:00:00+08:00"}
    )
    assert replay.status_code == 202
    async with database.reading() as session:
        registered = (await events.about(session, UUID(endpoint["id"])))[0]
    return {
        "endpoint_id": endpoint["id"],
        "event_id": str(registered.id),
        "checkpoint_number": "1",
        "delivery_id": deliveries["items"][0]["id"],
        "replay_id": replay.json()["id"],
    }


async def _panel_values(play: given.Play, people: dict[str, Someone]) -> dict[str, str]:
    """Ids of the expert pool and of the panel: the expert of the world, and what is about them."""
    draws = await play.get(people["auditor"], f"{play.url}/panel-draws")
    letter = {"name": "李四", "reasons": "曾在竞争对手处任职(示例)"}
    request = await play.do(people["solver"], f"{play.url}/recusal-requests", letter)
    expert_id = str(people["expert"].actor.person_id)
    employer = str(people["poster"].organization_id)
    tie = await play.do(
        people["bureau_officer"],
        f"/v1/expert-profiles/{expert_id}/ties",
        {"organization_id": employer, "kind": "employment"},
    )
    return {
        "expert_id": expert_id,
        "tie_id": tie["id"],
        "draw_id": draws["items"][0]["id"],
        "recusal_id": request["id"],
    }
