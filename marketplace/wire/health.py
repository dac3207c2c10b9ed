"""Is it alive, and can it reach its database?"""

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency
from sqlmodel import select

from marketplace.kit.database import ReadSession
from marketplace.wire.limits import UNLIMITED


class HealthOut(msgspec.Struct, frozen=True):
    """How the server is."""

    status: str


@get("/health/live", operation_id="health_live", tags=["health"], opt={UNLIMITED: True})
async def live() -> HealthOut:
    """Tell that the process answers."""
    return HealthOut(status="ok")


@get("/health/ready", operation_id="health_ready", tags=["health"], opt={UNLIMITED: True})
async def ready(reader: NamedDependency[ReadSession]) -> Response[HealthOut]:
    """Tell that the database answers too."""
    await reader.exec(select(1))
    return Response(HealthOut(status="ok"))
