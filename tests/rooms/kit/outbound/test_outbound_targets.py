"""Whatever is asked for, however it is written, and wherever a name leads: nothing forbidden is
dialled.  Two witnesses say so: a server that listens on every address of this machine, and the
interpreter, which tells of every connection that anything in this process attempts.
"""

import asyncio
import contextlib
import dataclasses
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

import pytest
from sqlmodel import col, select

from marketplace.house import House
from marketplace.identity.rules.access import Role
from marketplace.kit import addresses
from marketplace.kit.addresses import Objection
from marketplace.kit.exchange import Reason
from marketplace.kit.outbound import Answer, Outbound, OutboundPolicy, Unanswered
from marketplace.webhooks import jobs
from marketplace.webhooks.actions import endpoints
from marketplace.webhooks.actions.endpoints import Subscription
from marketplace.webhooks.errors import TargetRefused
from marketplace.webhooks.tables import Attempt, Endpoint
from tests.given import webhooks as given
from tests.given.identity import someone
from tests.given.targets import FORBIDDEN, TRICKS, disguised

# Like production but for plain http, so that no refusal is owed to the scheme.
STRICT = OutboundPolicy(reach=addresses.Policy(plain_http=True), connect_seconds=2, total_seconds=5)
LOCAL = dataclasses.replace(STRICT, reach=addresses.DEVELOPMENT)
METADATA = "169.254.169.254"
NAME = "hooks.example.com"
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


class Attempts(list[str]):
    """The addresses that this process tries to connect to; watched by an audit hook, which cannot
    be taken out again, so there is one for the whole process.
    """

    def hear(self, event: str, arguments: tuple[object, ...]) -> None:
        """Note a connection, to whomever but a socket of this machine's file system."""
        if event == "socket.connect" and isinstance(arguments[1], tuple):
            self.append(str(arguments[1][0]))


_seen: list[Attempts] = []


@pytest.fixture
def attempts() -> Attempts:
    """What is attempted from now on."""
    if not _seen:
        _seen.append(Attempts())
        sys.addaudithook(_seen[0].hear)
    _seen[0].clear()
    return _seen[0]


@dataclasses.dataclass(slots=True)
class Listener:
    """A server that counts who comes, and sends everybody on to the metadata of the cloud."""

    port: int = 0
    arrived: int = 0
    location: str = f"http://{METADATA}/latest/meta-data/"
    status: int = 302

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request and hang up."""
        self.arrived += 1
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            head = f"HTTP/1.1 {self.status} Go\r\nLocation: {self.location}\r\n"
            writer.write((head + "Content-Length: 0\r\nConnection: close\r\n\r\n").encode())
            await writer.drain()
        writer.close()


@contextlib.asynccontextmanager
async def listening() -> AsyncIterator[Listener]:
    """Listen on all addresses of both families, where this machine has them."""
    listener = Listener()
    both = socket.has_dualstack_ipv6()
    family = socket.AF_INET6 if both else socket.AF_INET
    bound = socket.create_server(("", 0), family=family, dualstack_ipv6=both)
    listener.port = bound.getsockname()[1]
    async with await asyncio.start_server(listener.serve, sock=bound):
        yield listener


class Oracle:
    """A resolver that gives one answer per question, the last one for ever, and counts."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.asked = 0
        self._answers = answers

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        """Say where a name leads this time."""
        self.asked += 1
        return self._answers[min(self.asked, len(self._answers)) - 1]


async def post(url: str, resolver: Resolve, policy: OutboundPolicy = STRICT) -> object:
    """Send one message and tell what was said against it, or the status."""
    async with Outbound(policy, resolver=resolver) as outbound:
        heard = await outbound.post(url, headers={}, body=b"{}")
    if isinstance(heard, Answer):
        return heard.status
    assert heard.reason is Reason.TARGET_REFUSED, heard
    return heard.objection


async def test_the_witnesses_see_a_connection(attempts: Attempts) -> None:
    """What may be dialled is dialled, and both say so."""
    async with listening() as listener:
        said = await post(f"http://{NAME}:{listener.port}/", Oracle(["127.0.0.1"]), LOCAL)

    assert said == 302
    assert (attempts, listener.arrived) == (["127.0.0.1"], 1)


