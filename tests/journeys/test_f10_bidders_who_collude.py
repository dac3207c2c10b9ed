"""F10: bids that share a contact, a line and the author of a file; seen by the system, judged by
people, and never a word to the bidders.
"""

from typing import Any, Final

import httpx
import pytest
from litestar import Litestar
from sqlmodel import col, select

from marketplace.events.rules.envelope import Visibility
from marketplace.events.tables import EventRow
from marketplace.house import House
from marketplace.identity.rules.access import Role
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.profiles.rules.profile import Track
from marketplace.signals import jobs
from tests.given import documents as papers
from tests.given import scoring as given
from tests.given.bids import Begun
from tests.given.identity import Someone, someone
from tests.given.scoring import Play

pytestmark = pytest.mark.postgres

ADDRESSES: Final = {
    "north": "203.0.113.7",
    "south": "203.0.113.7",
    "east": "198.51.100.20",
    "west": "2001:db8:7::20",
}
QUOTES: Final = {"north": 800_003, "south": 817_420, "east": 834_837, "west": 790_001}
"""The first three step by 17,417 yuan."""
PHONES: Final = {
    "north": "0755-2600 1234",
    "south": "+86 755 26001234",
    "east": "0755-2600 9876",
}
FILES: Final = {
    "north": papers.a_docx(author="王五(示例)", text="north"),
    "south": papers.a_docx(author="王五(示例)", text="south", created="2026-02-21T09:00:00Z"),
    "east": papers.a_docx(
        author="Administrator", editor="User", root="0011", created="2026-02-22T09:00:00Z"
    ),
    "west": papers.a_pdf("west", Author="Administrator"),
}


async def with_a_telephone(play: Play, database: Database, name: str, phone: str) -> None:
    """The administrator of a bidder states whom to call."""
    organization_id = play.solvers[name].organization_id
    admin = await someone(database, Role.ORGANIZATION_ADMIN, organization_id=organization_id)
    url = f"/v1/organizations/{organization_id}/profile"
    read = await play.ask(admin, "GET", url)
    profile = {key: read.json()[key] for key in ("uscc", "name", "kind", "region")}
    contact = {"name": f"联系人 {name}", "phone": phone}
    done = await play.ask(
        admin,
        "PUT",
        url,
        json=profile | {"contact": contact},
        headers={"If-Match": read.headers["etag"]},
    )
    assert done.status_code == 200, done.text


async def bids(play: Play, app: Litestar) -> None:
    """Every bidder sends a document and an offer, each from where they are."""
    for name, address in ADDRESSES.items():
        transport = httpx.ASGITransport(app=app, client=(address, 50_000))  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url="http://jiebang.test") as there:
            solver = play.solvers[name]
            begun = await there.post(f"{play.url}/bids", headers=solver.headers)
            play.bids[name] = begun.json()["id"]
            kind = "pdf" if name == "west" else "docx"
            await papers.a_document(
                there,
                Begun(id=begun.json()["id"], solver=solver),
                FILES[name],
                kind=kind,
                name=f"plan.{kind}",
            )
            here, play.client = play.client, there
            answer = await play.offer(name, quote_yuan=QUOTES[name])
            play.client = here
            assert answer.status_code == 200, answer.text


async def ticks(house: House) -> int:
    """The jobs that look at documents, and then at bids."""
    await papers.an_inspector(house).work()
    return await jobs.compute_signals(house.database, house.keeper, house.clock)


def found(answer: httpx.Response, play: Play) -> dict[str, set[frozenset[str]]]:
    """What was found, by kind: which bidders."""
    names = {bid: name for name, bid in play.bids.items()}
    kinds: dict[str, set[frozenset[str]]] = {}
    for one in answer.json()["items"]:
        bidders = frozenset(names[bid] for bid in one["bid_ids"])
        kinds.setdefault(one["kind"], set()).add(bidders)
    return kinds


async def states(play: Play) -> dict[str, Any]:
    """How every bid stands, and how it was decided."""
    listed = await play.get(play.cast.officer, f"{play.url}/bids")
    return {one["id"]: (one["state"], one["version"]) for one in listed["items"]}


