"""Datasets at every stage, made through the doors as their custodians would."""

import base64
import hashlib
import itertools
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx

from marketplace.datasets.jobs import Profiler
from marketplace.house import House
from marketplace.identity.rules.access import Role
from marketplace.identity.tables.organizations import OrganizationKind
from tests.given import scenarios as calls
from tests.given.identity import Someone, an_organization, someone
from tests.given.scenarios import Called

TERMS = {"zh": "仅用于本榜单,不得外传。示例", "en": "For this call only. Example."}
ROWS = b"id,label,taken_on\n1,yes,2026-01-05\n2,,2026-02-07\n3,no,2026-01-01\n"
_numbered = itertools.count(1)


def described(code: str, openness: str, access: str, *, personal: bool = False) -> dict[str, Any]:
    """A dataset as the content of a call describes it."""
    return {
        "code": code,
        "name": {"zh": "道路影像(示例)", "en": "Road images (example)"},
        "size": "3 行",
        "format": "csv",
        "openness": openness,
        "access": access,
        "personal_data": personal,
        "legal_basis": "公共数据",
        "licence": "示例许可",
        "retention": "至试点结束后一年(示例)",
        "pipia": "示例评估 2026-01" if personal else None,
    }


NOTICE = [
    described("lent", "conditional", "download"),
    described("open", "unconditional", "download"),
    described("inside", "conditional", "sandbox_only"),
    described("hidden", "not_open", "hidden_test"),
    described("people", "conditional", "download", personal=True),
]


def a_manifest(code: str = "lent", /, **changes: object) -> dict[str, Any]:
    """A manifest that agrees with the notice."""
    said = next(one for one in NOTICE if one["code"] == code)
    return {
        "name": {"zh": "道路影像(示例)"},
        "description": {"zh": "示例数据"},
        "fields": [
            {"name": "id", "type": "integer", "description": {"zh": "编号"}},
            {"name": "label", "type": "text", "description": {"zh": "标注"}},
            {"name": "taken_on", "type": "date", "description": {"zh": "拍摄日期"}},
        ],
        "licence": "示例许可",
        "legal_basis": "公共数据",
        "provenance": "巡查车采集(示例)",
        "personal_data": said["personal_data"],
        "openness": said["openness"],
        "access": said["access"],
        "terms": TERMS,
        "profile": {"label_column": "label", "date_column": "taken_on"},
        "illustrative": True,
    } | changes


def sha256(content: bytes) -> str:
    """The digest of content, as hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def content_digest(content: bytes) -> str:
    """The digest of content, as a header has it."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(content).digest()).decode()}:"