async def test_no_name_leads_to_a_forbidden_address(attempts: Attempts) -> None:
    """Not alone, not before a good address, not after one; in no form an address comes in."""
    good = ["93.184.215.14", "2606:4700:4700::1111"]
    said = {}
    async with listening() as listener:
        for bad in [*FORBIDDEN, "fe80::1%lo", "::1%lo", "2606:4700::1%lo"]:
            for answer in ([bad], [*good, bad], [bad, *good], [good[0], bad, good[1]]):
                url = f"http://{NAME}:{listener.port}/"
                said[tuple(answer)] = await post(url, Oracle(answer))

    assert set(said.values()) == {Objection.ADDRESS}
    assert len(said) == 4 * (len(FORBIDDEN) + 3)
    assert (attempts, listener.arrived) == ([], 0)


async def test_no_way_of_writing_an_address_reaches_it(attempts: Attempts) -> None:
    """The dialler judges the text again, so a row that was put in by hand gains nothing."""
    oracle = Oracle(["127.0.0.1"])
    said = {}
    async with listening() as listener:
        for case, host, _ in disguised():
            said[case] = await post(f"http://{host}:{listener.port}/", oracle)

    assert said == {case: objection for case, _, objection in disguised()}
    assert oracle.asked == 0
    assert (attempts, listener.arrived) == ([], 0)


async def test_every_trick_is_refused_at_registration_and_at_sending(
    house: House, attempts: Attempts
) -> None:
    """Nothing is stored, and what would have been stored is not sent."""
    owner = await someone(house.database, Role.SOLVER)
    tricks = [*TRICKS, *((f"https://{host}/", said) for _, host, said in disguised())]
    registered, sent = [], []
    async with house.database.writing() as session:
        for url, _ in tricks:
            with pytest.raises(TargetRefused) as refused:
                await endpoints.register_endpoint(
                    session,
                    owner.actor,
                    Subscription(url=url),
                    keeper=house.keeper,
                    reach=addresses.PRODUCTION,
                    entropy=bytes(32),
                    now=house.clock.now(),
                )
            registered.append(refused.value.facts["objection"])
    for url, _ in tricks:
        sent.append(await post(url, Oracle(["93.184.215.14"]), OutboundPolicy()))

    assert registered == sent == [objection for _, objection in tricks]
    assert attempts == []
    async with house.database.reading() as session:
        assert (await session.exec(select(Endpoint))).all() == []


@pytest.mark.parametrize("bad", [METADATA, "10.0.0.1", "::ffff:127.0.0.1", "fd00:ec2::254"])
async def test_a_name_that_turns_after_registration_is_refused_and_noted(
    house: House, attempts: Attempts, bad: str
) -> None:
    """It led to a good address when it was registered and first called; the next attempt says why
    nobody was called, and nobody was.
    """
    oracle = Oracle(["127.0.0.1"], [bad])
    owner = await someone(house.database, Role.SOLVER)
    async with listening() as listener, Outbound(LOCAL, resolver=oracle) as outbound:
        courier = given.a_courier(house, outbound)
        url = f"http://{NAME}:{listener.port}/in"
        await given.an_endpoint(house, owner, "scenario.closed", url=url)
        for _ in range(2):
            await given.an_event(house)
            await jobs.fan_out(courier)
            await jobs.deliver(courier)

    async with house.database.reading() as session:
        rows = (await session.exec(select(Attempt).order_by(col(Attempt.id)))).all()
    noted = sorted((row.status or 0, row.reason, row.detail) for row in rows)
    assert noted == [(0, "target_refused", "address"), (302, None, None)]
    assert (attempts, listener.arrived, oracle.asked) == (["127.0.0.1"], 1, 2)


async def test_what_was_judged_is_what_is_dialled(attempts: Attempts) -> None:
    """A name that turns between two questions gains nothing: there is one question."""
    oracle = Oracle(["127.0.0.1"], [METADATA])
    async with listening() as listener:
        said = await post(f"http://{NAME}:{listener.port}/", oracle, LOCAL)

    assert (said, oracle.asked, attempts) == (302, 1, ["127.0.0.1"])


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_leads_nowhere(attempts: Attempts, status: int) -> None:
    """To the metadata of the cloud, in three forms, or back to this machine."""
    oracle = Oracle(["127.0.0.1"])
    async with listening() as listener, Outbound(LOCAL, resolver=oracle) as outbound:
        listener.status = status
        heard = []
        for host in (
            METADATA,
            f"[::ffff:{METADATA}]",
            str(0xA9FEA9FE),
            f"127.0.0.1:{listener.port}",
        ):
            listener.location = f"http://{host}/latest/meta-data/"
            url = f"http://{NAME}:{listener.port}/"
            heard.append(await outbound.post(url, headers={}, body=b"{}"))

    assert all(isinstance(one, Answer) and one.status == status for one in heard)
    assert not any(isinstance(one, Unanswered) for one in heard)
    assert (attempts, listener.arrived) == (["127.0.0.1"] * 4, 4)
