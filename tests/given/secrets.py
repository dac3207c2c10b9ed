"""A house with something in every column that is sealed, and what must still work with it."""

import dataclasses
from dataclasses import dataclass

import httpx

from marketplace.custody.actions import keys as custody
from marketplace.house import House
from marketplace.identity.actions import bank_accounts, experts, profile, second_factors
from marketplace.identity.rules.access import Role
from marketplace.identity.rules.ties import TieKind
from marketplace.kit.clock import FixedClock
from marketplace.kit.outbound import Outbound
from marketplace.profiles.rules.profile import Track
from marketplace.webhooks import jobs
from marketplace.webhooks.actions import endpoints
from tests.given import bids, documents, inference, offers, panels, scoring, sign_ins, webhooks
from tests.given.identity import Someone, someone
from tests.given.scenarios import Called, a_published_call, the_panel_seated

PASSPHRASE = "seven lanterns under a quiet harbour"


@dataclass(frozen=True, slots=True)
class Planted:
    """What was sealed, and what it was before."""

    call: Called
    owner: Someone
    endpoint: endpoints.WithSecret
    secrets: tuple[str, str]
    """The present secret of the endpoint and the one before."""
    request: httpx.Request
    """A sealed offer as it was sent."""
    answer: bytes


async def secrets_everywhere(
    house: House, clock: FixedClock, client: httpx.AsyncClient, *, url: str = webhooks.NOWHERE
) -> Planted:
    """Plant a secret in every column that is declared as sealed; a new column belongs in here."""
    await _an_opening_half_done(house, clock)
    await _documents_sealed_and_opened(house, clock, client)
    await _a_tie_declared_and_a_draw_half_done(house, clock, client)
    await _an_endpoint_submitted(house, clock, client)
    call = await a_published_call(house.database, clock, content=offers.a_content_for_consortia())
    await _members_asked_and_a_key_locked(house, clock, call)
    for _ in range(2):
        await bids.a_sealed_bid(house.database, clock, call, keeper=house.keeper)
    request, answer = await _an_offer_sent(house, clock, client, call)
    owner = await someone(house.database, Role.SOLVER)
    made = await webhooks.an_endpoint(house, owner, url=url)
    async with house.database.writing() as session:
        renewed = await endpoints.rotate_secret(
            session,
            owner.actor,
            made.row.id,
            expected_version=made.row.version,
            keeper=house.keeper,
            entropy=b"\x07" * 32,
            now=clock.now(),
        )
    await _an_account_and_an_authenticator(house, clock)
    return Planted(call, owner, renewed, (renewed.secret, made.secret), request, answer)


async def _an_opening_half_done(house: House, clock: FixedClock) -> None:
    """Let an officer release a share: it waits, sealed, for the supervisor's."""
    call = await a_published_call(house.database, clock)
    await bids.the_deadline_passed(house.database, clock, call)
    await the_panel_seated(house.database, clock, call)
    await bids.requested(house.database, clock, call, keeper=house.keeper)


async def _members_asked_and_a_key_locked(house: House, clock: FixedClock, call: Called) -> None:
    """Ask somebody to join a consortium, and let a deputy have a key under a passphrase."""
    lead, member = [await someone(house.database, Role.SOLVER) for _ in range(2)]
    await offers.invited(house.database, clock, call, lead=lead, member=member, keeper=house.keeper)
    bureau_id = call.cast.officer.organization_id
    deputy = await someone(house.database, Role.BUREAU_OFFICER, organization_id=bureau_id)
    locked = await custody.locked_pair(PASSPHRASE, hasher=house.hasher)
    async with house.database.writing() as session:
        await custody.register_key(
            session,
            deputy.actor,
            bureau_id,
            public_key=locked.public_key,
            locked=locked,
            keeper=house.keeper,
            now=clock.now(),
        )


async def _documents_sealed_and_opened(
    house: House, clock: FixedClock, client: httpx.AsyncClient
) -> None:
    """Open a call with a document: its type and the key of its parts are kept sealed."""
    call = await a_published_call(house.database, clock)
    bid = await bids.a_draft_bid(house.database, clock, call)
    await documents.a_document(client, bid)
    await bids.sealed(house.database, clock, bid, keeper=house.keeper)
    await bids.the_deadline_passed(house.database, clock, call)
    await bids.the_opening(house.database, clock, call, keeper=house.keeper)