@dataclass(slots=True, kw_only=True)
class Library:
    """A published call with people around its data."""

    client: httpx.AsyncClient
    house: House
    call: Called
    custodian: Someone
    solver: Someone
    rival: Someone
    datasets: dict[str, str] = field(default_factory=dict)

    async def ask(self, who: Someone | None, method: str, url: str, **sent: Any) -> httpx.Response:
        """One request of somebody."""
        headers = {**({} if who is None else who.headers), **sent.pop("headers", {})}
        return await self.client.request(method, url, headers=headers, **sent)

    async def ok(self, who: Someone, method: str, url: str, **sent: Any) -> dict[str, Any]:
        """One request that must succeed; what exists is changed in its present version."""
        answer = await self.ask(who, method, url, **sent)
        assert answer.is_success, (answer.status_code, answer.text)
        body: dict[str, Any] = answer.json()
        return body

    async def act(
        self, who: Someone, thing: str, verb: str, body: dict[str, Any] | None = None
    ) -> httpx.Response:
        """One action on the present version of a thing, as somebody reads it."""
        seen = await self.ask(self.custodian, "GET", thing)
        headers = {"If-Match": seen.headers["etag"]}
        return await self.ask(
            who, "POST", f"{thing}/actions/{verb}", headers=headers, json=body or {}
        )

    async def dataset(self, code: str = "lent", **changes: object) -> str:
        """A described dataset."""
        if code not in self.datasets:
            made = await self.ok(
                self.custodian,
                "POST",
                f"/v1/scenarios/{self.call.id}/datasets",
                json={"code": code, "manifest": a_manifest(code, **changes)},
            )
            self.datasets[code] = made["id"]
        return self.datasets[code]

    async def version(self, code: str = "lent", **changes: object) -> str:
        """The address of a new open version."""
        dataset_id = await self.dataset(code, **changes)
        made = await self.ok(self.custodian, "POST", f"/v1/datasets/{dataset_id}/versions")
        return f"/v1/datasets/{dataset_id}/versions/{made['number']}"

    async def begin(
        self, version: str, content: bytes, *, kind: str = "csv", name: str | None = None
    ) -> str:
        """The address of an upload that has begun."""
        announced = {
            "name": name or f"file-{next(_numbered)}.{kind}",
            "format": kind,
            "size_bytes": len(content),
            "sha256": sha256(content),
        }
        made = await self.ok(self.custodian, "POST", f"{version}/uploads", json=announced)
        return f"/v1/dataset-uploads/{made['id']}"

    async def put(self, upload: str, start: int, part: bytes, **headers: str) -> httpx.Response:
        """One part."""
        return await self.ask(
            self.custodian,
            "PUT",
            f"{upload}/parts/{start}",
            content=part,
            headers={"Content-Digest": content_digest(part), **headers},
        )

    async def complete(self, upload: str) -> httpx.Response:
        """Ask for the file."""
        return await self.ask(self.custodian, "POST", f"{upload}/actions/complete")

    async def upload(
        self,
        version: str,
        content: bytes = ROWS,
        *,
        kind: str = "csv",
        name: str | None = None,
        part_bytes: int = 1 << 20,
    ) -> httpx.Response:
        """A whole file, part by part."""
        upload = await self.begin(version, content, kind=kind, name=name)
        for start in range(0, len(content), part_bytes):
            answer = await self.put(upload, start, content[start : start + part_bytes])
            assert answer.status_code == 200, answer.text
        return await self.complete(upload)

    async def profile(self) -> int:
        """Let the job compute what is due."""
        profiler = Profiler(
            database=self.house.database,
            storage=self.house.storage,
            settings=self.house.settings,
            clock=self.house.clock,
        )
        return await profiler.work()

    async def published(
        self, code: str = "lent", content: bytes = ROWS, *, kind: str = "csv", **changes: object
    ) -> tuple[str, str]:
        """A published version with one file: the address of one, the id of the other."""
        version = await self.version(code, **changes)
        done = await self.upload(version, content, kind=kind)
        assert done.status_code == 201, done.text
        await self.profile()
        for verb, body in (("seal", None), ("publish", {"statement": "已抽检(示例)"})):
            moved = await self.act(self.custodian, version, verb, body)
            assert moved.status_code == 200, moved.text
        return version, done.json()["id"]

    async def requested(self, version: str, who: Someone | None = None) -> str:
        """The address of a request under the terms of the version."""
        who = who or self.solver
        terms = (await self.ok(who, "GET", version))["terms_sha256"]
        made = await self.ok(
            who,
            "POST",
            f"{version}/access-requests",
            json={"purpose": "训练模型", "terms_sha256": terms},
        )
        return f"/v1/dataset-access-requests/{made['id']}"

    async def token(self, version: str, who: Someone | None = None) -> str:
        """A token of somebody whose request was approved."""
        who = who or self.solver
        request = await self.requested(version, who)
        approved = await self.act(self.custodian, request, "approve")
        assert approved.status_code == 200, approved.text
        token: str = (await self.ok(who, "POST", f"{request}/tokens"))["token"]
        return token

    async def download(
        self, who: Someone | None, file_id: str, token: str | None = None, **headers: str
    ) -> httpx.Response:
        """A file, or what the headers ask for of it."""
        if token is not None:
            headers["Dataset-Token"] = token
        url = f"/v1/dataset-files/{file_id}/content"
        return await self.ask(who, "GET", url, headers=headers)


async def a_library(client: httpx.AsyncClient, house: House) -> Library:
    """A published call that describes data of every kind, with a custodian and two solvers."""
    content = calls.a_content(datasets=NOTICE)
    call = await calls.a_published_call(house.database, house.clock, content=content)
    return Library(
        client=client,
        house=house,
        call=call,
        custodian=await someone(
            house.database, Role.DATA_CUSTODIAN, organization_id=call.cast.poster.organization_id
        ),
        solver=await someone(house.database, Role.SOLVER),
        rival=await someone(house.database, Role.SOLVER),
    )


async def a_source(house: House) -> tuple[UUID, Someone]:
    """A data-source unit and its custodian."""
    unit = await an_organization(
        house.database, name="某数据来源单位(示例)", kind=OrganizationKind.DATA_SOURCE_UNIT
    )
    return unit, await someone(house.database, Role.DATA_CUSTODIAN, organization_id=unit)
