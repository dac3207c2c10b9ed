"""Prediction files and hidden sets over HTTP: measured exactly, or refused and gone."""

import gzip

import httpx
import pytest

from marketplace.house import House
from marketplace.identity.rules.access import Role
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from tests.given import scoring as given
from tests.given.events import numbered
from tests.given.identity import someone
from tests.given.scoring import labels

QUOTES_YUAN = {"ours": 800_000}


def stored(house: House) -> int:
    """How many files there are in the storage, whole or in part."""
    return sum(path.is_file() for path in (house.settings.data_dir / "storage").rglob("*"))


class TestSubmit:
    """POST /v1/bids/{id}/submissions/{criterion}."""

    @pytest.mark.postgres
    async def test_a_file_is_measured_and_found_again(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Nine of ten right is 0.9, in the answer, in the list and on its own."""
        play = await given.an_evaluating_play(client, database, clock)
        await play.upload_truth()

        answer = await play.upload("ours", labels(9))

        assert answer.status_code == 202, answer.text
        queued = answer.json()
        assert (queued["state"], queued["value"]) == ("queued", None)
        assert (queued["queue"]["position"], queued["queue"]["estimate_seconds"]) == (0, None)
        await play.score()
        found = await play.get(play.solvers["ours"], f"/v1/submissions/{queued['id']}")
        assert (found["state"], found["counts"], found["queue"]) == ("scored", True, None)
        assert (found["metric"], found["value"]) == ("accuracy", "0.9")
        assert found["size_bytes"] == len(labels(9))
        url = f"/v1/bids/{play.bids['ours']}/submissions"
        for reader in (play.solvers["ours"], play.cast.officer, play.cast.poster):
            assert (await play.get(reader, url))["items"] == [found]
            assert await play.get(reader, f"/v1/submissions/{found['id']}") == found

    async def test_the_same_file_again_counts_once(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock, house: House
    ) -> None:
        """Whoever lost the answer sends it again and gets it again; another file is another one."""
        play = await given.an_evaluating_play(client, database, clock)
        await play.upload_truth()

        first = (await play.upload("ours", labels(9))).json()
        again = (await play.upload("ours", labels(9))).json()
        other = (await play.upload("ours", labels(8))).json()
        back = (await play.upload("ours", labels(9))).json()

        assert again == first
        assert len({first["id"], other["id"], back["id"]}) == 3
        assert stored(house) == 4  # the hidden set and three files

    async def test_ten_files_are_measured_and_no_more(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock, house: House
    ) -> None:
        """The hidden set cannot be probed for ever; the tenth answer may still be asked again."""
        play = await given.an_evaluating_play(client, database, clock)
        await play.upload_truth()
        for right in range(10):
            assert (await play.upload("ours", labels(right))).status_code == 202

        answer = await play.upload("ours", labels(10))
        tenth = await play.upload("ours", labels(9))

        assert (answer.status_code, answer.json()["code"]) == (429, "scoring.quota_used")
        assert answer.json()["allowed"] == 10
        assert tenth.status_code == 202
        assert stored(house) == 11

    async def test_a_gzipped_file_is_the_same_file(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Packed or not, and with or without a media type that says so, it measures the same."""
        play = await given.an_evaluating_play(client, database, clock)
        await play.upload_truth(gzip.compress(given.TRUTH, mtime=0))

        packed = await play.measured(
            "ours", gzip.compress(labels(7), mtime=0), **{"Content-Type": "application/gzip"}
        )
        plain = await play.measured("ours", labels(7))

        assert packed["value"] == plain["value"] == "0.7"

    async def test_others_cannot_tell_that_there_are_any(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """404 for another solver, 403 for who may never submit, 401 for nobody; nothing is kept."""
        play = await given.an_evaluating_play(client, database, clock)
        await play.upload_truth()
        found = (await play.upload("ours", labels(9))).json()
        rival = await someone(database, Role.SOLVER)
        url = f"/v1/bids/{play.bids['ours']}/submissions"

        answers = [
            await play.ask(rival, "GET", url),
            await play.ask(rival, "GET", f"/v1/submissions/{found['id']}"),
            await play.ask(rival, "POST", f"{url}/benchmark", content=labels(1)),
            await play.ask(play.cast.officer, "POST", f"{url}/benchmark", content=labels(1)),
            await client.post(f"{url}/benchmark", content=labels(1)),
        ]

        assert [(one.status_code, one.json()["code"]) for one in answers] == [
            (404, "bids.unknown"),
            (404, "scoring.submission_unknown"),
            (404, "bids.unknown"),
            (403, "identity.not_permitted"),
            (401, "identity.unauthenticated"),
        ]

    async def test_files_are_taken_in_the_evaluation_only(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Not while the bid is sealed, not without a hidden set, not after the ranking."""
        play = await given.a_published_play(
            client,
            database,
            clock,
            criteria=given.weighed({"benchmark": 7000, "price": 3000}),
        )
        await play.seat_panel()
        play.solvers["ours"] = await someone(database, Role.SOLVER)
        await play.bid("ours", quote_yuan=800_000)

        sealed = await play.upload("ours", labels(9))
        await play.open()
        blind = await play.upload("ours", labels(9))
        await play.upload_truth()
        await play.check("ours")
        taken = await play.measured("ours", labels(9))
        await play.mark_all()
        ranked = await play.rank()
        late = await play.upload("ours", labels(10))

        assert (sealed.status_code, sealed.json()["code"]) == (409, "scoring.not_evaluating")
        assert (blind.status_code, blind.json()["code"]) == (409, "scoring.truth_missing")
        assert taken["state"] == "scored"
        assert ranked.status_code == 201, ranked.text
        assert (late.status_code, late.json()["bid_state"]) == (409, "ranked")

    @pytest.mark.parametrize("criterion", ["plan", "unheard_of", "x" * 300, "%00"])
    async def test_only_a_benchmark_takes_files(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock, criterion: str
    ) -> None:
        """A criterion that is marked, or none at all, is named and refused."""
        play = await given.an_evaluating_play(client, database, clock, quotes_yuan=QUOTES_YUAN)
        url = f"/v1/bids/{play.bids['ours']}/submissions/{criterion}"

        answer = await play.ask(play.solvers["ours"], "POST", url, content=labels(9))

        assert (answer.status_code, answer.json()["code"]) == (422, "scoring.criterion_unknown")
        assert len(answer.text) < 1_000


class TestHiddenSet:
    """POST /v1/scenarios/{id}/hidden-sets/{criterion}."""

    async def test_poster_and_officer_of_the_call_may_set_it(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Each upload is a new version; the answer tells the digest and never the content.

        A lab sets it where it belongs to one of the two: no lab of anywhere for any call.
        """
        play = await given.an_evaluating_play(client, database, clock, quotes_yuan=QUOTES_YUAN)
        bureau = play.cast.officer.organization_id
        lab = await someone(database, Role.TEST_LAB, organization_id=bureau)
        other_lab = await someone(database, Role.TEST_LAB)
        stranger = await someone(database, Role.POSTER)
        url = f"{play.url}/hidden-sets/benchmark"

        answers = [
            await play.ask(who, "POST", url, content=given.TRUTH)
            for who in (
                *(play.cast.poster, play.cast.officer, lab),
                *(other_lab, stranger, play.solvers["ours"]),
            )
        ]

        assert [one.status_code for one in answers] == [201, 201, 201, 403, 403, 403]
        assert [one.json()["number"] for one in answers[:3]] == [1, 2, 3]
        assert answers[0].json()["rows"] == given.ROWS
        assert "yes" not in answers[0].text

    async def test_labels_the_metric_cannot_score_are_refused_at_once(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock, house: House
    ) -> None:
        """Whoever publishes words for a metric of numbers hears it before anybody submits."""
        rmse = given.BENCHMARK | {
            "metric": "rmse", "direction": "lower", "floor": "5", "target": "0", "weight_bps": 7000
        }  # fmt: skip
        criteria = [rmse, *given.weighed({"price": 3000})]
        play = await given.an_evaluating_play(
            client, database, clock, quotes_yuan=QUOTES_YUAN, criteria=criteria
        )

        words = await play.upload_truth(b"id,label\nr1,1.5\nr2,much\n")
        column = await play.upload_truth(b"id,prediction\nr1,1.5\n")
        numbers = await play.upload_truth(b"id,label\nr1,1.5\nr2,2\n")
        wrong = await play.measured("ours", b"id,prediction\nr1,NaN\nr2,2\n")
        right = await play.measured("ours", b"id,prediction\nr1,1.5\nr2,5\n")

        assert (words.status_code, words.json()["id"]) == (422, "r2")
        assert (column.status_code, column.json()["column"]) == (422, "label")
        assert numbers.status_code == 201, numbers.text
        assert (wrong["state"], wrong["failure"]["code"]) == ("error", "scoring.number_unreadable")
        told = wrong["failure"]["facts"]
        assert (told["id"], told["value"]) == ("r1", "NaN")
        # The square root of (0 + 9) / 2, to twelve places.
        assert right["value"] == "2.12132034356"
        assert stored(house) == 2


@pytest.mark.postgres
async def test_only_the_bureau_of_the_call_hears_that_a_file_was_refused(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """The solver and the bureau that organises the call; an officer of another one does not."""
    play = await given.an_evaluating_play(client, database, clock)
    await play.upload_truth()
    refused = await play.measured("ours", b"id,prediction\nnobody,yes\n")
    await numbered(database)
    elsewhere = await someone(database, Role.BUREAU_OFFICER)

    heard = {
        name: len((await play.get(who, "/v1/events?type=submission.ended"))["items"])
        for name, who in {
            "solver": play.solvers["ours"],
            "officer": play.cast.officer,
            "elsewhere": elsewhere,
        }.items()
    }

    assert refused["state"] == "error"
    assert heard == {"solver": 1, "officer": 1, "elsewhere": 0}
