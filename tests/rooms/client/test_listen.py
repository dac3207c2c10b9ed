"""The development receiver: what it accepts, what it refuses, and what it remembers."""

import datetime as dt
import json

import httpx
import pytest

from marketplace.client.listen import Mischief, Outcome, Received, create_receiver, serve_receiver
from marketplace.webhooks.rules import signing

SECRET = signing.secret_of(b"r" * 32)
EVENT = {"type": "scenario.published", "subject": "scenario/1", "sequence": 1, "data": {"zh": "榜"}}
BODY = json.dumps(EVENT, ensure_ascii=False).encode()


def headers_for(body: bytes, *, message_id: str = "m1", secret: str = SECRET) -> dict[str, str]:
    """Sign a body as the marketplace does."""
    return signing.signed_headers(
        [secret], message_id=message_id, at=dt.datetime.now(dt.UTC), body=body
    )


class Heard(list[Received]):
    """Everything the receiver reported."""

    @property
    def outcomes(self) -> list[str]:
        """What was made of each request."""
        return [received.outcome.value for received in self]


async def test_accepts_a_signed_event() -> None:
    """A valid message is answered 204 and reported once, with its envelope."""
    heard = Heard()
    async with (
        serve_receiver(create_receiver(SECRET, on_event=heard.append)) as url,
        httpx.AsyncClient() as sender,
    ):
        answer = await sender.post(url + "any/path", content=BODY, headers=headers_for(BODY))

    assert answer.status_code == 204
    assert heard.outcomes == ["accepted"]
    assert heard[0].event == EVENT and heard[0].attempt == 1
    assert heard[0].line == "收到 accepted scenario.published scenario/1 #1 attempt 1 m1"


async def test_knows_a_duplicate_by_its_id() -> None:
    """The same id again is answered like the first time, and told apart."""
    heard = Heard()
    async with (
        serve_receiver(create_receiver(SECRET, on_event=heard.append)) as url,
        httpx.AsyncClient() as sender,
    ):
        for message_id in ("m1", "m2", "m1"):
            headers = headers_for(BODY, message_id=message_id)
            answer = await sender.post(url, content=BODY, headers=headers)
            assert answer.status_code == 204

    assert heard.outcomes == ["accepted", "accepted", "duplicate"]


async def test_fails_the_first_attempt_of_each_message_on_purpose() -> None:
    """Each message is refused once, accepted the second time, and a duplicate the third."""
    heard = Heard()
    receiver = create_receiver(SECRET, mischief=Mischief(first=True), on_event=heard.append)
    async with serve_receiver(receiver) as url, httpx.AsyncClient() as sender:
        statuses = [
            (await sender.post(url, content=BODY, headers=headers_for(BODY))).status_code
            for _ in range(3)
        ]

    assert statuses == [503, 204, 204]
    assert heard.outcomes == ["refused_on_purpose", "accepted", "duplicate"]


async def test_a_share_of_the_attempts_is_refused_with_the_status_asked_for() -> None:
    """Chance decides about each attempt; what was accepted once is not refused any more."""
    draws = iter([0.1, 0.9, 0.2, 0.3])
    heard = Heard()
    receiver = create_receiver(
        SECRET,
        mischief=Mischief(rate=0.3, status=429),
        draw=lambda: next(draws),
        on_event=heard.append,
    )
    async with serve_receiver(receiver) as url, httpx.AsyncClient() as sender:
        statuses = []
        for message_id in ("m1", "m1", "m1", "m2", "m2"):
            headers = headers_for(BODY, message_id=message_id)
            statuses.append((await sender.post(url, content=BODY, headers=headers)).status_code)

    assert statuses == [429, 204, 204, 429, 204]
    assert heard.outcomes == [
        "refused_on_purpose", "accepted", "duplicate", "refused_on_purpose", "accepted"
    ]  # fmt: skip


@pytest.mark.parametrize(
    "signature", ["", "v1,", "v1", "v1,AAAA", "nonsense", "v2,AAAA v1", "v1,é"]
)
async def test_refuses_what_is_not_signed_with_its_secret(signature: str) -> None:
    """A missing, broken or foreign signature is answered 401, whatever its shape."""
    heard = Heard()
    headers = headers_for(BODY) | {"webhook-signature": signature}
    encoded = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    async with (
        serve_receiver(create_receiver(SECRET, on_event=heard.append)) as url,
        httpx.AsyncClient() as sender,
    ):
        answer = await sender.post(url, content=BODY, headers=encoded)

    assert answer.status_code == 401
    assert heard.outcomes == ["bad_signature"] and heard[0].event == {}


async def test_a_forged_message_does_not_count_as_an_attempt() -> None:
    """Nobody without the secret can use up the first attempt of a message, or its id."""
    heard = Heard()
    other = signing.secret_of(b"o" * 32)
    receiver = create_receiver(SECRET, mischief=Mischief(first=True), on_event=heard.append)
    async with serve_receiver(receiver) as url, httpx.AsyncClient() as sender:
        await sender.post(url, content=BODY, headers=headers_for(BODY, secret=other))
        await sender.post(url, content=BODY, headers=headers_for(BODY))

    assert heard.outcomes == ["bad_signature", "refused_on_purpose"]


async def test_refuses_what_cannot_be_a_webhook() -> None:
    """Another method, a body beyond a megabyte, and signed bytes that are not an object."""
    heard = Heard()
    async with (
        serve_receiver(create_receiver(SECRET, on_event=heard.append)) as url,
        httpx.AsyncClient() as sender,
    ):
        statuses = [(await sender.get(url)).status_code]
        for body in (b"x" * 1_048_577, b"[]", b"not json"):
            answer = await sender.post(url, content=body, headers=headers_for(body))
            statuses.append(answer.status_code)

    assert statuses == [400] * 4
    assert set(heard.outcomes) == {Outcome.NOT_A_WEBHOOK.value}


def test_a_line_cannot_draw_on_the_terminal() -> None:
    """Control characters from the network are shown as question marks."""
    received = Received(
        outcome=Outcome.ACCEPTED, message_id="m\x1b[2J", attempt=1, event={"type": "a\nb"}
    )

    assert received.line == "收到 accepted a?b - #- attempt 1 m?[2J"


async def test_stops_when_its_block_ends() -> None:
    """After the block nobody listens any more."""
    async with serve_receiver(create_receiver(SECRET)) as url:
        pass

    async with httpx.AsyncClient() as sender:
        with pytest.raises(httpx.ConnectError):
            await sender.post(url, content=BODY)