async def refused(play: Play, outside: list[Someone]) -> list[dict[str, Any]]:
    """What everybody hears who is neither on the panel nor of the bureau nor watches."""
    answers = [await play.ask(one, "GET", signals_of(play)) for one in outside]
    assert {(one.status_code, one.json()["code"]) for one in answers} == {
        (403, "signals.not_for_you")
    }
    return [one.json() for one in answers]


def signals_of(play: Play) -> str:
    """Where the signals of the call are."""
    return f"{play.url}/collusion-signals"


async def all_who_may_read(play: Play) -> dict[str, str]:
    """The panel, the bureau and those who watch read the same; the ids by kind."""
    cast, pair = play.cast, frozenset({"north", "south"})
    readers = [cast.officer, cast.approver, cast.auditor, cast.supervisor, *play.experts]
    for person in readers:
        answer = await play.ask(person, "GET", signals_of(play))
        assert answer.status_code == 200, answer.text
        assert found(answer, play) == {
            "same_phone": {pair},
            "same_address": {pair},
            "same_file_author": {pair},
            "same_file_origin": {pair},
            "regular_price_steps": {frozenset({"north", "south", "east"})},
        }
        assert "不作任何认定" in answer.json()["note"]["zh"]
    return {one["kind"]: one["id"] for one in answer.json()["items"]}


async def people_judge(play: Play, ids: dict[str, str]) -> None:
    """The chair reports one signal to the finance department, the officer dismisses another."""
    url, judge = signals_of(play), play.experts[1]
    reported = {"judgement": "reported_to_finance", "reason": "两家联系电话一致,已报财政。"}
    dismissed = {"judgement": "dismissed", "reason": "第三家与前两家无关。"}

    judged = await play.move(play.experts[0], f"{url}/{ids['same_phone']}", "judge", reported)
    steps = f"{url}/{ids['regular_price_steps']}"
    other = await play.move(play.cast.officer, steps, "judge", dismissed)
    by_a_judge = await play.ask(
        judge,
        "POST",
        f"{url}/{ids['same_phone']}/actions/judge",
        json=dismissed,
        headers={"If-Match": '"v2.0000000000000000"'},
    )

    assert [one["role"] for one in judged["judgements"]] == ["panel_chair"]
    assert [one["judgement"] for one in judged["judgements"]] == ["reported_to_finance"]
    assert [one["role"] for one in other["judgements"]] == ["bureau_officer"]
    assert by_a_judge.status_code == 403


async def everything_said(database: Database) -> list[EventRow]:
    """Every event, in order."""
    async with database.reading() as session:
        rows = await session.exec(select(EventRow).order_by(col(EventRow.id)))
        return list(rows.all())


async def test_collusion_is_seen_and_people_decide(
    client: httpx.AsyncClient,
    app: Litestar,
    house: House,
    clock: FixedClock,
) -> None:
    """From four sealed bids to a report to the finance department; no bid moves by it."""
    database = house.database
    play = await given.a_play(client, database, clock, *ADDRESSES)
    await play.publish(given.a_content(given.PLAN_AND_PRICE), Track.PROCUREMENT_TENDER)
    for name, phone in PHONES.items():
        await with_a_telephone(play, database, name, phone)
    await play.seat_panel()
    await bids(play, app)
    outside = [play.cast.poster, *play.solvers.values(), await someone(database, Role.EXPERT)]

    early = await ticks(house)
    sealed = await play.get(play.cast.officer, signals_of(play))
    before = await refused(play, outside)
    await play.open()
    await play.check(*ADDRESSES)
    standing = await states(play)
    said = {one.id for one in await everything_said(database)}
    computed, again = await ticks(house), await ticks(house)

    assert (early, again) == (0, 0)
    assert computed == 6
    assert (sealed["computed_at"], sealed["items"]) == (None, [])
    await people_judge(play, await all_who_may_read(play))
    assert await refused(play, outside) == before
    assert await states(play) == standing
    await play.mark_all(north="90", south="80", east="70", west="60")
    assert (await play.rank()).status_code == 201
    told = [one for one in await everything_said(database) if one.id not in said]
    ours = [one for one in told if "signal" in one.type]
    assert [one.type.partition(".")[2] for one in ours] == [
        "signals_computed",
        "signal_judged",
        "signal_judged",
    ]
    assert {one.visibility for one in ours} == {Visibility.INTERNAL}
    assert "same_phone" not in str([one.data for one in told])
