"""The questionnaire over HTTP."""

import httpx
import pytest

from marketplace.kit.database import Database
from marketplace.profiles.rules.profile import Track
from tests.given import profiles as given


@pytest.fixture(autouse=True)
async def _shipped(database: Database) -> None:
    """Every test here begins with the rules that ship."""
    await given.shipped_rules(database)


class TestAdvice:
    """GET and POST /v1/rule-profiles/advise."""

    @pytest.mark.postgres
    async def test_asks_questions_that_a_page_can_show(self, client: httpx.AsyncClient) -> None:
        """Each has a name, words in both languages and, if it is a choice, its answers."""
        answer = await client.get("/v1/rule-profiles/advise")

        items = answer.json()["items"]
        assert [item["name"] for item in items if item["required"]] == [
            "poster",
            "level",
            "money",
            "gain",
            "uncertain",
        ]
        assert all(item["text"]["zh"] and item["text"]["en"] for item in items)
        assert all(bool(item["answers"]) == (item["kind"] == "choice") for item in items)

    @pytest.mark.postgres
    async def test_takes_the_first_answer_to_each_question(self, client: httpx.AsyncClient) -> None:
        """What the questions offer is what the door takes."""
        items = (await client.get("/v1/rule-profiles/advise")).json()["items"]
        answers = {one["name"]: one["answers"][0]["value"] for one in items if one["answers"]}

        answer = await client.post("/v1/rule-profiles/advise", json=answers | {"uncertain": False})

        assert answer.status_code == 200, answer.text

    @pytest.mark.postgres
    async def test_proposes_tracks_in_order_with_reasons_and_law(
        self, client: httpx.AsyncClient
    ) -> None:
        """A district that orders research gets a consultation, and is told who could cooperate."""
        answer = await client.post(
            "/v1/rule-profiles/advise",
            json={
                "poster": "budget_unit",
                "level": "district",
                "money": "fiscal",
                "gain": "research_then_purchase",
                "uncertain": True,
                "amount_fen": 100_000_000,
            },
        )

        body = answer.json()
        assert [one["track"] for one in body["proposed"]] == [
            "procurement_consultation",
            "procurement_tender",
        ]
        assert all(ground["law"] for one in body["proposed"] for ground in one["reasons"])
        assert body["others"][0]["track"] == "cooperative_innovation"
        (lacking,) = body["others"][0]["would_have_to_be_true"]
        assert "省级批准" in lacking["text"]["zh"]
        assert "district_cannot_choose_cooperation" in {one["code"] for one in body["warnings"]}
        assert body["threshold_fen"] == 200_000_000
        assert body["summary"]["zh"] == "建议:竞争性磋商、公开招标。"

    async def test_says_plainly_that_nothing_fits(self, client: httpx.AsyncClient) -> None:
        """A company that has public money only is nobody's poster, and is told what is missing."""
        answer = await client.post(
            "/v1/rule-profiles/advise",
            json={
                "poster": "company",
                "level": "none",
                "money": "fiscal",
                "gain": "paid_contract",
                "uncertain": False,
            },
        )

        body = answer.json()
        assert (answer.status_code, body["proposed"]) == (200, [])
        assert "no track fits" in body["summary"]["en"]
        assert len(body["others"]) == len(Track)

    @pytest.mark.parametrize(
        ("changes", "status", "code"),
        [
            ({"level": "district"}, 422, "profiles.answers_contradict"),
            ({"poster": "budget_unit"}, 422, "profiles.answers_contradict"),
            ({"poster": "lottery"}, 400, "request.malformed"),
            ({"uncertain": "yes"}, 400, "request.malformed"),
            ({"amount_fen": -1}, 400, "request.malformed"),
            ({"city": "somewhere"}, 400, "request.malformed"),
        ],
    )
    async def test_refuses_answers_that_contradict_or_are_none(
        self, client: httpx.AsyncClient, changes: dict[str, object], status: int, code: str
    ) -> None:
        """A company has no level; a unit has one; unknown answers and questions are malformed."""
        answers = {
            "poster": "company",
            "level": "none",
            "money": "own",
            "gain": "paid_contract",
            "uncertain": True,
        }

        answer = await client.post("/v1/rule-profiles/advise", json=answers | changes)

        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
