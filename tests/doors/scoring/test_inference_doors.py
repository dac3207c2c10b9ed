"""Inference endpoints and hidden inputs over HTTP: registered, tried, and never told to others."""

import asyncio
import json
from typing import Final

import httpx
import pytest

from marketplace.house import House
from marketplace.identity.rules.access import Role
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.scoring.rules.inference import PROBES_MAX
from tests.given import inference as given
from tests.given import scoring as plays
from tests.given.identity import someone
from tests.given.scoring import ROWS, Play
from tests.given.sweeping import files, find

URL: Final = "http://127.0.0.1:9/predict"
REFUSED: Final = "scoring.endpoint_target_refused"
INVALID: Final = "scoring.endpoint_header_invalid"
UNFIT: Final[list[tuple[dict[str, object], int, str]]] = [
    ({"url": "http://10.0.0.1/"}, 422, REFUSED),
    ({"url": "http://169.254.169.254/latest"}, 422, REFUSED),
    ({"url": "ftp://a.example.com/"}, 422, REFUSED),
    ({"url": URL, "header": {"name": "Host", "value": "inside"}}, 422, INVALID),
    ({"url": URL, "header": {"name": "X-Key", "value": "a\r\nX-Other: inside"}}, 422, INVALID),
    ({"url": URL, "header": {"name": "X-Key"}}, 400, "request.malformed"),
]
STRANGE: Final[list[tuple[bytes, str, tuple[str, object]]]] = [
    (given.INPUTS + b'{"id":"r99","n":1}\n', "prediction_ids_differ", ("extra", ["r99"])),
    (b'{"id":"r0","n":1}\n', "prediction_ids_differ", ("missing_count", ROWS - 1)),
    (b'{"id":"r0","n":1}\n' * 2, "prediction_id_repeated", ("line", 2)),
    (b'{"id":"r0"}\n', "endpoint_inputs_unfit", ("problem", "no_fields")),
    (b'{"n":1}\n', "endpoint_inputs_unfit", ("problem", "no_id")),
    (b'{"id":"r0","n":NaN}\n', "endpoint_inputs_unfit", ("problem", "not_a_number")),
    (b'{"id":"r0","n":1,"n":2}\n', "endpoint_inputs_unfit", ("problem", "key_twice")),
    (b'{"id":"r0",\n', "endpoint_inputs_unfit", ("problem", "broken_json")),
    (b"id\nr0\n", "endpoint_inputs_unfit", ("problem", "no_fields")),
    (b"\xff\xfe", "predictions_unreadable", ("problem", "wrong_encoding")),
]


@pytest.fixture
async def play(client: httpx.AsyncClient, database: Database, clock: FixedClock) -> Play:
    """A call in evaluation whose benchmark calls endpoints."""
    return await given.a_calling_play(client, database, clock)


async def probed(play: Play, url: str, *, secret: str | None = None) -> httpx.Response:
    """A solver registers an endpoint and tries it."""
    made = await given.register(play, url, secret=secret)
    where = f"/v1/inference-endpoints/{made.json()['id']}/actions/probe"
    return await play.ask(play.solvers["ours"], "POST", where)


