"""How the checked dialler treats its connections: reuse, rest, cancellation, names under TLS."""

import asyncio
import contextlib
import dataclasses
import datetime as dt
import ssl
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from marketplace.kit import addresses
from marketplace.kit.exchange import Reason
from marketplace.kit.outbound import Answer, Outbound, OutboundPolicy, Unanswered
from tests.given.raw_servers import RawServer, listening, request

LOCAL = OutboundPolicy(reach=addresses.DEVELOPMENT, connect_seconds=2, total_seconds=5)
NAME = "hooks.example.com"


class Polite(RawServer):
    """A server that answers every request on a connection."""

    def __init__(self, *, requests_max: int = 1000, delay: float = 0) -> None:
        super().__init__()
        self.requests = 0
        self.heads: list[bytes] = []
        self._requests_max = requests_max
        self._delay = delay

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until it is tired of it."""
        for _ in range(self._requests_max):
            head, _ = await request(reader)
            self.heads.append(head)
            self.requests += 1
            await asyncio.sleep(self._delay)
            writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
            await writer.drain()
        writer.close()
        await writer.wait_closed()

    async def has_open(self, number: int) -> None:
        """Wait until so many connections are open; fail if that does not come about."""
        async with asyncio.timeout(2), self.changed:
            await self.changed.wait_for(lambda: self.open == number)


def at_home() -> Callable[[str, int], Awaitable[Sequence[str]]]:
    """Make a resolver for which every name is this machine."""

    async def resolve(host: str, port: int) -> Sequence[str]:
        return ["127.0.0.1"]

    return resolve


async def test_a_connection_at_rest_is_used_again() -> None:
    """Ten posts in a row cost one connection, and the tally says so."""
    async with listening(Polite()) as server, Outbound(LOCAL) as outbound:
        for _ in range(10):
            url = f"http://127.0.0.1:{server.port}/"
            answer = await outbound.post(url, headers={}, body=b"{}")
            assert isinstance(answer, Answer) and answer.status == 204

    assert (server.connections, server.requests) == (1, 10)
    assert (outbound.tally.connected, outbound.tally.reused) == (1, 9)
    assert (outbound.tally.posts, outbound.tally.answered) == (10, 10)


async def test_a_connection_that_the_server_closed_is_not_used_again() -> None:
    """A server that hangs up after each answer does not make the next post fail."""
    async with listening(Polite(requests_max=1)) as server, Outbound(LOCAL) as outbound:
        for _ in range(3):
            url = f"http://127.0.0.1:{server.port}/"
            answer = await outbound.post(url, headers={}, body=b"{}")
            assert isinstance(answer, Answer) and answer.status == 204
            await asyncio.sleep(0.02)

    assert server.connections == 3


async def test_a_connection_does_not_rest_too_long() -> None:
    """After its rest a connection is replaced, not trusted."""
    brief = dataclasses.replace(LOCAL, idle_seconds=0.05)
    async with listening(Polite()) as server, Outbound(brief) as outbound:
        url = f"http://127.0.0.1:{server.port}/"
        await outbound.post(url, headers={}, body=b"{}")
        await asyncio.sleep(0.1)
        await outbound.post(url, headers={}, body=b"{}")

    assert server.connections == 2


async def test_only_so_many_connections_rest() -> None:
    """The oldest are hung up when more rest than are wanted; closing hangs up the others."""
    few = dataclasses.replace(LOCAL, idle_max=2)
    outbound = Outbound(few)
    async with listening(Polite(delay=0.05)) as server:
        url = f"http://127.0.0.1:{server.port}/"
        await asyncio.gather(*(outbound.post(url, headers={}, body=b"{}") for _ in range(6)))
        await server.has_open(2)
        assert server.connections == 6

        await outbound.close()
        await server.has_open(0)


async def test_slow_targets_do_not_delay_each_other() -> None:
    """Fifty posts at once take about as long as one."""
    async with listening(Polite(delay=0.2)) as server, Outbound(LOCAL) as outbound:
        url = f"http://127.0.0.1:{server.port}/"
        started = asyncio.get_running_loop().time()
        await asyncio.gather(*(outbound.post(url, headers={}, body=b"{}") for _ in range(50)))
        seconds = asyncio.get_running_loop().time() - started

    assert server.requests == 50 and seconds < 3


async def test_a_cancelled_post_leaves_no_connection_behind() -> None:
    """Stopping a worker hangs up at once, and the dialler stays usable."""
    async with listening(Polite(delay=0.3)) as server, Outbound(LOCAL) as outbound:
        url = f"http://127.0.0.1:{server.port}/"
        posting = asyncio.create_task(outbound.post(url, headers={}, body=b"{}"))
        await asyncio.sleep(0.05)
        posting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await posting
        answer = await outbound.post(url, headers={}, body=b"{}")

    assert posting.cancelled()
    assert isinstance(answer, Answer) and server.connections == 2


def certificate(folder: Path, name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Make a self-signed certificate: the server's context and that of a client that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "certificate.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    pem.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(pem)
    return serving, ssl.create_default_context(cafile=str(pem))


async def test_tls_names_the_host_of_the_url(tmp_path: Path) -> None:
    """The address is dialled, but SNI, certificate and Host are those of the name."""
    serving, trusting = certificate(tmp_path, NAME)
    named: list[str | None] = []
    serving.sni_callback = lambda _, name, __: named.append(name)
    async with (
        listening(Polite(), serving) as server,
        Outbound(LOCAL, resolver=at_home(), tls=trusting) as outbound,
    ):
        url = f"https://{NAME}:{server.port}/in"
        answer = await outbound.post(url, headers={}, body=b"{}")

    assert isinstance(answer, Answer)
    assert (answer.status, answer.address) == (204, "127.0.0.1")
    assert named == [NAME]
    assert f"host: {NAME}:{server.port}\r\n".encode() in server.heads[0].lower()


async def test_a_certificate_for_another_name_is_refused(tmp_path: Path) -> None:
    """Nothing is sent to a server that cannot prove the name."""
    serving, trusting = certificate(tmp_path, "other.example.com")
    async with (
        listening(Polite(), serving) as server,
        Outbound(LOCAL, resolver=at_home(), tls=trusting) as outbound,
    ):
        url = f"https://{NAME}:{server.port}/"
        answer = await outbound.post(url, headers={}, body=b"{}")

    assert isinstance(answer, Unanswered) and answer.reason is Reason.TLS_FAILED
    assert server.requests == 0


async def test_an_unknown_authority_is_refused(tmp_path: Path) -> None:
    """The default trusts the public authorities, not whoever signed for themselves."""
    serving, _ = certificate(tmp_path, NAME)
    async with (
        listening(Polite(), serving) as server,
        Outbound(LOCAL, resolver=at_home()) as outbound,
    ):
        url = f"https://{NAME}:{server.port}/"
        answer = await outbound.post(url, headers={}, body=b"{}")

    assert isinstance(answer, Unanswered) and answer.reason is Reason.TLS_FAILED


async def test_a_handshake_that_never_ends_is_a_connect_timeout() -> None:
    """A server that takes the connection and says nothing has the time to connect, no more."""
    quick = dataclasses.replace(LOCAL, connect_seconds=0.2)
    async with listening(Polite()) as server, Outbound(quick) as outbound:
        url = f"https://127.0.0.1:{server.port}/"
        answer = await outbound.post(url, headers={}, body=b"{}")

    assert isinstance(answer, Unanswered) and answer.reason is Reason.CONNECT_TIMEOUT
    assert answer.duration_ms < 1200


async def test_a_deadline_within_the_handshake_leaves_no_socket_open() -> None:
    """The total may strike while TLS is being set up; the server sees the connection end."""
    async with listening(Polite()) as server, Outbound(LOCAL) as outbound:
        url = f"https://127.0.0.1:{server.port}/"
        answer = await outbound.post(url, headers={}, body=b"{}", timeout=0.2)
        await server.has_open(0)

    assert isinstance(answer, Unanswered) and answer.reason is Reason.TIMEOUT
