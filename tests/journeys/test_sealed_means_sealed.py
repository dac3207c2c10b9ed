"""A whole call in which bidders whisper wherever they can write: nobody else hears it in time.

Offers sealed by the platform and by the bidder's own program, replaced, withdrawn, asked about and
confirmed; documents whole, removed, refused and half sent; invitations; requests that are refused
and requests that are repeated.  Just before the opening everything that was written anywhere and
everything that anybody else can read is searched.  After it the same search finds what was opened,
and what was never opened still lies nowhere.
"""

import json
from dataclasses import dataclass, field
from typing import Any, Final

import httpx
import pytest
from litestar import Litestar

from marketplace.client import sealing
from marketplace.client.listen import serve_receiver
from marketplace.house import House
from marketplace.identity.rules.access import Role
from marketplace.kit import envelopes
from marketplace.kit.clock import FixedClock
from marketplace.kit.outbound import Outbound
from marketplace.scenarios import jobs as closing
from marketplace.webhooks import jobs as webhooks
from marketplace.webhooks.actions import fanout
from tests.given import bids as given
from tests.given import custody, sweeping, whispers
from tests.given import documents as papers
from tests.given import webhooks as hooks
from tests.given.amending import amend
from tests.given.asking_around import addresses, told
from tests.given.bids import Begun
from tests.given.identity import Someone, an_organization, credit_code_of, someone
from tests.given.scenarios import Called, a_content, a_published_call, the_panel_seated
from tests.given.whispers import NEEDLE

pytestmark = pytest.mark.postgres

FIRM: Final = "青鸾投标单位"
"""In the names of the bidders, and nowhere else."""
READING = envelopes.new_pair()
REGISTER: Final = frozenset({"organization", "person"})
"""Where the name of a bidder may stand before the opening."""
SECOND_PART: Final = "第二片".encode() * 100


@dataclass(slots=True)
class Play:
    """The call, and what was whispered so far."""

    client: httpx.AsyncClient
    house: House
    call: Called
    texts: dict[str, str] = field(default_factory=dict)
    amounts: dict[str, int] = field(default_factory=dict)
    keys: dict[str, str | bytes] = field(default_factory=dict)
    """Salts and reading keys."""
    refusals: list[httpx.Response] = field(default_factory=list)
    """What was told to a bidder whose request was refused."""

    def whisper(self, place: str, seed: int, *, member_id: str | None = None) -> dict[str, Any]:
        """An offer whose texts and amounts are remembered."""
        offer = whispers.an_offer(place, seed, member_id=member_id)
        self.texts |= whispers.whispered(offer)
        self.amounts |= {f"{place} {name}": one for name, one in whispers.amounts(seed).items()}
        return offer

    async def bidder(self, number: int) -> Someone:
        """A solver of a firm with a name of its own."""
        firm = await an_organization(self.house.database, name=f"{FIRM}{number}")
        return await someone(self.house.database, Role.SOLVER, organization_id=firm)

    async def begin(self, solver: Someone, **body: str) -> Begun:
        """A bid; its reading key is one of the secrets where the platform made it."""
        url = f"/v1/scenarios/{self.call.id}/bids"
        headers = solver.headers | {"Idempotency-Key": f"{NEEDLE.encode().hex()}-begin"}
        answer = await self.client.post(url, json=body, headers=headers)
        again = await self.client.post(url, json=body, headers=headers)
        assert answer.status_code == 201, answer.text
        assert again.content == answer.content
        key = answer.json()["reading_key"]
        if key is not None:
            self.keys |= {f"reading key of {url}": key, "the same, raw": envelopes.from_text(key)}
        return Begun(id=answer.json()["id"], solver=solver)

    async def seal(self, bid: Begun, verb: str, body: Any, *, key: str = "seal") -> httpx.Response:
        """Seal an offer, repeat the request, and reuse its key for something else."""
        url = f"/v1/bids/{bid.id}"
        etag = (await self.client.get(url, headers=bid.solver.headers)).headers["etag"]
        headers = bid.solver.headers | {"If-Match": etag, "Idempotency-Key": key}
        place = f"{url}/actions/{verb}"
        answer = await self.client.post(place, json=body, headers=headers)
        again = await self.client.post(place, json=body, headers=headers)
        assert answer.status_code == 200, answer.text
        assert again.content == answer.content
        other = await self.client.post(place, json=body | {"summary": NEEDLE}, headers=headers)
        self.refusals.append(other)
        if (salt := answer.json()["receipt"]["salt"]) is not None:
            self.keys |= {f"salt {salt}": salt, f"salt {salt}, raw": bytes.fromhex(salt)}
        return answer

    async def ask(self, bid: Begun, verb: str, *, key: str) -> httpx.Response:
        """Withdraw or confirm."""
        url = f"/v1/bids/{bid.id}"
        etag = (await self.client.get(url, headers=bid.solver.headers)).headers["etag"]
        headers = bid.solver.headers | {"If-Match": etag, "Idempotency-Key": key}
        return await self.client.post(f"{url}/actions/{verb}", headers=headers)


