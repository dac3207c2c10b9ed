"""The webhook room over HTTP: status, shape, problem code."""

from uuid import UUID

import httpx
import pytest

from marketplace.client.listen import serve_receiver
from marketplace.house import House
from marketplace.identity.rules.access import Permission, Role
from marketplace.kit.database import Database
from marketplace.kit.ids import new_id
from marketplace.kit.outbound import Outbound
from marketplace.webhooks import jobs
from marketplace.webhooks.actions.endpoints import ENDPOINTS_MAX
from tests.given import identity as people
from tests.given import webhooks as given

ENDPOINTS = "/v1/webhook-endpoints"
PACE = {"concurrency_max": 2, "rate_per_second": 10, "ordered": True}


async def registered(
    client: httpx.AsyncClient, owner: people.Someone, **changes: object
) -> httpx.Response:
    """Register an endpoint for everything, unless told otherwise."""
    request = {"url": "https://hooks.example.com/in"} | changes
    return await client.post(ENDPOINTS, json=request, headers=owner.headers)


class TestRegister:
    """POST /v1/webhook-endpoints."""

    @pytest.mark.postgres
    async def test_shows_the_secret_this_once(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        """The secret is in the first answer, which must not be stored, and in no other."""
        solver = await people.someone(database, Role.SOLVER)

        made = await registered(client, solver, event_types=["bid.*"], description=" 结果推送 ")

        assert made.status_code == 201, made.text
        body = made.json()
        assert body["secret"].startswith("whsec_")
        assert made.headers["cache-control"] == "no-store"
        assert (body["state"], body["hears_all"]) == ("active", False)
        assert (body["event_types"], body["description"]) == (["bid.*"], "结果推送")
        read = await client.get(f"{ENDPOINTS}/{body['id']}", headers=solver.headers)
        assert read.status_code == 200 and "secret" not in read.text
        assert read.json() == {name: body[name] for name in body if name != "secret"}

    @pytest.mark.parametrize(
        ("url", "objection", "words"),
        [
            (
                "https://169.254.169.254/latest/meta-data/",
                "address",
                ("公网单播", "public unicast"),
            ),
            ("https://user@hooks.example.com/", "credentials", ("口令", "password")),
            ("https://0x0a000001/", "numeric_host", ("点分十进制", "dotted IPv4")),
            ("ftp://hooks.example.com/", "scheme", ("https://", "https://")),
        ],
    )
    async def test_refuses_an_address_that_is_not_dialled(
        self,
        client: httpx.AsyncClient,
        database: Database,
        url: str,
        objection: str,
        words: tuple[str, str],
    ) -> None:
        """422 with the reason and what would do, in either language, before anything is stored."""
        solver = await people.someone(database, Role.SOLVER)

        answer, in_english = [
            await client.post(
                ENDPOINTS, json={"url": url}, headers=solver.headers | {"Accept-Language": language}
            )
            for language in ("zh", "en")
        ]

        assert answer.status_code == 422
        assert answer.json()["code"] == "webhooks.target_refused"
        assert answer.json()["objection"] == objection
        assert words[0] in answer.json()["detail"]
        assert words[1] in in_english.json()["detail"]

    async def test_refuses_a_filter_that_cannot_match(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        """A pattern is a dotted type or a prefix; anything else is refused by name."""
        solver = await people.someone(database, Role.SOLVER)

        answer = await registered(client, solver, event_types=["bid.*", "*", "Bid Submitted"])

        assert answer.status_code == 422
        assert answer.json()["event_types"] == ["*", "Bid Submitted"]

    async def test_refuses_more_than_an_organisation_may_have(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        """The twenty-first endpoint is a conflict, and another organisation is not affected."""
        solver = await people.someone(database, Role.SOLVER)
        other = await people.someone(database, Role.SOLVER)
        for _ in range(ENDPOINTS_MAX):
            assert (await registered(client, solver)).status_code == 201

        answer = await registered(client, solver)

        assert answer.status_code == 409
        assert answer.json()["code"] == "webhooks.too_many_endpoints"
        assert (await registered(client, other)).status_code == 201

    async def test_a_limited_key_does_not_hear_everything(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        """An officer's key without the right to read all events makes an ordinary endpoint."""
        officer = await people.someone(database, Role.BUREAU_OFFICER)
        limited = await client.post(
            "/v1/api-keys",
            json={"name": "hooks", "scopes": [Permission.WEBHOOKS_MANAGE.value]},
            headers=officer.headers,
        )
        bearer = {"Authorization": f"Bearer {limited.json()['key']}"}

        with_all = await registered(client, officer)
        with_less = await client.post(
            ENDPOINTS, json={"url": "https://hooks.example.com/in"}, headers=bearer
        )

        assert with_all.json()["hears_all"] is True
        assert with_less.json()["hears_all"] is False


class TestStrangers:
    """Who may not."""

    async def test_nobody_and_those_without_the_right_are_refused(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        """401 without a key, 403 with one that does not manage webhooks."""
        expert = await people.someone(database, Role.EXPERT)

        without_key = await client.get(ENDPOINTS)
        without_right = await registered(client, expert)

        assert without_key.status_code == 401
        assert without_right.status_code == 403

    async def test_another_organisation_finds_nothing(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        """An endpoint of somebody else does not exist, by any route."""
        owner = await people.someone(database, Role.SOLVER)
        other = await people.someone(database, Role.SOLVER)
        endpoint = (await registered(client, owner)).json()
        ping = await client.post(
            f"{ENDPOINTS}/{endpoint['id']}/actions/ping", headers=owner.headers
        )
        headers = other.headers | {"If-Match": '"v1.0123456789abcdef"'}

        answers = [
            await client.get(f"{ENDPOINTS}/{endpoint['id']}", headers=headers),
            await client.get(f"{ENDPOINTS}/{endpoint['id']}/deliveries", headers=headers),
            await client.get(f"/v1/deliveries/{ping.json()['id']}", headers=headers),
            await client.post(
                f"/v1/deliveries/{ping.json()['id']}/actions/resend", headers=headers
            ),
        ]
        for verb in ("pause", "resume", "ping", "rotate-secret"):
            url = f"{ENDPOINTS}/{endpoint['id']}/actions/{verb}"
            answers.append(await client.post(url, headers=headers))

        url = f"{ENDPOINTS}/{endpoint['id']}/actions/set-pace"
        answers.append(await client.post(url, json=PACE, headers=headers))

        assert [answer.status_code for answer in answers] == [404] * 9
        listed = await client.get(ENDPOINTS, headers=other.headers)
        assert listed.json()["items"] == []


class TestPauseAndResume:
    """POST …/actions/pause and …/actions/resume."""

    async def test_change_the_state_of_the_version_that_was_read(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        """428 without If-Match, 412 when stale, 409 when it makes no sense, 200 otherwise."""
        solver = await people.someone(database, Role.SOLVER)
        made = await registered(client, solver)
        url = f"{ENDPOINTS}/{made.json()['id']}/actions"
        fresh = solver.headers | {"If-Match": made.headers["etag"]}

        without = await client.post(f"{url}/pause", headers=solver.headers)
        not_paused = await client.post(f"{url}/resume", headers=fresh)
        paused = await client.post(f"{url}/pause", headers=fresh)
        stale = await client.post(f"{url}/resume", headers=fresh)
        again = solver.headers | {"If-Match": paused.headers["etag"]}
        resumed = await client.post(f"{url}/resume", headers=again)

        assert [without.status_code, stale.status_code] == [428, 412]
        assert not_paused.status_code == 409
        assert not_paused.json()["possible"] == ["disable", "pause"]
        assert (paused.json()["state"], paused.json()["stopped_by"]) == ("paused", "owner")
        assert (resumed.json()["state"], resumed.json()["version"]) == ("active", 3)

    async def test_a_new_secret_is_shown_once(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        """Rotation answers with another secret and the next version."""
        solver = await people.someone(database, Role.SOLVER)
        made = await registered(client, solver)
        headers = solver.headers | {"If-Match": made.headers["etag"]}

        rotated = await client.post(
            f"{ENDPOINTS}/{made.json()['id']}/actions/rotate-secret", headers=headers
        )

        assert rotated.status_code == 200
        assert rotated.json()["secret"] != made.json()["secret"]
        assert rotated.headers["cache-control"] == "no-store"
        assert rotated.json()["version"] == 2


class TestPace:
    """How an endpoint wants to be called: at registration, and POST …/actions/set-pace."""

    @pytest.mark.postgres
    async def test_is_shown_and_can_be_changed(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        """Four at a time, at any rate and in any order unless the owner says otherwise."""
        solver = await people.someone(database, Role.SOLVER)
        made = await registered(client, solver)
        strict = await registered(client, solver, **PACE)
        headers = solver.headers | {"If-Match": made.headers["etag"]}
        url = f"{ENDPOINTS}/{made.json()['id']}"

        changed = await client.post(f"{url}/actions/set-pace", json=PACE, headers=headers)
        stale = await client.post(f"{url}/actions/set-pace", json=PACE, headers=headers)
        read = await client.get(url, headers=solver.headers)

        usual = {"concurrency_max": 4, "rate_per_second": None, "ordered": False}
        assert {name: made.json()[name] for name in PACE} == usual
        assert {name: strict.json()[name] for name in PACE} == PACE
        assert (changed.status_code, stale.status_code) == (200, 412)
        assert {name: read.json()[name] for name in PACE} == PACE
        assert read.json()["version"] == 2

    @pytest.mark.parametrize(
        "wrong",
        [
            {"concurrency_max": 0},
            {"concurrency_max": 65},
            {"rate_per_second": 0},
            {"rate_per_second": 1001},
            {"ordered": "yes, please"},
        ],
    )
    async def test_has_limits(
        self, client: httpx.AsyncClient, database: Database, wrong: dict[str, object]
    ) -> None:
        """Beyond them it is refused, at registration as afterwards."""
        solver = await people.someone(database, Role.SOLVER)
        made = await registered(client, solver)
        headers = solver.headers | {"If-Match": made.headers["etag"]}
        url = f"{ENDPOINTS}/{made.json()['id']}/actions/set-pace"

        answers = [
            await registered(client, solver, **(PACE | wrong)),
            await client.post(url, json=PACE | wrong, headers=headers),
        ]

        assert [answer.status_code for answer in answers] == [400, 400]


class TestDeliveries:
    """Pings, and the log of what was sent."""

    async def test_a_ping_can_be_followed_to_its_answer(
        self, client: httpx.AsyncClient, house: House
    ) -> None:
        """202 with the delivery; once it was sent its attempt tells status and answer."""
        solver = await people.someone(house.database, Role.SOLVER)
        recorder = given.Recorder(418, body="不是茶壶".encode())
        async with serve_receiver(recorder) as url, Outbound(given.LOCAL) as outbound:
            made = await registered(client, solver, url=url, event_types=["bid.*"])
            ping = await client.post(
                f"{ENDPOINTS}/{made.json()['id']}/actions/ping", headers=solver.headers
            )
            await jobs.deliver(given.a_courier(house, outbound))

        assert ping.status_code == 202
        assert (ping.json()["state"], ping.json()["attempts"]) == ("pending", 0)
        delivery_url = f"/v1/deliveries/{ping.json()['id']}"
        detail = (await client.get(delivery_url, headers=solver.headers)).json()
        (attempt,) = detail["attempts"]
        assert (attempt["status"], attempt["answer"]) == (418, "不是茶壶")
        assert detail["body"].encode() == recorder.heard[0].body
        assert detail["delivery"]["next_at"] == "2026-03-02T01:00:05Z"
        resend = await client.post(f"{delivery_url}/actions/resend", headers=solver.headers)
        assert resend.status_code == 409

    async def test_the_log_is_paged_newest_first_and_filtered(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        """Pages follow each other without gap or repetition; `state` narrows them."""
        solver = await people.someone(database, Role.SOLVER)
        endpoint = (await registered(client, solver)).json()
        url = f"{ENDPOINTS}/{endpoint['id']}"
        sent = []
        for _ in range(5):
            ping = await client.post(f"{url}/actions/ping", headers=solver.headers)
            sent.append(ping.json()["id"])

        seen: list[str] = []
        cursor: dict[str, str] = {}
        while True:
            page = await client.get(
                f"{url}/deliveries", params={"limit": "2"} | cursor, headers=solver.headers
            )
            seen += [item["id"] for item in page.json()["items"]]
            if page.json()["next_cursor"] is None:
                break
            cursor = {"cursor": page.json()["next_cursor"]}
        dead = await client.get(
            f"{url}/deliveries", params={"state": "dead"}, headers=solver.headers
        )
        odd = await client.get(
            f"{url}/deliveries", params={"state": "lost"}, headers=solver.headers
        )

        assert seen == sent[::-1]
        assert dead.json() == {"items": [], "next_cursor": None}
        assert odd.status_code == 400

    @pytest.mark.parametrize("path", [f"{ENDPOINTS}/{{}}", "/v1/deliveries/{}"])
    async def test_what_does_not_exist_is_not_found(
        self, client: httpx.AsyncClient, database: Database, path: str
    ) -> None:
        """404 for an id that was never given out."""
        solver = await people.someone(database, Role.SOLVER)

        answer = await client.get(path.format(new_id()), headers=solver.headers)

        assert answer.status_code == 404
        UUID(answer.json().get("endpoint_id") or answer.json()["delivery_id"])
