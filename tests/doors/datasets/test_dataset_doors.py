"""Datasets and versions at the door: described as the call describes them, sealed for ever."""

from typing import Any

import httpx
import pytest

from marketplace.house import House
from tests.given import datasets as given
from tests.given.datasets import Library, a_manifest

SEAL = "seal"


@pytest.fixture
async def library(client: httpx.AsyncClient, house: House) -> Library:
    """A published call that describes data of every kind."""
    return await given.a_library(client, house)


async def create(library: Library, code: str, manifest: dict[str, Any]) -> httpx.Response:
    """Describe a dataset as the custodian."""
    url = f"/v1/scenarios/{library.call.id}/datasets"
    return await library.ask(
        library.custodian, "POST", url, json={"code": code, "manifest": manifest}
    )


class TestDescribing:
    """A manifest says no more and no less than the call."""

    async def test_everybody_may_read_what_a_published_call_opens(self, library: Library) -> None:
        """Fields, licence, legal basis, provenance and terms are public with the call."""
        dataset_id = await library.dataset()

        shown = await library.ask(None, "GET", f"/v1/datasets/{dataset_id}")
        listed = await library.ask(None, "GET", f"/v1/scenarios/{library.call.id}/datasets")

        manifest = shown.json()["manifest"]
        assert shown.status_code == 200
        assert manifest["legal_basis"] == "公共数据"
        assert [one["name"] for one in manifest["fields"]] == ["id", "label", "taken_on"]
        assert [one["id"] for one in listed.json()["items"]] == [dataset_id]

    async def test_what_the_call_does_not_name_is_refused(self, library: Library) -> None:
        """The codes that it names are told."""
        answer = await create(library, "unheard_of", a_manifest())

        assert (answer.status_code, answer.json()["code"]) == (422, "datasets.not_described")
        assert "lent" in answer.json()["described"]

    async def test_a_promise_that_differs_from_the_call_is_refused(self, library: Library) -> None:
        """Open without condition in the manifest, but not in the call: every difference is told."""
        answer = await create(library, "lent", a_manifest(openness="unconditional"))

        assert (answer.status_code, answer.json()["code"]) == (422, "datasets.differs_from_notice")
        assert answer.json()["differences"] == {
            "openness": {"notice": "conditional", "manifest": "unconditional"}
        }

    async def test_a_manifest_that_contradicts_itself_is_refused(self, library: Library) -> None:
        """All contradictions at once."""
        fields = [{**a_manifest()["fields"][0], "personal": True}] * 2
        profile = {"label_column": "label"}
        answer = await create(library, "lent", a_manifest(fields=fields, profile=profile))

        assert answer.json()["code"] == "datasets.manifest_contradicts"
        assert answer.json()["contradictions"] == [
            "field_named_twice",
            "personal_field_without_flag",
            "profile_of_unknown_field",
        ]

    async def test_one_code_is_described_once(self, library: Library) -> None:
        """A second dataset under the same code would be another promise."""
        await library.dataset()

        answer = await create(library, "lent", a_manifest())

        assert (answer.status_code, answer.json()["code"]) == (409, "datasets.code_taken")

    async def test_another_posters_custodian_is_refused(self, library: Library) -> None:
        """A role alone opens nothing: it has to be one of this poster."""
        _, stranger = await given.a_source(library.house)
        answer = await library.ask(
            stranger,
            "POST",
            f"/v1/scenarios/{library.call.id}/datasets",
            json={"code": "lent", "manifest": a_manifest()},
        )

        assert (answer.status_code, answer.json()["code"]) == (403, "datasets.not_the_custodian")

    async def test_a_stale_revision_is_refused(self, library: Library) -> None:
        """Two custodians: the second has not read what the first wrote."""
        dataset_id = await library.dataset()
        url = f"/v1/datasets/{dataset_id}"
        seen = (await library.ask(library.custodian, "GET", url)).headers["etag"]
        body = {"manifest": a_manifest(licence="新许可(示例)")}

        first = await library.ask(
            library.custodian, "PUT", url, json=body, headers={"If-Match": seen}
        )
        second = await library.ask(
            library.custodian, "PUT", url, json=body, headers={"If-Match": seen}
        )
        without = await library.ask(library.custodian, "PUT", url, json=body)

        assert (first.status_code, second.status_code, without.status_code) == (200, 412, 428)
        assert first.json()["manifest"]["licence"] == "新许可(示例)"