async def refused_in_every_way(play: Play, bid: Begun) -> None:
    """Requests that whisper and are refused: wrong shape, wrong version, wrong moment, no right."""
    offer = play.whisper("拒收", 9)
    url, headers = f"/v1/bids/{bid.id}/actions/submit", bid.solver.headers
    stale = {"If-Match": '"v9.0123456789abcdef"', "Idempotency-Key": "refused"}
    right = {"If-Match": '"v1.0123456789abcdef"', "Idempotency-Key": "refused"}
    rival = (await someone(play.house.database, Role.SOLVER)).headers
    post = play.client.post
    play.refusals += [
        await post(url, json=offer, headers=headers),
        await post(url, json=offer, headers=headers | stale),
        await post(url, json=offer, headers=rival | right),
        await post(url, json=offer, headers=right),
        await post(url, json=offer | {"quote_fen": NEEDLE}, headers=headers | right),
        await post(url, json=offer | {"declarations": [NEEDLE]}, headers=headers | right),
        await post(url, json=offer | {"declarations": []}, headers=headers | right),
        await post(url, json=offer | {"summary": NEEDLE * 6_000}, headers=headers | right),
        await post(url, content=json.dumps(offer).encode()[:-9], headers=headers | right),
        await post(url.replace("submit", "replace"), json=offer, headers=headers | right),
        await post(url.replace("submit", "read"), json={"reading_key": NEEDLE}, headers=headers),
    ]
    # The bidder's own answer names the field that is not known; nothing else may.
    await post(url, json=offer | {NEEDLE: NEEDLE}, headers=headers | right)
    checked = await post(url.replace("submit", "check"), json=offer, headers=headers)
    assert checked.status_code == 200, checked.text


async def all_kinds_of_documents(play: Play, bid: Begun) -> None:
    """One that is sealed, one that is removed, one that is refused, one that stays half sent."""
    client, content = play.client, f"{whispers.text('正文')}\n".encode() * 30
    await papers.a_document(client, bid, content, part_bytes=700, name=f"{NEEDLE}方案.txt")
    await papers.a_document(client, bid, content, name=f"{NEEDLE}保函.txt", type="bond_guarantee")
    removed = await papers.a_document(client, bid, content, name=f"{NEEDLE}删除.txt", type="other")
    assert (await papers.act(client, bid, removed, "remove")).status_code == 200
    document = (
        await papers.begun(client, bid, content, name=f"{NEEDLE}.txt", type="other")
    ).headers
    play.refusals += [
        await papers.put(client, bid, document["location"], 5, content),
        await client.put(
            f"{document['location']}/parts/0",
            content=content,
            headers=bid.solver.headers | {"Content-Digest": papers.content_digest(b"other")},
        ),
        await papers.begun(client, bid, content, size_bytes=10**12, name=f"{NEEDLE}.txt"),
        await papers.begun(client, bid, content, type=NEEDLE),
    ]
    # The bidder's own answer says which name it was; nothing else may.
    assert (await papers.begun(client, bid, content, name=f"../{NEEDLE}")).status_code == 400
    await papers.act(client, bid, document["location"], "remove")


async def half_sent(play: Play, bid: Begun) -> None:
    """A document of which one part has come, after the offer was sealed."""
    content = f"{NEEDLE}半途".encode() * 50
    made = await papers.begun(
        play.client, bid, content + SECOND_PART, name=f"{NEEDLE}半途.txt", type="other"
    )
    sent = await papers.put(play.client, bid, made.headers["location"], 0, content)
    assert sent.status_code == 200, sent.text


