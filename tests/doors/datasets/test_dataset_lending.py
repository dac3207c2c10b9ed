"""Who may have the data, who decides, and who may know of it."""

import httpx
import pytest

from marketplace.house import House
from marketplace.identity.rules.access import Role
from marketplace.kit.clock import FixedClock
from tests.given import datasets as given
from tests.given.datasets import ROWS, Library
from tests.given.identity import Someone, an_organization, someone


@pytest.fixture
async def library(client: httpx.AsyncClient, house: House) -> Library:
    """A published call that describes data of every kind."""
    return await given.a_library(client, house)


async def ask_for(
    library: Library, version: str, who: Someone, terms: str | None = None
) -> httpx.Response:
    """Ask for a version."""
    accepted = terms or (await library.ok(library.custodian, "GET", version))["terms_sha256"]
    body = {"purpose": "训练模型", "terms_sha256": accepted}
    return await library.ask(who, "POST", f"{version}/access-requests", json=body)


class TestAsking:
    """A verified solver asks, under the terms of the very version."""

    async def test_a_request_names_the_terms_it_accepts(self, library: Library) -> None:
        """Other terms are refused, and the right digest is told; the second request also."""
        version, _ = await library.published()

        wrong = await ask_for(library, version, library.solver, "0" * 64)
        right = await ask_for(library, version, library.solver)
        again = await ask_for(library, version, library.solver)

        assert (wrong.status_code, wrong.json()["code"]) == (422, "datasets.terms_not_accepted")
        assert right.status_code == 201
        assert wrong.json()["terms_sha256"] == right.json()["terms_sha256"]
        assert (again.status_code, again.json()["code"]) == (409, "datasets.already_requested")
        assert again.json()["request_id"] == right.json()["id"]

    async def test_what_cannot_be_asked_for_says_why(self, library: Library) -> None:
        """Open to all needs no request; hidden and own data, and unknown units, get none."""
        version, _ = await library.published()
        unopened = await library.published("open")
        hidden = await library.published("hidden")
        unverified = await someone(
            library.house.database,
            Role.SOLVER,
            organization_id=await an_organization(library.house.database, verified=False),
        )
        own = await someone(
            library.house.database,
            Role.SOLVER,
            organization_id=library.custodian.organization_id,
        )

        reasons = [
            (await ask_for(library, unopened[0], library.solver)).json()["reason"],
            (await ask_for(library, hidden[0], library.solver)).json()["reason"],
            (await ask_for(library, version, own)).json()["reason"],
        ]
        refused = await ask_for(library, version, unverified)

        assert reasons == ["open_to_all", "not_open", "own_data"]
        assert refused.json()["code"] == "identity.organization_not_verified"

    async def test_a_withdrawn_version_cannot_be_asked_for(self, library: Library) -> None:
        """Nor can a waiting request be approved any more."""
        version, _ = await library.published()
        request = await library.requested(version)
        await library.act(library.custodian, version, "withdraw", {"reason": "replaced"})

        late = await ask_for(library, version, library.rival)
        seen = await library.ok(library.solver, "GET", request)
        approved = await library.act(library.custodian, request, "approve")

        assert (late.status_code, late.json()["reason"]) == (409, "not_published")
        assert (seen["state"], seen["reason"]) == ("cancelled", "version_withdrawn")
        assert approved.status_code == 409