async def _an_endpoint_submitted(
    house: House, clock: FixedClock, client: httpx.AsyncClient
) -> None:
    """Let a solver submit an endpoint with a secret header: names of its inputs are drawn."""
    play = await inference.a_calling_play(client, house.database, clock)
    made = await inference.register(play, webhooks.NOWHERE, secret=inference.SECRET)
    where = f"/v1/inference-endpoints/{made.json()['id']}/actions/submit"
    await play.do(play.solvers["ours"], where)


async def _a_tie_declared_and_a_draw_half_done(
    house: House, clock: FixedClock, client: httpx.AsyncClient
) -> None:
    """Let an expert tell what an interest consists of, and an officer bind their side of a draw."""
    play = await scoring.a_published_play(
        client,
        house.database,
        clock,
        criteria=scoring.PLAN_AND_PRICE,
        judges=5,
        track=Track.PROCUREMENT_TENDER,
    )
    expert = play.experts[0].actor
    facts = experts.TieFacts(
        organization_id=(await someone(house.database, Role.SOLVER)).organization_id,
        kind=TieKind.INTEREST,
        detail="配偶在该公司任职(示例)",
    )
    async with house.database.writing() as session:
        await experts.declare_tie(
            session,
            expert,
            expert.person_id,
            facts=facts,
            now=clock.now(),
            keeper=house.keeper,
        )
    await panels.open_draw_in_time(play, size=5)


async def _an_account_and_an_authenticator(house: House, clock: FixedClock) -> None:
    """Let an administrator state where they are paid, and begin with an authenticator."""
    admin = await someone(house.database, Role.ORGANIZATION_ADMIN)
    await sign_ins.a_password(house.database, admin.actor, "planted.admin")
    in_session = dataclasses.replace(
        admin.actor,
        key_id=None,
        session_id=await sign_ins.a_session(house.database, admin.actor, now=clock.now()),
    )
    async with house.database.writing() as session:
        owner = await profile.own_organization(session, admin.actor, admin.organization_id)
        await bank_accounts.set_bank_account(
            session,
            admin.actor,
            admin.organization_id,
            account=bank_accounts.AccountNamed(
                bank_name="某银行(示例)", account_name="某公司(示例)", number="6222837194650281937"
            ),
            expected_version=owner.version,
            keeper=house.keeper,
            now=clock.now(),
        )
        await second_factors.enrol(
            session, in_session, keeper=house.keeper, entropy=b"\x05" * 20, now=clock.now()
        )


async def _an_offer_sent(
    house: House, clock: FixedClock, client: httpx.AsyncClient, call: Called
) -> tuple[httpx.Request, bytes]:
    """Send a sealed offer over HTTP: its answer is kept for a repeat."""
    bid = await bids.a_draft_bid(house.database, clock, call)
    path = f"/v1/bids/{bid.id}"
    read = await client.get(path, headers=bid.solver.headers)
    headers = {"If-Match": read.headers["etag"], "Idempotency-Key": "planted"}
    request = client.build_request(
        "POST",
        f"{path}/actions/submit",
        json=bids.an_offer_body(),
        headers=bid.solver.headers | headers,
    )
    answer = await client.send(request)
    assert answer.status_code == 200, answer.text
    return request, answer.content


async def check_that_it_works(
    house: House,
    clock: FixedClock,
    client: httpx.AsyncClient,
    planted: Planted,
    recorder: webhooks.Recorder,
) -> None:
    """Repeat the offer, deliver a webhook under both secrets, and open the call's bids."""
    again = await client.send(planted.request)
    assert (again.status_code, again.content) == (200, planted.answer), again.text
    assert again.headers["idempotency-replayed"] == "true"

    async with house.database.writing() as session:
        await endpoints.ping(session, planted.owner.actor, planted.endpoint.row.id, now=clock.now())
    async with Outbound(webhooks.LOCAL) as outbound:
        await jobs.deliver(webhooks.a_courier(house, outbound))
    heard = recorder.heard[-1]
    assert all(heard.is_signed_with(secret) for secret in planted.secrets)

    await bids.the_deadline_passed(house.database, clock, planted.call)
    await bids.the_opening(house.database, clock, planted.call, keeper=house.keeper)