async def member_of(play: Play, lead: Begun, number: int) -> Someone:
    """A firm that was asked to join and has agreed; both requests can be repeated."""
    member = await play.bidder(number)
    part = whispers.text("邀约分工")
    play.texts["part of an invitation"] = part
    body = {
        "uscc": await credit_code_of(play.house.database, member),
        "share_bps": 3_000,
        "part": part,
    }
    url = f"/v1/scenarios/{play.call.id}/consortium-invitations"
    headers = lead.solver.headers | {"Idempotency-Key": "invite"}
    asked = await play.client.post(url, json=body, headers=headers)
    again = await play.client.post(url, json=body, headers=headers)
    assert asked.status_code == 201, asked.text
    assert (again.content, again.headers["idempotency-replayed"]) == (asked.content, "true")
    place = f"/v1/consortium-invitations/{asked.json()['id']}"
    etag = (await play.client.get(place, headers=member.headers)).headers["etag"]
    headers = member.headers | {"If-Match": etag, "Idempotency-Key": "accept"}
    accepted = await play.client.post(f"{place}/actions/accept", headers=headers)
    assert accepted.json()["part"] == part, accepted.text
    return member


async def sealed_at_home(play: Play, bid: Begun, offer: dict[str, Any]) -> None:
    """An offer and a document that the bidder's own program sealed."""
    url, headers = f"/v1/scenarios/{play.call.id}/sealing-key", bid.solver.headers
    served = (await play.client.get(url, headers=headers)).json()["public_key"]
    lockbox = envelopes.from_text(served)
    content = f"{whispers.text('正文')}家".encode() * 30
    closed = papers.closed_by(bid, content, recipients=[lockbox, READING[1]], part_bytes=1_000)
    await papers.sent_closed(play.client, bid, closed)
    listed = await play.client.get(f"/v1/bids/{bid.id}/documents", headers=headers)
    made = sealing.seal_offer(
        offer,
        bid_id=str(bid.id),
        sealing_key=lockbox,
        reading_key=READING[1],
        documents=sealing.manifest_of(listed.json()),
    )
    play.keys["salt from home"] = json.loads(made.kept)["salt"]
    await play.seal(bid, "submit-sealed", made.request)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bids:
    """Everything that was handed in."""

    together: Begun
    home: Begun
    withdrawn: Begun
    unconfirmed: Begun
    draft: Begun


async def everybody_bids(play: Play) -> Bids:
    """Hand in one bid of each kind, amend the call, and confirm those that go on."""
    together = await play.begin(await play.bidder(1))
    await refused_in_every_way(play, together)
    await all_kinds_of_documents(play, together)
    member = await member_of(play, together, 2)
    member_id = str(member.actor.organization_id)
    agreement = f"{NEEDLE}协议".encode() * 20
    await papers.a_document(
        play.client,
        together,
        agreement,
        name=f"{NEEDLE}协议.txt",
        type="consortium_agreement",
    )
    await play.seal(together, "submit", play.whisper("初稿", 1, member_id=member_id))

    text = envelopes.to_text(READING[1])
    home = await play.begin(await play.bidder(3), reading_public_key=text)
    await sealed_at_home(play, home, play.whisper("家封", 2))

    others = []
    for number, place in ((4, "撤回"), (5, "未确认")):
        bid = await play.begin(await play.bidder(number))
        await papers.a_document(
            play.client, bid, agreement, name=f"{NEEDLE}保函.txt", type="bond_guarantee"
        )
        await play.seal(bid, "submit", play.whisper(place, number))
        others.append(bid)
    withdrawn, unconfirmed = others
    assert (await play.ask(withdrawn, "withdraw", key="leave")).status_code == 200
    draft = await play.begin(await play.bidder(6))

    url = f"/v1/scenarios/{play.call.id}"
    amended = await amend(play.client, play.call.cast, url, content(problem={"zh": "更正后的需求"}))
    assert amended.status_code == 200, amended.text
    for bid in (together, home):
        confirmed = await play.ask(bid, "reconfirm", key="confirm")
        assert confirmed.json()["state"] == "submitted", confirmed.text
    await play.seal(
        together, "replace", play.whisper("定稿", 7, member_id=member_id), key="replace"
    )
    await half_sent(play, draft)
    return Bids(
        together=together, home=home, withdrawn=withdrawn, unconfirmed=unconfirmed, draft=draft
    )


def content(**changes: object) -> dict[str, Any]:
    """A call that asks for a sheet and a bond, and is open to consortia and subcontractors."""
    whole = a_content(offer_requirements=whispers.REQUIREMENTS, **changes)
    return whole | {"bonds": {"bid_fen": whispers.BOND_FEN}}