class TestDeciding:
    """In the hands of the data's custodian, and never of the asking side."""

    async def test_the_custodian_of_the_source_unit_decides_as_well(
        self, client: httpx.AsyncClient, library: Library
    ) -> None:
        """The named data-source unit has a say in its own data."""
        unit, keeper = await given.a_source(library.house)
        made = await library.ok(
            library.custodian,
            "POST",
            f"/v1/scenarios/{library.call.id}/datasets",
            json={"code": "lent", "source_id": str(unit), "manifest": given.a_manifest()},
        )
        library.datasets["lent"] = made["id"]
        version, _ = await library.published()
        request = await library.requested(version)

        approved = await library.act(keeper, request, "approve")

        assert approved.json()["state"] == "approved"

    async def test_who_asks_does_not_decide(self, library: Library) -> None:
        """A person of the data's custodian who also bids for another firm cannot approve it."""
        version, _ = await library.published()
        request = await library.requested(version)
        _, stranger = await given.a_source(library.house)
        both = await someone(
            library.house.database,
            Role.SOLVER,
            Role.DATA_CUSTODIAN,
            organization_id=library.solver.organization_id,
        )

        answers = {
            "solver": await library.act(library.solver, request, "approve"),
            "both": await library.act(both, request, "approve"),
            "stranger": await library.act(stranger, request, "approve"),
            "poster": await library.act(library.call.cast.poster, request, "approve"),
            "officer": await library.act(library.call.cast.officer, request, "approve"),
        }

        assert {name: one.status_code for name, one in answers.items()} == {
            "solver": 403,
            "both": 403,
            "stranger": 404,
            "poster": 403,
            "officer": 403,
        }

    async def test_a_custodian_who_judges_is_no_custodian(self, library: Library) -> None:
        """Whoever evaluates bids in a second role may neither decide nor see who asked."""
        version, _ = await library.published()
        request = await library.requested(version)
        judge = await someone(
            library.house.database,
            Role.DATA_CUSTODIAN,
            Role.EXPERT,
            organization_id=library.custodian.organization_id,
        )

        decided = await library.act(judge, request, "approve")
        listed = await library.ok(judge, "GET", f"{version}/access-requests")

        assert decided.status_code == 404
        assert listed["items"] == []

    async def test_a_refusal_has_a_reason_and_the_next_request_is_possible(
        self, library: Library
    ) -> None:
        """The organisation reads why, and may ask again."""
        version, _ = await library.published()
        request = await library.requested(version)

        refused = await library.act(library.custodian, request, "refuse", {"reason": "用途不明"})
        again = await ask_for(library, version, library.solver)

        assert (refused.json()["state"], refused.json()["reason"]) == ("refused", "用途不明")
        assert again.status_code == 201

    async def test_a_revoked_access_fails_with_the_next_request(self, library: Library) -> None:
        """Also in the middle of a file: the next range is refused."""
        version, file_id = await library.published()
        token = await library.token(version)
        mine = (await library.ok(library.solver, "GET", f"{version}/access-requests"))["items"]
        request = f"/v1/dataset-access-requests/{mine[0]['id']}"
        first = await library.download(library.solver, file_id, token, Range="bytes=0-9")

        await library.act(library.custodian, request, "revoke", {"reason": "违反条款"})
        rest = await library.download(library.solver, file_id, token, Range="bytes=10-")
        anew = await library.ask(library.solver, "POST", f"{request}/tokens")

        assert (first.status_code, rest.status_code) == (206, 403)
        assert rest.json()["reason"] == "token_revoked"
        assert (anew.status_code, anew.json()["code"]) == (409, "datasets.not_requestable")


class TestSecrecy:
    """Who asks for data may be about to bid."""

    async def test_only_the_data_side_and_the_overseers_know_who_asked(
        self, library: Library
    ) -> None:
        """Not the bureau that evaluates, not the poster's author, not a rival; not even a count."""
        version, file_id = await library.published()
        request = await library.requested(version)
        rival = await library.token(version, library.rival)
        await library.download(library.rival, file_id, rival)
        cast = library.call.cast
        seen = {
            "custodian": library.custodian,
            "auditor": cast.auditor,
            "supervisor": cast.supervisor,
            "officer": cast.officer,
            "approver": cast.approver,
            "poster": cast.poster,
            "solver": library.solver,
        }

        asked = {
            name: len((await library.ok(one, "GET", f"{version}/access-requests"))["items"])
            for name, one in seen.items()
        }
        took = {
            name: len((await library.ok(one, "GET", f"{version}/downloads"))["items"])
            for name, one in seen.items()
        }
        single = {name: (await library.ask(one, "GET", request)).status_code
                  for name, one in seen.items()}  # fmt: skip

        everybody = {"custodian": 2, "auditor": 2, "supervisor": 2}
        assert asked == everybody | {"officer": 0, "approver": 0, "poster": 0, "solver": 1}
        assert took == {"custodian": 1, "auditor": 1, "supervisor": 1} | dict.fromkeys(
            ("officer", "approver", "poster", "solver"), 0
        )
        assert {name for name, status in single.items() if status == 200} == {
            "custodian", "auditor", "supervisor", "solver",
        }  # fmt: skip

    async def test_what_everybody_reads_does_not_change_with_a_request(
        self, library: Library
    ) -> None:
        """Dataset, version and call are byte for byte what they were before anybody asked."""
        version, file_id = await library.published()
        pages = (
            version,
            f"/v1/datasets/{library.datasets['lent']}",
            f"/v1/scenarios/{library.call.id}",
        )
        before = [(await library.ask(library.rival, "GET", page)).content for page in pages]
        token = await library.token(version)
        await library.download(library.solver, file_id, token)

        after = [(await library.ask(library.rival, "GET", page)).content for page in pages]

        assert after == before


