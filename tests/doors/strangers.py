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
from tests.doors.profile_bodies import OF_PROFILES
from tests.given import scoring as given
from tests.given import sign_ins
from tests.given.identity import Someone, a_credit_code, someone
from tests.given.sign_ins import PASSWORD

ELSEWHERE = "@elsewhere"
"""Marks somebody who holds the role in an organisation that has nothing to do with the world."""

BUREAU = frozenset({"bureau_officer", "bureau_approver", "auditor"})
ASKERS = (
    "nobody",
    "stranger",
    *(role.value for role in Role),
    *(role.value + ELSEWHERE for role in Role),
)
"""Each role in the right organisation and in a wrong one; `stranger` posts, bids and judges for an
organisation that has nothing to do with anything here.
"""


def anywhere(roles: frozenset[str]) -> frozenset[str]:
    """The same roles in whatever organisation: what they do is not bound to the world's things."""
    return roles | {role + ELSEWHERE for role in roles}


EVERYBODY = frozenset(ASKERS)
SIGNED_IN = EVERYBODY - {"nobody"}
OFFICER = frozenset({"bureau_officer"})
APPROVER = frozenset({"bureau_approver"})
AUDITOR = frozenset({"auditor"})
SUPERVISOR = frozenset({"supervisor"})
POSTER = frozenset({"poster"})
SOLVER = frozenset({"solver"})
ADMIN = frozenset({"platform_admin"})
OWNER = frozenset({"organization_admin"})
"""Administers the poster's organisation."""
JUDGES = frozenset({"expert", "panel_chair"})
HOUSEHOLD = POSTER | OWNER | {"data_custodian"}
"""Everybody in the poster's organisation."""
WATCHERS = anywhere(frozenset({"auditor", "supervisor", "review_body"}))
"""Roles that may read every call, published or not, whoever organises it."""
HOOKED = anywhere(OFFICER | POSTER | SOLVER | OWNER) | {"stranger"}
RESULT_READERS = BUREAU | anywhere(AUDITOR) | POSTER
REGISTER_READERS = anywhere(BUREAU | ADMIN) | HOUSEHOLD
"""Who reads what the register says of the poster's organisation."""
NOBODY_WITH_A_KEY: frozenset[str] = frozenset()
"""What is done in a session of one's own; `tests/doors/identity/` tries these doors with one."""

