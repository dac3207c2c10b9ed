"""An organisation with its administrator, over HTTP."""

from typing import Any

import httpx

from tests.given.identity import Someone

ACCEPT = "/v1/invitations/actions/accept"
NEW = {"zh": "王五", "en": "Wang Wu"}


class Office:
    """An organisation with its administrator, over HTTP."""

    def __init__(self, client: httpx.AsyncClient, admin: Someone) -> None:
        self.client = client
        self.admin = admin
        self.url = f"/v1/organizations/{admin.organization_id}"

    async def invite(self, *roles: str, who: Someone | None = None, **more: Any) -> httpx.Response:
        """Ask for an invitation."""
        return await self.client.post(
            f"{self.url}/invitations",
            json={"roles": list(roles)} | more,
            headers=(who or self.admin).headers,
        )

    async def token(self, *roles: str, **more: Any) -> str:
        """An invitation that must be given."""
        answer = await self.invite(*roles, **more)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["token"])

    async def accept(self, token: str, who: Someone | None = None, **more: Any) -> httpx.Response:
        """Use a token, as oneself or, without anybody, as somebody new."""
        body = {"token": token} | ({} if who else {"name": NEW}) | more
        headers = who.headers if who else {"Accept-Language": "en"}
        return await self.client.post(ACCEPT, json=body, headers=headers)

    async def ask(
        self, who: Someone, person: Someone, verb: str, body: object = None, etag: str | None = None
    ) -> httpx.Response:
        """Act on a member, in the version that is there now unless another is named."""
        url = f"{self.url}/members/{person.actor.person_id}"
        if etag is None:
            etag = (await self.client.get(url, headers=self.admin.headers)).headers.get("etag", "")
        headers = who.headers | {"If-Match": etag}
        return await self.client.post(f"{url}/actions/{verb}", json=body or {}, headers=headers)


def problem(answer: httpx.Response) -> tuple[int, str]:
    """What a refusal says."""
    return answer.status_code, answer.json()["code"]
