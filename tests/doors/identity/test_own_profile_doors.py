"""The doors of profiles and standing: what may be sent, what is shown, and to whom."""

from typing import Any

import httpx
import pytest

from marketplace.identity.rules.access import Role
from marketplace.kit.database import Database
from tests.doors.profile_bodies import OF_PROFILES
from tests.given.identity import Someone, a_credit_code, an_organization, someone

PROTECTED = {
    "id": "01890000-0000-7000-8000-000000000000",
    "organization_id": "01890000-0000-7000-8000-000000000000",
    "version": 99,
    "verified_at": "2026-03-02T01:00:00Z",
    "verified_by": "01890000-0000-7000-8000-000000000000",
    "verification": "verified",
    "blacklisted": False,
    "declared_by": "01890000-0000-7000-8000-000000000000",
    "recorded_at": "2026-03-02T01:00:00Z",
    "sealed_number": "AAAA",
    "last_four": "0000",
    "sealed": False,
    "blocked": False,
}
SHAPES = {
    "organization_profiles_change": ("PUT", "/profile", Role.ORGANIZATION_ADMIN),
    "size_declarations_declare": ("POST", "/size-declarations", Role.ORGANIZATION_ADMIN),
    "startup_declarations_declare": ("POST", "/startup-declarations", Role.ORGANIZATION_ADMIN),
    "bank_accounts_set": ("PUT", "/bank-account", Role.ORGANIZATION_ADMIN),
    "registration_statuses_record": ("POST", "/registration-statuses", Role.BUREAU_OFFICER),
    "blacklist_entries_record": ("POST", "/blacklist-entries", Role.BUREAU_OFFICER),
    "blacklist_entries_lift": ("POST", "/blacklist-entries/{id}/actions/lift", Role.BUREAU_OFFICER),
    "standing_checks_keep": ("POST", "/standing-checks", Role.BUREAU_OFFICER),
}


def body_of(name: str) -> dict[str, Any]:
    """A well-formed request."""
    body = dict(OF_PROFILES[name])
    body.pop("counterpart_id", None)
    if "uscc" in body:
        body["uscc"] = a_credit_code()
    if "subject_id" in body:
        body["subject_id"] = PROTECTED["id"]
    return body


def home(who: Someone) -> str:
    """The address of somebody's organisation."""
    return f"/v1/organizations/{who.organization_id}"


async def put(
    client: httpx.AsyncClient, who: Someone, place: str, body: dict[str, Any]
) -> httpx.Response:
    """Replace something under the present version of the profile."""
    etag = (await client.get(f"{home(who)}/profile", headers=who.headers)).headers["etag"]
    headers = who.headers | {"If-Match": etag}
    return await client.put(f"{home(who)}{place}", json=body, headers=headers)


@pytest.mark.parametrize("name", SHAPES)
async def test_protected_and_unknown_fields_are_refused_everywhere(
    client: httpx.AsyncClient, database: Database, name: str
) -> None:
    """Nobody verifies, unlists or renumbers by sending a field more; each is pointed at."""
    method, place, role = SHAPES[name]
    who = await someone(database, role)
    url = f"{home(who)}{place.format(id=PROTECTED['id'])}"

    for field, value in (PROTECTED | {"colour": "red"}).items():
        answer = await client.request(
            method,
            url,
            json=body_of(name) | {field: value},
            headers=who.headers | {"If-Match": '"v1.0123456789abcdef"'},
        )
        assert answer.status_code == 400, (field, answer.text)
        assert [one["pointer"] for one in answer.json()["errors"]] == [f"/{field}"]


async def test_a_profile_is_changed_under_its_version_and_verified_again(
    client: httpx.AsyncClient, database: Database
) -> None:
    """Pending is shown, a stale or missing version is refused, the officer verifies again."""
    admin = await someone(database, Role.ORGANIZATION_ADMIN)
    officer = await someone(database, Role.BUREAU_OFFICER)
    body = body_of("organization_profiles_change") | {
        "contact": {"name": "王某(示例)", "email": "a@example.com"}
    }

    changed = await put(client, admin, "/profile", body)
    assert changed.status_code == 200, changed.text
    assert changed.json()["verification"] == "pending"
    assert changed.json()["contact"]["name"] == "王某(示例)"
    stale = await client.put(
        f"{home(admin)}/profile",
        json=body,
        headers=admin.headers | {"If-Match": '"v1.0123456789abcdef"'},
    )
    blind = await client.put(f"{home(admin)}/profile", json=body, headers=admin.headers)
    assert (stale.status_code, blind.status_code) == (412, 428)

    shown = await client.get(home(admin), headers=officer.headers)
    standing = await client.get(f"{home(admin)}/standing", headers=admin.headers)
    verified = await client.post(
        f"{home(admin)}/actions/verify",
        headers=officer.headers | {"If-Match": shown.headers["etag"]},
    )
    assert shown.json()["verification"] == "pending"
    assert standing.json()["in_good_standing"] is False
    assert standing.json()["findings"][0]["code"] == "not_verified"
    assert verified.json()["verification"] == "verified"