class TestTheEnd:
    """Sharing is metered, and copies are deleted."""

    async def test_usage_counts_organisations_files_and_bytes_of_a_year(
        self, library: Library, clock: FixedClock
    ) -> None:
        """Ranges and repeats do not add up to more files; the owner's own use is none."""
        version, file_id = await library.published("open")
        for _ in range(2):
            await library.download(library.solver, file_id, Range="bytes=0-9")
        await library.download(library.rival, file_id)
        await library.download(library.custodian, file_id)
        url = f"/v1/datasets/{library.datasets['open']}/usage"

        this = await library.ok(library.custodian, "GET", url, params={"year": 2026})
        last = await library.ok(library.custodian, "GET", url, params={"year": 2025})
        refused = [
            await library.ask(one, "GET", url, params={"year": 2026})
            for one in (library.solver, library.call.cast.officer, library.call.cast.poster)
        ]
        source = f"/v1/organizations/{library.custodian.organization_id}/dataset-usage"
        unit = await library.ok(library.call.cast.auditor, "GET", source, params={"year": 2026})

        counted = {
            "dataset_id": library.datasets["open"],
            "organizations": 2,
            "files": 2,
            "requests": 3,
            "sent_bytes": 20 + len(ROWS),
        }
        assert this["items"] == unit["items"] == [counted]
        assert this["since"] == "2025-12-31T16:00:00Z"
        assert last["items"][0]["organizations"] == 0
        assert {answer.status_code for answer in refused} == {403}
        assert version.endswith("/versions/1")

    async def test_deletion_is_certified_once_and_ends_the_tokens(self, library: Library) -> None:
        """The custodian sees who has signed, and who has not."""
        version, file_id = await library.published()
        tokens = {
            one.organization_id: await library.token(version, one)
            for one in (library.solver, library.rival)
        }
        for one in (library.solver, library.rival):
            await library.download(one, file_id, tokens[one.organization_id])
        url = f"{version}/deletion-certificates"
        body = {"statement": "所有副本均已删除。"}

        signed = await library.ask(library.solver, "POST", url, json=body)
        again = await library.ask(library.solver, "POST", url, json=body)
        listed = await library.ok(library.custodian, "GET", url)
        after = await library.download(
            library.solver, file_id, tokens[library.solver.organization_id]
        )
        outsider = await library.ask(library.rival, "GET", url)
        never = await someone(library.house.database, Role.SOLVER)
        nothing = await library.ask(never, "POST", url, json=body)

        assert signed.status_code == 201
        assert given.sha256(signed.json()["document"].encode()) == signed.json()["sha256"]
        assert (again.status_code, again.json()["code"]) == (409, "datasets.already_certified")
        assert [one["id"] for one in listed["certificates"]] == [signed.json()["id"]]
        assert listed["outstanding"] == [str(library.rival.organization_id)]
        assert after.json()["reason"] == "token_revoked"
        assert outsider.status_code == 403
        assert nothing.json()["code"] == "datasets.nothing_to_delete"
