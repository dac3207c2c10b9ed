"""What of an OpenID provider is believed: a provider of our own making lies in every way."""

import asyncio
import base64
import datetime as dt
import hashlib
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from marketplace.kit.openid import (
    Account,
    Begun,
    OpenIdProvider,
    ProviderUnavailable,
    SignOnRefused,
)
from tests.conftest import START

ISSUER = "https://id.example.cn"
CLIENT = "jiebang"
SECRET = "a secret of the tests that is long enough for any key"
HERE = "https://jiebang.example.cn/v1/sessions/oidc/callback"
ACCESS = "an access token"
KEY = RSAKey.generate_key(2048, {"kid": "one"})
OTHER_KEY = RSAKey.generate_key(2048, {"kid": "one"})


def half_hash(text: str) -> str:
    """The left half of a digest, as `at_hash` carries it."""
    digest = hashlib.sha256(text.encode()).digest()
    return base64.urlsafe_b64encode(digest[:16]).decode().rstrip("=")


@dataclass
class Liar:
    """A provider whose every word can be changed."""

    key: RSAKey = field(default_factory=lambda: KEY)
    shown: RSAKey | None = None
    """The key it publishes; the one it signs with unless given."""
    algorithm: str = "RS256"
    claims: dict[str, Any] = field(default_factory=dict)
    about: dict[str, Any] = field(default_factory=dict)
    nonce: str = ""
    asked: list[str] = field(default_factory=list)
    bodies: list[dict[str, list[str]]] = field(default_factory=list)
    slow: bool = False

    async def answer(self, request: httpx.Request) -> httpx.Response:
        """Answer like a provider."""
        self.asked.append(request.url.path)
        if self.slow:
            await asyncio.sleep(30)
        if request.url.path.endswith("/openid-configuration"):
            return httpx.Response(200, json=self.description())
        if request.url.path == "/jwks":
            shown = (self.shown or self.key).as_dict(private=False)
            return httpx.Response(200, json={"keys": [shown]})
        self.bodies.append(parse_qs(request.content.decode()))
        return httpx.Response(
            200,
            json={"access_token": ACCESS, "token_type": "Bearer", "id_token": self.token()},
        )

    def description(self) -> dict[str, Any]:
        """What it says about itself."""
        return {
            "issuer": ISSUER,
            "authorization_endpoint": f"{ISSUER}/auth",
            "token_endpoint": f"{ISSUER}/token",
            "jwks_uri": f"{ISSUER}/jwks",
        } | self.about

    def token(self) -> str:
        """What it says about who signed in."""
        now = int(START.timestamp())
        honest = {
            "iss": ISSUER,
            "sub": "officer-7",
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": self.nonce,
            "at_hash": half_hash(ACCESS),
        }
        claims = {name: value for name, value in (honest | self.claims).items() if value != ""}
        if self.algorithm == "none":
            parts = [json.dumps({"alg": "none"}), json.dumps(claims)]
            texts = [base64.urlsafe_b64encode(p.encode()).decode().rstrip("=") for p in parts]
            return ".".join([*texts, ""])
        if self.algorithm == "HS256":
            keyed = OctKey.import_key(SECRET)
            return jwt.encode({"alg": "HS256"}, claims, keyed, algorithms=["HS256"])
        header = {"alg": self.algorithm, "kid": "one"}
        return jwt.encode(header, claims, self.key, algorithms=[self.algorithm])


def a_provider(liar: Liar, **options: Any) -> OpenIdProvider:
    """What we believe of this liar."""
    return OpenIdProvider(
        issuer=ISSUER,
        client_id=CLIENT,
        client_secret=SECRET,
        transport=httpx.MockTransport(liar.answer),
        **options,
    )


async def finished(
    provider: OpenIdProvider, liar: Liar, begun: Begun, *, now: dt.datetime = START
) -> Account:
    """Come back from the provider with a code."""
    liar.nonce = liar.nonce or begun.nonce
    return await provider.finish(
        {"code": "a code", "state": begun.state, "iss": ISSUER},
        state=begun.state,
        nonce=begun.nonce,
        verifier=begun.verifier,
        redirect_uri=HERE,
        now=now,
    )


async def played(liar: Liar, *, now: dt.datetime = START) -> Account:
    """Sign on at this liar, from the beginning."""
    provider = a_provider(liar)
    begun = await provider.begin(redirect_uri=HERE, now=START)
    return await finished(provider, liar, begun, now=now)


