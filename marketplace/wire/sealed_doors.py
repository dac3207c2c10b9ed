"""Doors behind which bidders act: that somebody went through one is read after the opening only.

A refusal is read at once: it tells of a guess or a mistake, and whoever guesses must be seen.
"""

from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

from litestar import Request
from litestar.types import Scope

SEALED_DOOR: Final = {"sealed_door": True}
"""The `opt` of such a door."""
_STATE: Final = "sealed_under"


def seal_under(request: Request[Any, Any, Any], thing: UUID) -> None:
    """Name the bid or call whose opening lets the act be read, where the address names another, or
    where only some of what goes through this door is a bidder's.
    """
    request.scope.setdefault("state", {})[_STATE] = thing


def sealed_under(scope: Scope) -> UUID | None:
    """Name what has to be opened before the act may be read; None: it may be read at once."""
    named: Any = scope.get("state", {}).get(_STATE)
    if isinstance(named, UUID):
        return named
    if not getattr(scope.get("route_handler"), "opt", {}).get("sealed_door"):
        return None
    ids: Iterable[Any] = (scope.get("path_params") or {}).values()
    return next((one for one in ids if isinstance(one, UUID)), None)
