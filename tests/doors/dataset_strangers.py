"""The doors to datasets in the table of doors: who gets through, with what, and the ids."""

from typing import Any
from uuid import UUID

import httpx

from marketplace.house import House
from marketplace.identity.rules.access import Role
from tests.given import datasets as given
from tests.given import scenarios as calls
from tests.given.identity import Someone
from tests.given.scoring import Play

NOTICE = given.NOTICE
SIGNED_IN = frozenset({"stranger", "other_solver", *(role.value for role in Role)})
EVERYBODY = SIGNED_IN | {"nobody"}
OFFICER = frozenset({"bureau_officer"})
APPROVER = frozenset({"bureau_approver"})
POSTER = frozenset({"poster"})
SOLVER = frozenset({"solver"})
CUSTODIAN = frozenset({"data_custodian"})
OVERSEERS = frozenset({"auditor", "supervisor"})

ROWS: dict[str, frozenset[str]] = {
    # datasets: the ones of the world belong to the unit of `data_custodian`; one is lent to
    # `solver` on request, one is open to everybody
    "datasets_list": EVERYBODY,
    "datasets_get": EVERYBODY,
    "datasets_create": POSTER,
    "datasets_revise": POSTER | CUSTODIAN,
    "datasets_usage": CUSTODIAN | OVERSEERS,
    "data_sources_usage": OVERSEERS,
    "dataset_versions_list": EVERYBODY,
    "dataset_versions_get": EVERYBODY,
    "dataset_versions_create": POSTER | CUSTODIAN,
    "dataset_versions_seal": POSTER | CUSTODIAN,
    "dataset_versions_publish": CUSTODIAN,
    "dataset_versions_withdraw": CUSTODIAN | OFFICER | APPROVER,
    "dataset_uploads_create": POSTER | CUSTODIAN,
    "dataset_uploads_get": CUSTODIAN,
    "dataset_uploads_put_part": CUSTODIAN,
    "dataset_uploads_complete": CUSTODIAN,
    "dataset_uploads_abort": CUSTODIAN,
    "dataset_files_remove": POSTER | CUSTODIAN,
    "dataset_files_download": SIGNED_IN,
    "dataset_access_requests_create": SOLVER | {"other_solver", "stranger"},
    "dataset_access_requests_list": SIGNED_IN,
    "dataset_access_requests_get": SOLVER | CUSTODIAN | OVERSEERS,
    "dataset_access_requests_approve": CUSTODIAN,
    "dataset_access_requests_refuse": CUSTODIAN,
    "dataset_access_requests_revoke": CUSTODIAN,
    "dataset_access_requests_cancel": SOLVER,
    "dataset_tokens_issue": SOLVER,
    "dataset_downloads_list": SIGNED_IN,
    "dataset_deletions_certify": SOLVER | {"other_solver", "stranger"},
    "dataset_deletions_list": CUSTODIAN | OVERSEERS,
}

BODIES: dict[str, Any] = {
    "datasets_create": {"code": "open", "manifest": given.a_manifest("open")},
    "datasets_revise": {"manifest": given.a_manifest()},
    "dataset_versions_publish": {"statement": "已抽检(示例)"},
    "dataset_versions_withdraw": {"reason": "content_wrong"},
    "dataset_uploads_create": {
        "name": "a.csv",
        "format": "csv",
        "size_bytes": 3,
        "sha256": "0" * 64,
    },
    "dataset_uploads_put_part": given.ROWS,
    "dataset_access_requests_create": {"purpose": "训练", "terms_sha256": "0" * 64},
    "dataset_access_requests_refuse": {"reason": "用途不明"},
    "dataset_access_requests_revoke": {"reason": "违反条款"},
    "dataset_deletions_certify": {"statement": "已删除"},
}

HEADERS = {"dataset_uploads_put_part": {"Content-Digest": given.content_digest(given.ROWS)}}
"""What a request has to carry besides."""
QUERIES = {"datasets_usage": {"year": "2026"}, "data_sources_usage": {"year": "2026"}}
"""What an address has to carry besides."""


async def values(
    client: httpx.AsyncClient, house: House, play: Play, people: dict[str, Someone]
) -> dict[str, str]:
    """Ids of data: one dataset is lent, one is open; an upload of a third is under way."""
    keeper = people["data_custodian"]
    library = given.Library(
        client=client,
        house=house,
        call=calls.Called(id=UUID(play.scenario_id), cast=play.cast),
        custodian=keeper,
        solver=people["solver"],
        rival=people["other_solver"],
    )
    for code in ("lent", "open", "inside"):
        made = await library.ok(
            people["poster"],
            "POST",
            f"/v1/scenarios/{play.scenario_id}/datasets",
            json={
                "code": code,
                "source_id": str(keeper.organization_id),
                "manifest": given.a_manifest(code),
            },
        )
        library.datasets[code] = made["id"]
    lent, _ = await library.published("lent")
    _, file_id = await library.published("open")
    request = await library.requested(lent)
    upload = await library.begin(await library.version("inside"), given.ROWS)
    return {
        "dataset_id": library.datasets["lent"],
        "number": "1",
        "file_id": file_id,
        "request_id": request.rpartition("/")[2],
        "upload_id": upload.rpartition("/")[2],
        "offset": "0",
        "source_id": str(keeper.organization_id),
    }