async def everybody_hears(play: Play, bids: Bids) -> bytes:
    """What webhooks tell bidder, bureau, poster and a rival."""
    recorder, cast = hooks.Recorder(204), play.call.cast
    async with serve_receiver(recorder) as url, Outbound(hooks.LOCAL) as outbound:
        for listener in (bids.together.solver, bids.home.solver, cast.officer, cast.poster):
            await hooks.an_endpoint(play.house, listener, url=url)
        courier = hooks.a_courier(play.house, outbound)
        async with play.house.database.writing() as session:
            await fanout.fan_out(session, now=play.house.clock.now())
        await webhooks.deliver(courier)
    return b"\n".join(one.body for one in recorder.heard)


async def everybody_reads(play: Play, app: Litestar, bids: Bids) -> list[tuple[str, bytes]]:
    """Every address that can be read as officer, and what is about calls as others; that the number
    of bids changes none of it is proved elsewhere.
    """
    cast, database = play.call.cast, play.house.database
    ids = {"scenario_id": str(play.call.id), "bid_id": str(bids.together.id)}
    ids["organization_id"] = str(bids.together.solver.organization_id)
    found: list[tuple[str, bytes]] = []
    who = {"officer": cast.officer}
    others = {
        "auditor": cast.auditor,
        "poster": cast.poster,
        "rival": await someone(database, Role.SOLVER),
    }
    for group, about in ((who, ""), (others, "scenarios/{"), (others, "log"), (others, "events")):
        for (name, place), (_, headers, body) in (
            await told(play.client, group, list(addresses(app, ids, about=about)))
        ).items():
            found.append((f"{name} reads {place}", f"{headers}".encode() + body))
    return found


def tables_of(places: dict[str, bytes]) -> dict[str, bytes]:
    """The rows of tables alone."""
    return {name: one for name, one in places.items() if name.startswith("table ")}


async def test_whatever_a_bidder_writes_is_read_by_nobody_before_the_opening(
    client: httpx.AsyncClient,
    app: Litestar,
    house: House,
    clock: FixedClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """One search through all of it, before and after the two custodians have opened."""
    call = await a_published_call(house.database, clock, content=content())
    play = Play(client, house, call)
    with sweeping.logged(caplog) as log:
        bids = await everybody_bids(play)
        await given.the_deadline_passed(house.database, clock, call)
        await closing.close_due_calls(house.database, clock)
        await the_panel_seated(house.database, clock, call)
        url, cast = f"/v1/scenarios/{call.id}/opening", call.cast
        shares = [
            await custody.share_body(house.database, call.id, who)
            for who in (cast.officer, cast.supervisor)
        ]
        requested = await client.post(url, json=shares[0], headers=cast.officer.headers)
        heard = await everybody_hears(play, bids)
        read = await everybody_reads(play, app, bids)
    refused = b"\n".join(one.content for one in play.refusals)
    written = [("the log", log.getvalue().encode()), ("webhooks", heard), ("refusals", refused)]

    before = await sweeping.everything(house, told=[*written, *read])
    opened = await client.post(
        f"{url}/actions/witness", json=shares[1], headers=cast.supervisor.headers
    )
    await papers.an_inspector(house).work()
    after = await sweeping.everything(house)
    seen = await client.get(f"/v1/bids/{bids.together.id}", headers=cast.officer.headers)

    assert (requested.status_code, opened.status_code) == (201, 200), opened.text
    assert all(400 <= one.status_code < 500 for one in play.refusals)
    assert len(read) > 200
    assert len(before["the log"]) > 10_000 and len(before["webhooks"]) > 1_000
    markers = {"a whisper": NEEDLE, "an amount": whispers.AMOUNTS, **play.keys}
    assert len(before.get("the files of the database", before["the log"])) > 10_000
    assert sweeping.find(markers, before) == []
    named = sweeping.find({"a name": FIRM}, tables_of(before))
    assert {one.rpartition("table ")[2] for one in named} <= REGISTER
    said: dict[str, sweeping.Marker] = {**play.texts, **play.amounts}
    # What the search found nowhere it finds now, where it was opened; and nothing else of it.
    assert seen.json()["offer"]["summary"] == whispers.text("定稿摘要")
    found = {one.partition(",")[0] for one in sweeping.find(said, tables_of(after))}
    gone = ("初稿", "撤回", "未确认", "拒收")
    expected = {name for name in said if not any(place in name for place in gone)} - {
        "part of an invitation"
    }
    assert found == expected
    assert sweeping.find(dict(play.keys), after) == []
