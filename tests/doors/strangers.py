"""The table of doors, and the world in which they are tried."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from marketplace.identity.rules.access import Role
from marketplace.identity.tables.organizations import OrganizationKind
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.profiles.rules.profile import Track
from marketplace.webhooks.actions import fanout
from tests.given import board
from tests.given import scoring as given
from tests.given.identity import Someone, a_credit_code, someone

BUREAU = frozenset({"bureau_officer", "bureau_approver", "auditor"})
READERS = BUREAU | {"supervisor", "review_body"}
"""Roles that may read every call, published or not."""
ASKERS = (
    "nobody",
    "stranger",
    "other_solver",
    *(role.value for role in Role),
)
"""`stranger` posts, bids and judges for an organisation that has nothing to do with anything here.
"""

EVERYBODY = frozenset(ASKERS)
SIGNED_IN = EVERYBODY - {"nobody"}
OFFICER = frozenset({"bureau_officer"})
APPROVER = frozenset({"bureau_approver"})
POSTER = frozenset({"poster"})
SOLVER = frozenset({"solver"})
ADMIN = frozenset({"platform_admin"})
HOOKED = OFFICER | POSTER | SOLVER | {"stranger", "other_solver", "organization_admin"}
JOINERS = SOLVER | {"stranger", "other_solver", "organization_admin"}
RESULT_READERS = BUREAU | POSTER | {"panel_chair"}

ROWS: dict[str, frozenset[str]] = {
    "health_live": EVERYBODY,
    "health_ready": EVERYBODY,
    # identity
    "me_get": SIGNED_IN,
    "organizations_register": OFFICER | ADMIN,
    "organizations_list": SIGNED_IN,
    "organizations_get": BUREAU | POSTER | ADMIN,
    "organizations_verify": OFFICER,
    "members_list": BUREAU | POSTER | ADMIN,
    "members_add": OFFICER | ADMIN,
    "api_keys_issue": SIGNED_IN,
    "api_keys_list": SIGNED_IN,
    "api_keys_revoke": POSTER | ADMIN,
    # relations
    "ownership_edges_record": OFFICER,
    "ownership_edges_end": OFFICER,
    "ownership_edges_list": BUREAU | ADMIN,
    "related_parties_check": BUREAU | ADMIN,
    # profiles
    "rule_profiles_list": EVERYBODY,
    "rule_profiles_get": EVERYBODY,
    "rule_profiles_versions": EVERYBODY,
    "rule_profiles_document": EVERYBODY,
    "calendars_list": EVERYBODY,
    "calendars_get": EVERYBODY,
    "deadlines_preview": EVERYBODY,
    # scenarios: the call of the world is published, so everybody may read it
    "batches_list": EVERYBODY,
    "batches_get": EVERYBODY,
    "batches_create": OFFICER,
    "scenarios_list": EVERYBODY,
    "scenarios_get": EVERYBODY,
    "scenarios_versions": EVERYBODY,
    "scenarios_lint": READERS | POSTER,
    "scenarios_draft": OFFICER | POSTER | {"stranger"},
    "scenarios_revise": POSTER,
    "scenarios_sign_need": POSTER,
    "scenarios_submit": POSTER,
    "scenarios_accept": OFFICER,
    "scenarios_return": OFFICER,
    "scenarios_approve": APPROVER,
    "scenarios_shelve": APPROVER,
    "scenarios_revive": APPROVER,
    "scenarios_publish": APPROVER,
    "scenarios_amend": OFFICER,
    "scenarios_cancel": APPROVER,
    "scenarios_fail": APPROVER,
    # board, matching, solicitations: the proposal is the poster's, the meeting the bureau's
    "scenario_board_list": EVERYBODY,
    "scenario_board_search": EVERYBODY,
    "capabilities_list": EVERYBODY,
    "organization_capabilities_get": BUREAU | POSTER | ADMIN,
    "organization_capabilities_declare": frozenset(),
    "organization_recommended_calls": POSTER,
    "scenario_recommended_solvers": OFFICER | POSTER,
    "scenarios_similar": READERS | POSTER,
    "scenarios_wished_capabilities": EVERYBODY,
    "scenarios_wish_capabilities": POSTER,
    "matchmakings_announce": OFFICER | {"organization_admin"},
    "matchmakings_list": EVERYBODY,
    "matchmakings_get": EVERYBODY,
    "matchmakings_register": JOINERS,
    "matchmakings_withdraw": JOINERS,
    "matchmakings_hold": OFFICER,
    "matchmakings_call_off": OFFICER,
    "matchmakings_registrations": SIGNED_IN,
    "matchmakings_note_outcomes": OFFICER,
    "matchmakings_outcomes": SIGNED_IN,
    "readiness_schemes_list": EVERYBODY,
    "solicitations_announce": OFFICER,
    "solicitations_list": EVERYBODY,
    "solicitations_get": EVERYBODY,
    "proposals_file": POSTER,
    "proposals_list": SIGNED_IN,
    "proposals_get": READERS | POSTER,
    "proposals_correct": POSTER,
    "proposals_withdraw": POSTER,
    "readiness_rounds_rank": OFFICER,
    "readiness_rounds_list": READERS,
    "readiness_rounds_document": READERS,
    "readiness_rounds_explanation": READERS,
    # bids
    "bids_create": SOLVER | {"other_solver", "stranger"},
    "bids_list": SIGNED_IN,
    "bids_get": SOLVER | BUREAU | POSTER,
    "bids_submit": SOLVER,
    "bids_replace": SOLVER,
    "bids_withdraw": SOLVER,
    "bids_reconfirm": SOLVER,
    "bids_receipt": SOLVER,
    "bids_check_eligibility": OFFICER | POSTER,
    "openings_request": OFFICER,
    "openings_witness": frozenset({"supervisor"}),
    "openings_get": BUREAU | {"supervisor"} | POSTER | SOLVER,
    # scoring
    "panels_seat": OFFICER,
    "panels_get": BUREAU | {"supervisor", "expert", "panel_chair"},
    "panels_recuse": OFFICER,
    "panels_replace": OFFICER,
    "hidden_sets_upload": POSTER | OFFICER | {"test_lab", "data_custodian"},
    "submissions_upload": SOLVER,
    "submissions_list": SOLVER | BUREAU | POSTER,
    "submissions_get": SOLVER | BUREAU | POSTER,
    "score_sheets_record": frozenset({"expert", "panel_chair"}),
    "score_sheets_list": frozenset({"expert", "panel_chair", "bureau_approver", "auditor"}),
    "objective_marks_decide": OFFICER,
    "responsiveness_decide": frozenset({"panel_chair"}),
    "ranking_rounds_rank": APPROVER | {"panel_chair"},
    "ranking_rounds_list": RESULT_READERS,
    "ranking_rounds_get": RESULT_READERS,
    "ranking_rounds_standings": RESULT_READERS,
    "ranking_rounds_explanation": RESULT_READERS,
    "ranking_rounds_sheet": RESULT_READERS,
    "ranking_rounds_document": RESULT_READERS,
    # webhooks: the endpoint of the world is the poster's
    "webhook_endpoints_register": HOOKED,
    "webhook_endpoints_list": HOOKED,
    "webhook_endpoints_get": POSTER,
    "webhook_endpoints_pause": POSTER,
    "webhook_endpoints_resume": POSTER,
    "webhook_endpoints_ping": POSTER,
    "webhook_endpoints_rotate_secret": POSTER,
    "webhook_deliveries_list": POSTER,
    "webhook_deliveries_get": POSTER,
    "webhook_deliveries_resend": POSTER,
}
"""Who gets through each door of a world in which `solver` bid on a call of `poster`."""

CONTENT = given.a_content(given.EVERYTHING)
OFFER = {"quote_fen": 70_000_000, "declarations": given.DECLARATIONS, "summary": "方案"}
REASON = {"zh": "理由", "en": "A reason"}

TIE = {
    "kind": "shareholder",
    "share_bps": 1000,
    "valid_from": "2026-01-01",
    "source": "示例登记",
}

BODIES: dict[str, Any] = {
    "organizations_register": {
        "uscc": "{uscc}",
        "name": {"zh": "某公司(示例)"},
        "kind": "company",
        "region": "440305",
    },
    "members_add": {"name": {"zh": "李四"}, "roles": ["solver"]},
    "api_keys_issue": {"name": "door"},
    "ownership_edges_record": {
        "holder": {"organization_id": "{organization_id}"},
        "target": {"name": "某外部公司(示例)"},
        **TIE,
    },
    "ownership_edges_end": {"valid_to": "2026-06-01"},
    "related_parties_check": {
        "a": "{organization_id}",
        "b": "{solver_organization_id}",
        "on": "2026-03-02",
    },
    "deadlines_preview": {
        "anchor_at": "2026-03-02T09:00:00+08:00",
        "count": 7,
        "unit": "working_days",
    },
    "batches_create": {"number": "{number}", "title": {"zh": "批次"}, "year": 2026},
    "scenarios_draft": {"batch_id": "{batch_id}", "track": "private", "content": CONTENT},
    "scenarios_revise": {"content": CONTENT},
    "scenarios_return": {"reason": "材料不全"},
    "scenarios_approve": {"review": given.REVIEW},
    "scenarios_shelve": {"reason": "缓办", "review_on": "2026-12-01"},
    "scenarios_publish": {"bid_deadline_at": "2026-05-06T17:00:00+08:00"},
    "scenarios_amend": {"content": CONTENT, "note": "更正"},
    "scenarios_cancel": {"reason": "task_cancelled"},
    "scenarios_fail": {"reason": "illegal_file"},
    "organization_capabilities_declare": {"codes": [], "recommendable": False},
    "scenarios_wish_capabilities": {"codes": []},
    "matchmakings_announce": board.MEETING | {"scenario_ids": ["{scenario_id}"]},
    "matchmakings_note_outcomes": {"notes": [{"scenario_id": "{scenario_id}", "note": "已对接"}]},
    "solicitations_announce": board.SOLICITATION,
    "proposals_file": {"scenario_id": "{scenario_id}", "declaration": board.DECLARATION},
    "proposals_correct": board.DECLARATION,
    "bids_submit": OFFER,
    "bids_replace": OFFER,
    "bids_check_eligibility": {"items": [{"code": "licence", "passed": True}]},
    "panels_seat": {"seats": [{"person_id": "{person_id}", "chair": True}]},
    "panels_recuse": {"label": "J5", "reason": "利害关系"},
    "panels_replace": {"label": "J5", "person_id": "{person_id}"},
    "hidden_sets_upload": given.TRUTH,
    "submissions_upload": given.labels(9),
    "score_sheets_record": {
        "marks": [{"bid_id": "{bid_id}", "criterion": "plan", "mark": "80"}],
        "sign": False,
    },
    "objective_marks_decide": {
        "marks": [{"bid_id": "{bid_id}", "criterion": "parameters", "mark": "80"}]
    },
    "responsiveness_decide": {
        "responsive": True,
        "reason_code": "explained",
        "reason": REASON,
    },
    "ranking_rounds_rank": {"reason": "sum_error", "note": "复核"},
    "webhook_endpoints_register": {"url": "http://127.0.0.1:9/hook"},
}
"""A well-formed request for every operation that has a body; names in braces are filled in."""

QUERIES: dict[str, dict[str, str]] = {"scenario_board_search": {"q": "预警"}}
"""What operations need in their query."""


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


async def a_world(client: httpx.AsyncClient, database: Database, clock: FixedClock) -> World:
    """Play a call to its ranking, and let everybody else come in."""
    play = await given.a_play(client, database, clock, "solver", "second", "third")
    await play.publish(given.a_content(given.EVERYTHING), Track.PROCUREMENT_TENDER)
    await play.seat_panel()
    await play.upload_truth()
    for name, quote in (("solver", 800_000), ("second", 850_000), ("third", 900_000)):
        await play.bid(name, quote_yuan=quote)
    await play.open()
    await play.check("solver", "second", "third")
    for name in play.bids:
        assert (await play.upload(name, given.labels(8))).status_code == 201
    objective = play.marks("parameters", solver="80", second="90", third="70")
    await play.do(play.cast.officer, f"{play.url}/objective-marks", {"marks": objective})
    await play.mark_all(solver="80", second="90", third="70")
    ranked = await play.rank()
    assert ranked.status_code == 201, ranked.text
    people = await _people(database, play)
    values = await _values(database, play, people, ranked.json()["id"])
    return World(people=people, values=values | await board.ranked_proposals(database, play))


async def _people(database: Database, play: given.Play) -> dict[str, Someone]:
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
        "other_solver": await someone(database, Role.SOLVER),
        "stranger": await someone(database, Role.SOLVER, Role.POSTER, Role.EXPERT),
    }
    for role in Role:
        if role.value not in people:
            people[role.value] = await someone(database, role, kind=OrganizationKind.GOVERNMENT)
    return people


async def _values(
    database: Database, play: given.Play, people: dict[str, Someone], round_id: str
) -> dict[str, str]:
    """Ids for every parameter of every path: things of the poster and of the solver."""
    poster, solver = people["poster"], people["solver"]
    call = await play.get(poster, play.url)
    key = await play.do(poster, "/v1/api-keys", {"name": "to be revoked"})
    endpoint = await play.do(poster, "/v1/webhook-endpoints", {"url": "http://127.0.0.1:9/hook"})
    tie = {
        "holder": {"organization_id": str(poster.organization_id)},
        "target": {"organization_id": str(solver.organization_id)},
    }
    edge = await play.do(people["bureau_officer"], "/v1/ownership-edges", tie | TIE)
    pinged = f"/v1/webhook-endpoints/{endpoint['id']}/actions/ping"
    assert (await play.ask(poster, "POST", pinged, json={})).status_code == 202
    async with database.writing() as session:
        await fanout.fan_out(session, now=play.clock.now())
    deliveries = await play.get(poster, f"/v1/webhook-endpoints/{endpoint['id']}/deliveries")
    bid_id = play.bids["solver"]
    submissions = await play.get(solver, f"/v1/bids/{bid_id}/submissions")
    return {
        "organization_id": str(poster.organization_id),
        "key_id": key["id"],
        "edge_id": edge["id"],
        "solver_organization_id": str(solver.organization_id),
        "code": "procurement_tender",
        "version": "1",
        "year": "2026",
        "batch_id": call["batch_id"],
        "scenario_id": play.scenario_id,
        "bid_id": bid_id,
        "criterion": "benchmark",
        "submission_id": submissions["items"][0]["id"],
        "round_id": round_id,
        "endpoint_id": endpoint["id"],
        "delivery_id": deliveries["items"][0]["id"],
        "person_id": str(people["stranger"].actor.person_id),
    }