async def test_a_bank_account_is_masked_for_everybody_and_revealed_to_its_own(
    client: httpx.AsyncClient, database: Database
) -> None:
    """The answer to the change, the reading by the house and by the bureau show four digits; only
    the reveal shows all, and may not be stored on the way.
    """
    admin = await someone(database, Role.ORGANIZATION_ADMIN)
    officer = await someone(database, Role.BUREAU_OFFICER)
    place = f"{home(admin)}/bank-account"
    none = await client.get(place, headers=admin.headers)

    changed = await put(client, admin, "/bank-account", body_of("bank_accounts_set"))
    read = [await client.get(place, headers=who.headers) for who in (admin, officer)]
    revealed = await client.post(f"{place}/actions/reveal", headers=admin.headers)
    refused = await client.post(f"{place}/actions/reveal", headers=officer.headers)
    listed = await client.get("/v1/organizations", headers=officer.headers)

    assert (none.status_code, none.json()["code"]) == (404, "identity.bank_account_unknown")
    for answer in (changed, *read):
        assert answer.status_code == 200, answer.text
        assert answer.json()["number_masked"] == "**** 1234"
    assert revealed.json()["number"] == "6222000000001234"
    assert revealed.headers["cache-control"] == "no-store"
    assert refused.status_code == 403
    for answer in (changed, *read, refused, listed):
        assert "62220000" not in answer.text.replace(" ", "")


async def test_a_refused_account_number_is_not_repeated(
    client: httpx.AsyncClient, database: Database
) -> None:
    """Neither by the rule nor by the check of the shape."""
    admin = await someone(database, Role.ORGANIZATION_ADMIN)
    body = body_of("bank_accounts_set")

    unfit = await put(client, admin, "/bank-account", body | {"number": "6222ABCD00001234"})
    long = await put(client, admin, "/bank-account", body | {"number": "62220000" * 9})

    assert (unfit.status_code, unfit.json()["code"]) == (422, "identity.account_number_unfit")
    assert long.status_code == 400
    assert "6222" not in unfit.text + long.text


async def test_standing_is_asked_for_a_day(client: httpx.AsyncClient, database: Database) -> None:
    """Listed for three months: before and after in order, in between not, with its words."""
    officer = await someone(database, Role.BUREAU_OFFICER)
    who = f"/v1/organizations/{await an_organization(database)}"
    client.headers.update(officer.headers)
    active = body_of("registration_statuses_record") | {"effective_from": "2020-01-01"}
    assert (await client.post(f"{who}/registration-statuses", json=active)).status_code == 201
    listing = body_of("blacklist_entries_record") | {
        "listed_from": "2025-01-01",
        "listed_until": "2025-04-01",
    }
    listed = await client.post(f"{who}/blacklist-entries", json=listing)
    assert listed.status_code == 201, listed.text

    answers = {
        day: (await client.get(f"{who}/standing", params={"on": day})).json()
        for day in ("2024-12-31", "2025-01-01", "2025-03-31", "2025-04-01")
    }

    assert [one["in_good_standing"] for one in answers.values()] == [True, False, False, True]
    finding = answers["2025-01-01"]["findings"][0]
    assert finding["code"] == "blacklisted"
    assert finding["title"] == {
        "zh": "当日在严重失信主体名单内。",
        "en": "On the list of seriously dishonest parties on this day.",
    }
    assert (await client.get(who)).json()["blacklisted"] is False


async def test_an_entry_is_lifted_once_and_only_at_its_own_organisation(
    client: httpx.AsyncClient, database: Database
) -> None:
    """Under another organisation's address there is no such entry; a second lift is a conflict."""
    officer = await someone(database, Role.BUREAU_OFFICER)
    one, two = await an_organization(database), await an_organization(database)
    client.headers.update(officer.headers)
    listing = body_of("blacklist_entries_record")
    made = await client.post(f"/v1/organizations/{one}/blacklist-entries", json=listing)
    lift, entry = body_of("blacklist_entries_lift"), made.json()["id"]

    elsewhere = await client.post(
        f"/v1/organizations/{two}/blacklist-entries/{entry}/actions/lift", json=lift
    )
    here = f"/v1/organizations/{one}/blacklist-entries/{entry}/actions/lift"
    early = await client.post(here, json=lift | {"lifted_on": "2019-12-31"})
    lifted = await client.post(here, json=lift)
    again = await client.post(here, json=lift)

    assert (elsewhere.status_code, elsewhere.json()["code"]) == (404, "identity.listing_unknown")
    assert (early.status_code, early.json()["code"]) == (422, "identity.listing_misdated")
    assert (lifted.status_code, lifted.json()["lifted_on"]) == (200, "2020-05-01")
    assert (again.status_code, again.json()["code"]) == (409, "identity.listing_lifted")


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("place", "name", "role"),
    [
        ("size-declarations", "size_declarations_declare", Role.ORGANIZATION_ADMIN),
        ("startup-declarations", "startup_declarations_declare", Role.ORGANIZATION_ADMIN),
        ("registration-statuses", "registration_statuses_record", Role.BUREAU_OFFICER),
        ("blacklist-entries", "blacklist_entries_record", Role.BUREAU_OFFICER),
        ("standing-checks", "standing_checks_keep", Role.BUREAU_OFFICER),
    ],
)
async def test_histories_are_paged_in_the_order_of_entry(
    client: httpx.AsyncClient, database: Database, place: str, name: str, role: Role
) -> None:
    """Page by page the list is what was entered, no row twice and none left out."""
    who = await someone(database, role)
    officer = await someone(database, Role.BUREAU_OFFICER)
    url, made, seen = f"{home(who)}/{place}", [], []
    client.headers.update(who.headers)
    before = (await client.get(url, headers=officer.headers)).json()["items"]
    for _ in range(3):
        answer = await client.post(url, json=body_of(name))
        assert answer.status_code == 201, answer.text
        made.append(answer.json()["id"])

    cursor: str | None = None
    while True:
        params: dict[str, Any] = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = (await client.get(url, params=params, headers=officer.headers)).json()
        seen += [one["id"] for one in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break

    assert seen == [one["id"] for one in before] + made
