"""Single sign-on at one OpenID provider: authorization code with PKCE, and an ID token that is
believed only after every check.

Who calls here has a state, a nonce and a verifier from `begin`, keeps them where only the same
browser has them, and hands them to `finish` with what the browser brought back.  Authlib speaks
OAuth and knows the claims of OpenID, joserfc the signatures.  The provider is named by whoever runs
the installation, so its addresses are trusted as a database's is, and the checked dialler, which
keeps strangers' addresses out of the inner network, is not used: the provider often is inside.
Source   OpenID Connect Core 1.0, sections 3.1.2 and 3.1.3; RFC 7636; RFC 9207.
"""

import asyncio
import datetime as dt
import hmac
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import httpx
from authlib import deprecate
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from marketplace.kit.errors import Unauthenticated, Unavailable
from marketplace.kit.secrets import new_token

with warnings.catch_warnings():
    # Authlib asks for the next httpx; the one this house speaks is still understood.
    warnings.simplefilter("ignore", deprecate.AuthlibDeprecationWarning)
    from authlib.integrations.base_client import OAuthError
    from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.oidc.core import CodeIDToken

ALGORITHMS: Final = ("RS256", "PS256", "ES256", "EdDSA")
"""Signatures by the provider's own key; none, and nothing keyed by our secret, is believed."""
TIMEOUT_SECONDS: Final = 5
LEEWAY_SECONDS: Final = 30
KNOWN_FOR: Final = dt.timedelta(hours=1)
KEYS_ASKED_AGAIN_AFTER: Final = dt.timedelta(seconds=30)
"""A token under an unknown key makes us ask for the keys again, but not for every such token."""
SCOPE: Final = "openid"


class ProviderUnavailable(Unavailable):
    """The provider of single sign-on does not answer, or not as one: try again later."""

    code = "openid.provider_unavailable"
    title_zh = "单点登录服务暂不可用,请稍后再试。"


class SignOnRefused(Unauthenticated):
    """The provider's answer cannot be believed, was used before, or says no."""

    code = "openid.sign_on_refused"
    title_zh = "单点登录应答无效、已被使用或被拒绝:请重新登录。"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Who the provider says it is: its own name and its name for them."""

    issuer: str
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A sign-on that began: where to send the browser, and what to remember for it."""

    address: str
    state: str = field(repr=False)
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)


@dataclass(slots=True)
class _Known:
    """What the provider told about itself, and when."""

    document: dict[str, Any]
    keys: KeySet
    told_at: dt.datetime
    keys_told_at: dt.datetime