class TestBelieved:
    """An honest answer."""

    async def test_an_honest_token_names_the_account(self) -> None:
        """Issuer and subject, and nothing else, say who it is."""
        assert await played(Liar()) == Account(issuer=ISSUER, subject="officer-7")

    async def test_the_code_is_bound_to_who_asked_for_it(self) -> None:
        """The challenge that went out is the digest of the verifier that goes with the code."""
        liar = Liar()
        provider = a_provider(liar)
        begun = await provider.begin(redirect_uri=HERE, now=START)
        await finished(provider, liar, begun)

        sent = parse_qs(urlsplit(begun.address).query)
        (body,) = liar.bodies
        digest = hashlib.sha256(body["code_verifier"][0].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        assert sent["code_challenge_method"] == ["S256"]
        assert sent["code_challenge"] == [challenge]
        assert sent["nonce"] == [begun.nonce]
        assert body["redirect_uri"] == [HERE]

    async def test_the_provider_is_asked_about_itself_once_an_hour(self) -> None:
        """Its description and keys are remembered, and asked for again when they are old."""
        liar = Liar()
        provider = a_provider(liar)
        for minutes in (0, 30, 61):
            await provider.begin(redirect_uri=HERE, now=START + dt.timedelta(minutes=minutes))

        assert liar.asked == ["/.well-known/openid-configuration", "/jwks"] * 2

    async def test_a_new_key_of_the_provider_is_fetched(self) -> None:
        """A provider may change its keys at any time; the next token is believed nevertheless."""
        liar = Liar()
        provider = a_provider(liar)
        begun = await provider.begin(redirect_uri=HERE, now=START)
        liar.key = OTHER_KEY

        found = await finished(provider, liar, begun, now=START + dt.timedelta(minutes=1))

        assert found.subject == "officer-7"


LIES: dict[str, dict[str, Any]] = {
    "of another issuer": {"claims": {"iss": "https://evil.example"}},
    "for another client": {"claims": {"aud": "somebody-else"}},
    "for two, and not saying for whom": {"claims": {"aud": [CLIENT, "other"], "azp": "other"}},
    "that has expired": {"claims": {"exp": int(START.timestamp()) - 60}},
    "that never expires": {"claims": {"exp": ""}},
    "without a subject": {"claims": {"sub": ""}},
    "from the future": {"claims": {"iat": int(START.timestamp()) + 600}},
    "without our nonce": {"claims": {"nonce": ""}},
    "with another nonce": {"claims": {"nonce": "of another sign-on"}},
    "for another access token": {"claims": {"at_hash": half_hash("another one")}},
    "without a signature": {"algorithm": "none"},
    "signed with the secret that we share": {"algorithm": "HS256"},
    "signed by another key": {"shown": OTHER_KEY},
}


@pytest.mark.parametrize("lie", LIES)
async def test_a_token_that_lies_is_refused(lie: str) -> None:
    """Whatever is wrong with it, nobody is signed in."""
    with pytest.raises(SignOnRefused):
        await played(Liar(**LIES[lie]))


async def test_a_wrong_state_is_refused_before_the_code_is_used() -> None:
    """An answer that we did not ask for reaches the provider with nothing."""
    liar = Liar()
    provider = a_provider(liar)
    begun = await provider.begin(redirect_uri=HERE, now=START)

    with pytest.raises(SignOnRefused):
        await provider.finish(
            {"code": "a code", "state": "made up"},
            state=begun.state,
            nonce=begun.nonce,
            verifier=begun.verifier,
            redirect_uri=HERE,
            now=START,
        )

    assert "/token" not in liar.asked


@pytest.mark.parametrize(
    "about",
    [
        {"issuer": "https://evil.example"},
        {"token_endpoint": "http://id.example.cn/token"},
        {"jwks_uri": None},
    ],
)
async def test_a_description_that_cannot_be_right_is_not_followed(about: dict[str, Any]) -> None:
    """Neither somebody else's description nor an address in the clear gets our secret."""
    with pytest.raises(ProviderUnavailable):
        await played(Liar(about=about))


async def test_a_provider_that_says_nothing_is_not_waited_for() -> None:
    """A connection that is accepted and never answered ends in time."""
    provider = a_provider(Liar(slow=True), timeout_seconds=1)

    with pytest.raises(ProviderUnavailable):
        await asyncio.wait_for(provider.begin(redirect_uri=HERE, now=START), 5)
