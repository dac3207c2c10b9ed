"""The data of the world in which every door is tried."""

from uuid import UUID

import httpx

from marketplace.house import House
from tests.given import datasets as given
from tests.given import scenarios as calls
from tests.given.identity import Someone
from tests.given.scoring import Play


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
        rival=people["solver@elsewhere"],
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
