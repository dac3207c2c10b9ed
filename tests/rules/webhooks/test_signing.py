"""Signatures, checked against the published verification library and its test vector."""

import base64
import datetime as dt
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from marketplace.webhooks import errors
from marketplace.webhooks.rules import signing

OLD_SECRET = signing.secret_of(b"old secret, thirty-two bytes long"[:32])
NEW_SECRET = signing.secret_of(b"new secret, thirty-two bytes long"[:32])
BODY = json.dumps({"type": "scenario.published", "标题": "榜单"}, ensure_ascii=False).encode()


def test_signs_the_vector_of_the_specification() -> None:
    """The example published with the specification gives its published signature."""
    key = signing.key_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")

    signed = signing.signature(
        key,
        message_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        timestamp=1614265330,
        body=b'{"test": 2432232314}',
    )

    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_published_library_accepts_a_signed_message() -> None:
    """A receiver that uses the published library needs nothing else."""
    headers = signing.signed_headers(
        [NEW_SECRET], message_id="0198-abc", at=dt.datetime.now(dt.UTC), body=BODY
    )

    assert Webhook(NEW_SECRET).verify(BODY, headers) == json.loads(BODY)


@pytest.mark.parametrize("secret", [OLD_SECRET, NEW_SECRET])
def test_either_secret_verifies_while_one_is_rotated(secret: str) -> None:
    """A receiver may change over at any moment of the overlap."""
    headers = signing.signed_headers(
        [NEW_SECRET, OLD_SECRET], message_id="m1", at=dt.datetime.now(dt.UTC), body=BODY
    )

    assert Webhook(secret).verify(BODY, headers)
    assert len(headers["webhook-signature"].split(" ")) == 2


def test_the_old_secret_alone_no_longer_verifies_after_rotation() -> None:
    """Once the overlap is over, what an old secret signs is worth nothing."""
    headers = signing.signed_headers(
        [NEW_SECRET], message_id="m1", at=dt.datetime.now(dt.UTC), body=BODY
    )

    with pytest.raises(WebhookVerificationError):
        Webhook(OLD_SECRET).verify(BODY, headers)


@pytest.mark.parametrize("header", ["webhook-id", "webhook-timestamp"])
def test_id_and_timestamp_are_part_of_what_is_signed(header: str) -> None:
    """A captured message cannot be replayed under another id or a fresher time."""
    headers = signing.signed_headers(
        [NEW_SECRET], message_id="100", at=dt.datetime.now(dt.UTC), body=BODY
    )
    headers[header] = str(int(headers[header]) + 1)

    with pytest.raises(WebhookVerificationError):
        Webhook(NEW_SECRET).verify(BODY, headers)


def test_the_same_instant_gives_the_same_signature_in_every_zone() -> None:
    """A clock set to Shanghai signs the same seconds as one set to UTC."""
    instant = dt.datetime(2026, 3, 2, 4, 0, tzinfo=dt.UTC)
    shanghai = instant.astimezone(dt.timezone(dt.timedelta(hours=8)))

    both = [
        signing.signed_headers([NEW_SECRET], message_id="m1", at=at, body=BODY)
        for at in (instant, shanghai)
    ]

    assert both[0] == both[1]


@pytest.mark.parametrize("message_id", ["", "a.b", "a b", "a\nb", "编号", "x" * 129])
def test_refuses_ids_that_would_blur_what_is_signed(message_id: str) -> None:
    """A dot in the id would let one message pass for another."""
    with pytest.raises(errors.MessageIdUnusable):
        signing.signature(bytes(24), message_id=message_id, timestamp=1, body=b"")


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "whsec_",
        base64.b64encode(bytes(32)).decode(),
        "whsk_" + base64.b64encode(bytes(32)).decode(),
        "whsec_" + base64.b64encode(bytes(23)).decode(),
        "whsec_" + base64.b64encode(bytes(65)).decode(),
        "whsec_****",
        "whsec_密钥",
    ],
)
def test_refuses_secrets_of_another_shape(secret: str) -> None:
    """Wrong prefix, broken base64, too short or too long: all refused, and none repeated."""
    with pytest.raises(errors.SecretUnusable) as refusal:
        signing.key_of(secret)

    assert refusal.value.facts == {}


@pytest.mark.parametrize("length", [0, 23, 65])
def test_refuses_to_make_weak_or_oversized_secrets(length: int) -> None:
    """A secret is never made from too little randomness."""
    with pytest.raises(errors.SecretUnusable):
        signing.secret_of(bytes(length))


def test_refuses_to_send_anything_unsigned() -> None:
    """Without a secret there are no headers, not empty ones."""
    with pytest.raises(errors.SecretUnusable):
        signing.signed_headers([], message_id="m1", at=dt.datetime.now(dt.UTC), body=BODY)


@settings(deadline=None, max_examples=100)
@given(st.binary(min_size=24, max_size=64), st.text(max_size=200))
def test_secrets_and_bodies_of_any_content_make_the_round_trip(entropy: bytes, text: str) -> None:
    """Whatever the bytes, the published library agrees with our signature."""
    body = json.dumps(text, ensure_ascii=False).encode("utf-8", "replace")
    secret = signing.secret_of(entropy)

    headers = signing.signed_headers(
        [secret], message_id="m", at=dt.datetime.now(dt.UTC), body=body
    )

    assert signing.key_of(secret) == entropy
    Webhook(secret).verify(body, headers)