class TestRegister:
    """POST /v1/bids/{id}/inference-endpoints/{criterion}."""

    async def test_a_secret_header_is_sent_and_never_shown(
        self, play: Play, house: House, capfd: pytest.CaptureFixture[str]
    ) -> None:
        """Every request carries it; no answer, no line of a log and no file of ours has it."""
        ours = play.solvers["ours"]
        async with given.a_model(given.right_for(9)) as model:
            made = await given.register(play, model.url, secret=given.SECRET)
            again = await given.register(play, model.url, secret=given.SECRET)
            other = await given.register(play, model.url, secret=given.SECRET + "!")
            at = f"/v1/inference-endpoints/{made.json()['id']}"
            tried = await play.ask(ours, "POST", f"{at}/actions/probe")
            sent = await play.ask(ours, "POST", f"{at}/actions/submit", json={})
            assert sent.status_code == 202, sent.text
            await given.called(house)
        listed = await play.ask(ours, "GET", f"/v1/bids/{play.bids['ours']}/inference-endpoints")
        one = await play.ask(ours, "GET", at)
        evidence = await play.ask(ours, "GET", f"/v1/submissions/{sent.json()['id']}/evidence")

        assert made.status_code == 201
        assert made.json()["header_name"] == "Authorization"
        assert again.json() == made.json() != other.json()
        assert one.json()["probed_at"] is not None
        assert len(model.heads) == 1 + ROWS
        assert all(f": {given.SECRET}\r\n" in head for head in model.heads)
        answers = [made, again, tried, sent, listed, one, evidence]
        heard = "".join(answer.text for answer in answers) + "".join(capfd.readouterr())
        places = dict(files(house.settings.data_dir)) | {"heard": heard.encode()}
        assert find({"the secret": given.SECRET}, places) == []

    async def test_what_could_not_be_called_is_refused(self, play: Play) -> None:
        """Addresses of our own network, and headers that would change the request."""
        where = f"/v1/bids/{play.bids['ours']}/inference-endpoints/benchmark"

        for body, status, code in UNFIT:
            answer = await play.ask(play.solvers["ours"], "POST", where, json=body)
            assert (answer.status_code, answer.json()["code"]) == (status, code), body
            assert "inside" not in answer.text

    async def test_others_cannot_tell_that_there_is_one(
        self, play: Play, database: Database, client: httpx.AsyncClient
    ) -> None:
        """404 for another solver, 403 for the bureau, at every door."""
        made = await given.register(play, URL)
        rival = await someone(database, Role.SOLVER)
        at = f"/v1/inference-endpoints/{made.json()['id']}"
        of_bid = f"/v1/bids/{play.bids['ours']}/inference-endpoints"
        asked = [
            ("GET", of_bid),
            ("GET", at),
            *(("POST", f"{at}/actions/{verb}") for verb in ("probe", "submit", "retire")),
        ]

        answers = {
            who: [(await play.ask(asker, *one, json={})).status_code for one in asked]
            for who, asker in {"rival": rival, "officer": play.cast.officer}.items()
        }

        assert answers == {"rival": [404] * 5, "officer": [403] * 5}

    async def test_a_criterion_of_files_takes_none_and_one_of_endpoints_no_file(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """As the call says; inputs are taken only where endpoints are called."""
        filed = await plays.an_evaluating_play(client, database, clock)
        await filed.upload_truth()
        called = await given.a_calling_play(client, database, clock)

        answers = [
            await given.register(filed, URL),
            await given.upload_inputs(filed),
            await called.upload("ours", plays.labels(9)),
        ]

        assert [one.json()["code"] for one in answers] == [
            "scoring.endpoints_not_taken",
            "scoring.endpoints_not_taken",
            "scoring.files_not_taken",
        ]

    async def test_a_retired_one_is_not_asked(self, play: Play) -> None:
        """Neither tried nor submitted; registering it again makes a new one."""
        ours = play.solvers["ours"]
        made = (await given.register(play, URL)).json()
        at = f"/v1/inference-endpoints/{made['id']}/actions"
        assert (await play.do(ours, f"{at}/retire"))["retired_at"] is not None

        refused = [
            (await play.ask(ours, "POST", f"{at}/{verb}", json={})).json()["code"]
            for verb in ("probe", "submit", "retire")
        ]

        assert refused == ["scoring.inference_endpoint_retired"] * 3
        assert (await given.register(play, URL)).json()["id"] != made["id"]


class TestProbe:
    """POST /v1/inference-endpoints/{id}/actions/probe."""

    async def test_it_shows_what_was_sent_and_what_would_be_measured(self, play: Play) -> None:
        """The public example, under a name of this trial; nothing of the answer but the figure."""
        async with given.a_model(given.right_for(9)) as model:
            answer = await probed(play, model.url)

        found = answer.json()
        assert (found["status"], found["reason"], found["prediction"]) == (200, None, "yes")
        [sent] = json.loads(found["request"])["inputs"]
        assert sent == model.asked[0]
        assert (sent["n"], sent["text"]) == (3, "路灯不亮")

    async def test_it_says_in_both_languages_what_went_wrong(self, play: Play) -> None:
        """Not reached, a status that is no success, an answer that is none."""
        async with given.a_model(given.right_for(9), status=503) as broken:
            status = (await probed(play, broken.url)).json()
        async with given.a_model(lambda one: None) as empty:
            unread = (await probed(play, empty.url)).json()
        nobody = (await probed(play, URL)).json()

        assert (status["status"], status["reason"]) == (503, "http_status")
        assert (unread["reason"], unread["problem"]) == ("answer_unreadable", "empty_field")
        assert (nobody["status"], nobody["reason"]) == (None, "connect_failed")
        assert nobody["title"] == {"zh": "无法建立连接", "en": "no connection"}

    async def test_it_may_be_done_so_often_a_day(
        self, play: Play, clock: FixedClock, database: Database
    ) -> None:
        """Whatever endpoints of the bid are tried; also when it is asked at once."""
        ours = play.solvers["ours"]
        made = [(await given.register(play, f"{URL}?{at}")).json()["id"] for at in range(2)]
        urls = [f"/v1/inference-endpoints/{one}/actions/probe" for one in made]
        asked = await asyncio.gather(
            *[play.ask(ours, "POST", urls[at % 2]) for at in range(PROBES_MAX + 2)]
        )

        statuses = sorted(one.status_code for one in asked)
        assert statuses == [200] * PROBES_MAX + [429] * 2
        [late, _] = [one for one in asked if one.status_code == 429]
        assert late.json()["code"] == "scoring.probes_used"
        assert int(late.headers["retry-after"]) > 0

    async def test_a_call_without_an_example_offers_none(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """There is nothing public to ask."""
        play = await given.a_calling_play(client, database, clock, terms={"example": ""})

        answer = await probed(play, URL)

        assert (answer.status_code, answer.json()["code"]) == (
            409,
            "scoring.nothing_to_probe_with",
        )


class TestHiddenInputs:
    """POST /v1/scenarios/{id}/hidden-inputs/{criterion}."""

    async def test_who_may_set_the_hidden_set_may_set_them(
        self, play: Play, database: Database
    ) -> None:
        """Poster and officer of the call; the answer tells a digest and no input."""
        url = f"{play.url}/hidden-inputs/benchmark"
        stranger = await someone(database, Role.POSTER)
        askers = (play.cast.poster, play.cast.officer, stranger, play.solvers["ours"])

        answers = [
            await play.ask(who, "POST", url, content=given.INPUTS, headers=given.JSON_LINES)
            for who in askers
        ]

        assert [one.status_code for one in answers] == [201, 201, 403, 403]
        assert [one.json()["number"] for one in answers[:2]] == [2, 3]
        assert answers[0].json()["rows"] == ROWS
        assert "工单" not in answers[0].text

    async def test_inputs_that_do_not_fit_are_refused_and_gone(
        self, play: Play, house: House
    ) -> None:
        """Exactly the ids of the hidden set, each once, each with something to ask."""
        before = {place for place, _ in files(house.settings.data_dir / "storage")}

        for content, code, fact in STRANGE:
            answer = await given.upload_inputs(play, content)
            assert answer.status_code in {400, 422}, content
            assert answer.json()["code"] == f"scoring.{code}", content
            assert answer.json()[fact[0]] == fact[1], content

        assert {place for place, _ in files(house.settings.data_dir / "storage")} == before

    async def test_a_table_is_asked_as_texts(self, play: Play, house: House) -> None:
        """CSV as well, in whatever order; an endpoint sees texts."""
        lines = [f"{at},工单 {at},r{at}\n" for at in reversed(range(ROWS))]
        table = ("n,text,id\n" + "".join(lines)).encode()
        assert (await given.upload_inputs(play, table)).status_code == 201
        async with given.a_model(lambda one: "yes" if one["n"] != "0" else "no") as model:
            queued = await given.submit(play, model.url)
            await given.called(house)

        assert (await given.seen(play, queued))["value"] == "0.9"
        assert model.texts["工单 0"] == 1

    async def test_they_come_after_the_hidden_set(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Without it there are no ids to compare with; without inputs nobody is asked."""
        play = await plays.an_evaluating_play(
            client,
            database,
            clock,
            quotes_yuan={"ours": 800_000},
            criteria=given.a_benchmark(),
        )
        early = await given.upload_inputs(play)
        await play.upload_truth()
        made = await given.register(play, URL)
        where = f"/v1/inference-endpoints/{made.json()['id']}/actions/submit"
        idle = await play.ask(play.solvers["ours"], "POST", where, json={})

        assert (early.status_code, early.json()["code"]) == (409, "scoring.truth_missing")
        assert (idle.status_code, idle.json()["code"]) == (409, "scoring.inputs_missing")