class OpenIdProvider:
    """One provider, as this installation is known to it."""

    def __init__(
        self,
        *,
        issuer: str,
        client_id: str,
        client_secret: str,
        insecure: bool = False,
        timeout_seconds: int = TIMEOUT_SECONDS,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.issuer = issuer
        self._client_id = client_id
        self._client_secret = client_secret
        self._insecure = insecure
        self._timeout_seconds = timeout_seconds
        self._transport = transport
        self._known: _Known | None = None
        self._asking = asyncio.Lock()

    async def begin(self, *, redirect_uri: str, now: dt.datetime) -> Begun:
        """Begin a sign-on.

        Refuses  ProviderUnavailable when the provider cannot be asked where it lives.
        """
        known = await self._about(now)
        state, nonce, verifier = new_token(), new_token(), new_token(48)
        async with self._client(redirect_uri) as client:
            address, _ = client.create_authorization_url(
                known.document["authorization_endpoint"],
                state=state,
                nonce=nonce,
                code_verifier=verifier,
            )
        return Begun(address=str(address), state=state, nonce=nonce, verifier=verifier)

    async def finish(
        self,
        answer: Mapping[str, str],
        *,
        state: str,
        nonce: str,
        verifier: str,
        redirect_uri: str,
        now: dt.datetime,
    ) -> Account:
        """Believe what the browser brought back from the provider, or refuse it.

        Refuses  SignOnRefused for a wrong state, code, token or claim; ProviderUnavailable.
        """
        if not hmac.compare_digest(answer.get("state", "").encode(), state.encode()):
            raise SignOnRefused(reason="state")
        if answer.get("iss", self.issuer) != self.issuer:
            raise SignOnRefused(reason="issuer")
        if "code" not in answer:
            raise SignOnRefused(reason="denied")
        known = await self._about(now)
        tokens = await self._exchange(known, answer["code"], verifier, redirect_uri)
        id_token = tokens.get("id_token")
        if not isinstance(id_token, str):
            raise SignOnRefused(reason="no_id_token")
        access_token = tokens.get("access_token")
        claims = await self._believed(id_token, nonce=nonce, access_token=access_token, now=now)
        return Account(issuer=self.issuer, subject=str(claims["sub"]))

    async def _exchange(
        self, known: _Known, code: str, verifier: str, redirect_uri: str
    ) -> Mapping[str, Any]:
        """Turn the code into tokens; it is good once, and only with our verifier and secret."""
        endpoint = known.document["token_endpoint"]
        try:
            async with self._client(redirect_uri) as client:
                found: Mapping[str, Any] = await asyncio.wait_for(
                    client.fetch_token(
                        endpoint,
                        grant_type="authorization_code",
                        code=code,
                        code_verifier=verifier,
                        redirect_uri=redirect_uri,
                    ),
                    self._timeout_seconds,
                )
        except OAuthError as refused:
            # The provider's own words stay out of it: they may repeat what was sent.
            raise SignOnRefused(reason="code") from refused
        except (httpx.HTTPError, TimeoutError, ValueError) as silent:
            raise ProviderUnavailable() from silent
        return found

    async def _believed(
        self, id_token: str, *, nonce: str, access_token: object, now: dt.datetime
    ) -> Mapping[str, Any]:
        """Check signature and claims of an ID token."""
        try:
            token = await self._decoded(id_token, now)
            claims = CodeIDToken(
                token.claims,
                token.header,
                options={
                    "iss": {"essential": True, "value": self.issuer},
                    "aud": {"essential": True, "value": self._client_id},
                },
                params={"client_id": self._client_id, "access_token": access_token},
            )
            claims.validate(now=int(now.timestamp()), leeway=LEEWAY_SECONDS)
        except (JoseError, ValueError, TypeError) as untrue:
            raise SignOnRefused(reason="id_token") from untrue
        if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
            raise SignOnRefused(reason="nonce")
        return dict(claims)

    async def _decoded(self, id_token: str, now: dt.datetime) -> jwt.Token:
        known = await self._about(now)
        try:
            return jwt.decode(id_token, known.keys, algorithms=list(ALGORITHMS))
        except (JoseError, ValueError):
            # The provider may have changed its keys within the hour for which we remember them.
            if now - known.keys_told_at < KEYS_ASKED_AGAIN_AFTER:
                raise
        known.keys = await self._keys(known.document)
        known.keys_told_at = now
        return jwt.decode(id_token, known.keys, algorithms=list(ALGORITHMS))

    async def _about(self, now: dt.datetime) -> _Known:
        """Ask the provider about itself, or remember what it told within the hour."""
        async with self._asking:
            known = self._known
            if known is None or not dt.timedelta(0) <= now - known.told_at < KNOWN_FOR:
                document = await self._json(
                    f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"
                )
                self._check(document)
                keys = await self._keys(document)
                known = _Known(document=document, keys=keys, told_at=now, keys_told_at=now)
                self._known = known
            return known

    def _check(self, document: Mapping[str, Any]) -> None:
        """Refuse a description of somebody else, or one that would send secrets in the clear."""
        addresses = [
            document.get(name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")
        ]
        allowed = ("https://", "http://") if self._insecure else ("https://",)
        if document.get("issuer") != self.issuer or not all(
            isinstance(address, str) and address.startswith(allowed) for address in addresses
        ):
            raise ProviderUnavailable(reason="discovery")

    async def _keys(self, document: Mapping[str, Any]) -> KeySet:
        try:
            found: Any = await self._json(document["jwks_uri"])
            return KeySet.import_key_set(found)
        except (JoseError, ValueError, KeyError, TypeError) as unreadable:
            raise ProviderUnavailable(reason="keys") from unreadable

    async def _json(self, address: str) -> dict[str, Any]:
        try:
            async with httpx.AsyncClient(**self._options()) as client:
                answer = await asyncio.wait_for(client.get(address), self._timeout_seconds)
            answer.raise_for_status()
            found = answer.json()
        except (httpx.HTTPError, TimeoutError, ValueError) as silent:
            raise ProviderUnavailable() from silent
        if not isinstance(found, dict):
            raise ProviderUnavailable(reason="discovery")
        return found

    def _client(self, redirect_uri: str) -> AsyncOAuth2Client:
        return AsyncOAuth2Client(
            client_id=self._client_id,
            client_secret=self._client_secret,
            redirect_uri=redirect_uri,
            scope=SCOPE,
            code_challenge_method="S256",
            **self._options(),
        )

    def _options(self) -> dict[str, Any]:
        return {
            "timeout": self._timeout_seconds,
            "transport": self._transport,
            "trust_env": False,
            "follow_redirects": False,
        }