ROWS: dict[str, frozenset[str]] = {
    "health_live": EVERYBODY,
    "health_ready": EVERYBODY,
    # identity: the organisation of the world is the poster's
    "me_get": SIGNED_IN,
    "organizations_register": anywhere(OFFICER | ADMIN),
    "organizations_list": SIGNED_IN,
    "organizations_get": REGISTER_READERS,
    "organizations_verify": anywhere(OFFICER),
    "members_list": REGISTER_READERS,
    "members_add": anywhere(ADMIN),
    "members_get": REGISTER_READERS,
    "members_change_roles": OWNER | anywhere(ADMIN),
    "members_leave": POSTER | OWNER | anywhere(ADMIN),
    "me_memberships": SIGNED_IN,
    "invitations_create": OWNER | anywhere(ADMIN),
    "invitations_list": OWNER | anywhere(ADMIN),
    "invitations_revoke": OWNER | anywhere(ADMIN),
    "invitations_accept": EVERYBODY,
    "organization_profiles_get": REGISTER_READERS,
    "organization_profiles_change": OWNER,
    "size_declarations_declare": OWNER,
    "size_declarations_list": REGISTER_READERS,
    "startup_declarations_declare": OWNER,
    "startup_declarations_list": REGISTER_READERS,
    "bank_accounts_set": OWNER,
    "bank_accounts_get": REGISTER_READERS,
    "bank_accounts_reveal": OWNER,
    "standing_get": REGISTER_READERS,
    "registration_statuses_record": anywhere(OFFICER),
    "registration_statuses_list": REGISTER_READERS,
    "blacklist_entries_record": anywhere(OFFICER),
    "blacklist_entries_list": REGISTER_READERS,
    "blacklist_entries_lift": anywhere(OFFICER),
    "api_keys_issue": SIGNED_IN,
    "api_keys_list": SIGNED_IN,
    "api_keys_revoke": POSTER | anywhere(ADMIN),
    "personal_data_export": SIGNED_IN,
    "personal_data_erase": SIGNED_IN,
    "audit_log_list": anywhere(AUDITOR),
    "api_keys_rotate": POSTER | anywhere(ADMIN),
    # signing in: everybody here comes with a key, which is no session
    "sessions_open": EVERYBODY,
    "sessions_list": SIGNED_IN,
    "sessions_current": NOBODY_WITH_A_KEY,
    "sessions_act_for": NOBODY_WITH_A_KEY,
    "sessions_sign_out": NOBODY_WITH_A_KEY,
    "sessions_end_all": SIGNED_IN,
    "sessions_revoke": POSTER,
    "sign_on_start": EVERYBODY,
    "sign_on_finish": EVERYBODY,
    "external_identities_start_link": NOBODY_WITH_A_KEY,
    "external_identities_list": anywhere(ADMIN) | {"stranger"},
    "external_identities_link": anywhere(ADMIN),
    "external_identities_unlink": anywhere(ADMIN),
    "passwords_change": SIGNED_IN,
    "password_resets_issue": OWNER | anywhere(ADMIN),
    "password_resets_redeem": EVERYBODY,
    "second_factor_get": SIGNED_IN,
    "second_factor_enrol": NOBODY_WITH_A_KEY,
    "second_factor_confirm": NOBODY_WITH_A_KEY,
    "second_factor_disable": NOBODY_WITH_A_KEY,
    # relations
    "ownership_edges_record": anywhere(OFFICER),
    "ownership_edges_end": anywhere(OFFICER),
    "ownership_edges_list": anywhere(BUREAU | ADMIN),
    "related_parties_check": anywhere(BUREAU | ADMIN),
    "standing_checks_keep": anywhere(OFFICER),
    "standing_checks_list": anywhere(BUREAU | ADMIN),
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
    "batches_create": anywhere(OFFICER),
    "scenarios_list": EVERYBODY,
    "scenarios_get": EVERYBODY,
    "scenarios_versions": EVERYBODY,
    "scenarios_lint": BUREAU | WATCHERS | HOUSEHOLD,
    "scenarios_draft": OFFICER | anywhere(POSTER) | {"stranger"},
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
    # bids
    "bids_create": anywhere(SOLVER) | {"stranger"},
    "bids_list": SIGNED_IN,
    "bids_get": SOLVER | RESULT_READERS,
    "bids_submit": SOLVER,
    "bids_replace": SOLVER,
    "bids_withdraw": SOLVER,
    "bids_reconfirm": SOLVER,
    "bids_receipt": SOLVER,
    "bids_check_eligibility": OFFICER | POSTER,
    "openings_request": OFFICER,
    "openings_witness": anywhere(SUPERVISOR),
    "openings_get": RESULT_READERS | anywhere(SUPERVISOR) | SOLVER,
    # scoring
    "panels_seat": OFFICER,
    "panels_get": BUREAU | anywhere(AUDITOR | SUPERVISOR) | JUDGES,
    "panels_recuse": OFFICER,
    "panels_replace": OFFICER,
    "hidden_sets_upload": POSTER | OFFICER | {"data_custodian"},
    "submissions_upload": SOLVER,
    "submissions_list": SOLVER | RESULT_READERS,
    "submissions_get": SOLVER | RESULT_READERS,
    "score_sheets_record": JUDGES,
    "score_sheets_list": JUDGES | APPROVER | anywhere(AUDITOR),
    "objective_marks_decide": OFFICER,
    "responsiveness_decide": frozenset({"panel_chair"}),
    "ranking_rounds_rank": APPROVER | {"panel_chair"},
    "ranking_rounds_list": RESULT_READERS | {"panel_chair"},
    "ranking_rounds_get": RESULT_READERS | {"panel_chair"},
    "ranking_rounds_standings": RESULT_READERS | {"panel_chair"},
    "ranking_rounds_explanation": RESULT_READERS | {"panel_chair"},
    "ranking_rounds_sheet": RESULT_READERS | {"panel_chair"},
    "ranking_rounds_document": RESULT_READERS | {"panel_chair"},
    # webhooks: the endpoint of the world is the poster's
    "webhook_endpoints_register": HOOKED,
    "webhook_endpoints_list": HOOKED,
    "webhook_endpoints_get": POSTER | OWNER,
    "webhook_endpoints_pause": POSTER | OWNER,
    "webhook_endpoints_resume": POSTER | OWNER,
    "webhook_endpoints_ping": POSTER | OWNER,
    "webhook_endpoints_rotate_secret": POSTER | OWNER,
    "webhook_deliveries_list": POSTER | OWNER,
    "webhook_deliveries_get": POSTER | OWNER,
    "webhook_deliveries_resend": POSTER | OWNER,
}
"""Who gets through each door of a world in which `solver` bid on a call of `poster`.

An officer and an approver act on the calls that their own bureau organises; whoever watches
(auditor, supervisor, review body) does so everywhere.
"""

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
    "members_change_roles": {"roles": ["poster"]},
    "invitations_create": {"roles": ["solver"]},
    "invitations_accept": {"token": "{invitation_token}", "name": {"zh": "王五"}},
    "api_keys_issue": {"name": "door"},
    "personal_data_erase": {"understood": True},
    **OF_PROFILES,
    "api_keys_rotate": {"grace_days": 1},
    "sessions_open": {"login": "door.keeper", "password": PASSWORD},
    "sessions_act_for": {"organization_id": "{organization_id}"},
    "external_identities_start_link": {"return_to": "/"},
    "external_identities_link": {"issuer": "https://id.example.cn", "subject": "{number}"},
    "passwords_change": {"login": "{number}", "new_password": "a horse of some colour"},
    "password_resets_issue": {"login": "{number}"},
    "password_resets_redeem": {"token": "unknown", "new_password": "a horse of some colour"},
    "second_factor_confirm": {"code": "123456"},
    "second_factor_disable": {"password": PASSWORD, "code": "123456"},
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
    "bids_submit": OFFER,
    "bids_replace": OFFER,
    "bids_check_eligibility": {"items": [{"code": "licence", "passed": True}]},
    "panels_seat": {"seats": [{"person_id": "{stranger_id}", "chair": True}]},
    "panels_recuse": {"label": "J5", "reason": "利害关系"},
    "panels_replace": {"label": "J5", "person_id": "{stranger_id}"},
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
    doorkeeper = await someone(database, Role.EXPERT)
    await sign_ins.a_password(database, doorkeeper.actor, "door.keeper")
    return World(people=people, values=await _values(database, play, people, ranked.json()["id"]))


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
        Role.DATA_CUSTODIAN: cast.poster.organization_id,
        Role.FINANCE: cast.officer.organization_id,
    }
    for role in Role:
        kind = KIND_OF.get(role, OrganizationKind.GOVERNMENT)
        if role.value not in people:
            home = at_home.get(role)
            people[role.value] = await someone(database, role, organization_id=home, kind=kind)
        people[role.value + ELSEWHERE] = await someone(database, role, kind=kind)
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
    pinged = f"/v1/webhook-endpoints/{endpoint['id']}/actions/ping"
    assert (await play.ask(poster, "POST", pinged, json={})).status_code == 202
    async with database.writing() as session:
        await fanout.fan_out(session, now=play.clock.now())
    deliveries = await play.get(poster, f"/v1/webhook-endpoints/{endpoint['id']}/deliveries")
    invitations = f"/v1/organizations/{poster.organization_id}/invitations"
    sent = await play.do(people["platform_admin"], invitations, {"roles": ["data_custodian"]})
    bid_id = play.bids["solver"]
    submissions = await play.get(solver, f"/v1/bids/{bid_id}/submissions")
    return {
        "organization_id": str(poster.organization_id),
        "key_id": key["id"],
        "session_id": str(await sign_ins.a_session(database, poster.actor, now=play.clock.now())),
        "identity_id": str(
            await sign_ins.a_link(database, people["stranger"].actor, now=play.clock.now())
        ),
        "edge_id": edge["id"],
        "entry_id": entry["id"],
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
        "person_id": str(poster.actor.person_id),
        "stranger_id": str(people["stranger"].actor.person_id),
        "invitation_id": sent["invitation"]["id"],
        "invitation_token": sent["token"],
    }