class TestVersions:
    """From open to sealed to published."""

    async def test_a_sealed_version_keeps_its_manifest_and_its_digest(
        self, library: Library
    ) -> None:
        """What was sealed stays what it was, whatever the manifest becomes."""
        version, _ = await library.published()
        dataset = f"/v1/datasets/{library.datasets['lent']}"
        before = await library.ok(library.custodian, "GET", version)
        etag = (await library.ask(library.custodian, "GET", dataset)).headers["etag"]
        body = {"manifest": a_manifest(terms={"zh": "新条款(示例)"})}
        await library.ok(library.custodian, "PUT", dataset, json=body, headers={"If-Match": etag})

        after = await library.ok(library.custodian, "GET", version)

        assert after == before
        assert len(after["sha256"]) == 64
        assert after["state"] == "published"
        assert after["manifest"]["terms"] == given.TERMS

    async def test_one_version_is_open_at_a_time(self, library: Library) -> None:
        """The number of the open one is told."""
        await library.version()

        again = await library.ask(
            library.custodian, "POST", f"/v1/datasets/{library.datasets['lent']}/versions"
        )

        assert (again.status_code, again.json()["code"]) == (409, "datasets.version_open")
        assert again.json()["number"] == 1

    async def test_nothing_half_is_sealed(self, library: Library) -> None:
        """Not without a file, not while an upload or a profile is under way."""
        version = await library.version()

        empty = await library.act(library.custodian, version, SEAL)
        upload = await library.begin(version, given.ROWS)
        under_way = await library.act(library.custodian, version, SEAL)
        await library.put(upload, 0, given.ROWS)
        await library.complete(upload)
        unprofiled = await library.act(library.custodian, version, SEAL)
        await library.profile()
        sealed = await library.act(library.custodian, version, SEAL)

        codes = [answer.json().get("code") for answer in (empty, under_way, unprofiled)]
        assert codes == [
            "datasets.version_empty",
            "datasets.uploads_open",
            "datasets.profiles_pending",
        ]
        assert sealed.json()["state"] == "sealed"

    async def test_personal_data_need_an_assessment(self, library: Library) -> None:
        """Document and date, and the date may not lie ahead."""
        version = await library.version("people")
        await library.upload(version)
        await library.profile()
        without = await library.act(library.custodian, version, SEAL)
        dataset = f"/v1/datasets/{library.datasets['people']}"
        answers = []
        for day in ("2026-12-31", "2026-02-01"):
            etag = (await library.ask(library.custodian, "GET", dataset)).headers["etag"]
            assessed = {"document": "PIA-1(示例)", "on": day}
            body = {"manifest": a_manifest("people", impact_assessment=assessed)}
            await library.ok(
                library.custodian, "PUT", dataset, json=body, headers={"If-Match": etag}
            )
            answers.append(await library.act(library.custodian, version, SEAL))

        assert without.json()["code"] == "datasets.impact_assessment_missing"
        assert answers[0].json()["code"] == "datasets.impact_assessment_missing"
        assert answers[1].status_code == 200

    async def test_only_the_custodian_publishes(self, library: Library) -> None:
        """The poster's author may deliver and seal; opening takes the custodian."""
        version = await library.version()
        await library.upload(version)
        await library.profile()
        poster = library.call.cast.poster
        sealed = await library.act(poster, version, SEAL)

        refused = await library.act(poster, version, "publish", {"statement": "好"})

        assert sealed.status_code == 200
        assert refused.status_code == 403

    async def test_an_unsealed_version_does_not_exist_for_outsiders(self, library: Library) -> None:
        """Neither it nor its files; the hidden set's files are not told even when published."""
        version = await library.version()
        hidden, hidden_file = await library.published("hidden")

        unknown = await library.ask(library.solver, "GET", version)
        told = await library.ok(library.solver, "GET", hidden)

        assert unknown.status_code == 404
        assert told["files"] is None
        refused = await library.download(library.solver, hidden_file)
        assert (refused.status_code, refused.json()["code"]) == (
            403,
            "datasets.never_downloadable",
        )

    async def test_the_profile_is_part_of_the_version(self, library: Library) -> None:
        """Rows, gaps, label coverage and freshness, computed and not claimed."""
        version, _ = await library.published()

        profile = (await library.ok(library.solver, "GET", version))["files"][0]["profile"]

        assert profile["rows"] == 3
        assert profile["label_coverage_bps"] == 6666
        assert profile["newest_on"] == "2026-02-07"
        assert {one["name"]: (one["type"], one["missing"]) for one in profile["columns"]} == {
            "id": ("integer", 0),
            "label": ("text", 1),
            "taken_on": ("date", 0),
        }

    async def test_another_question_profiles_the_open_files_anew(self, library: Library) -> None:
        """A manifest that asks for other columns makes the old profile worthless."""
        version = await library.version()
        await library.upload(version)
        await library.profile()
        dataset = f"/v1/datasets/{library.datasets['lent']}"
        etag = (await library.ask(library.custodian, "GET", dataset)).headers["etag"]
        body = {"manifest": a_manifest(profile={"paired_columns": ["id", "label"]})}
        await library.ok(library.custodian, "PUT", dataset, json=body, headers={"If-Match": etag})

        before = (await library.ok(library.custodian, "GET", version))["files"][0]
        done = await library.profile()
        after = (await library.ok(library.custodian, "GET", version))["files"][0]

        assert (before["profile_state"], before["profile"], done) == ("queued", None, 1)
        assert after["profile"]["paired_bps"] == 6666
