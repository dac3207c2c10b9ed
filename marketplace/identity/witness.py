"""The witness: writes down what was done at a door, and who was refused there.

What changes something is witnessed in its own transaction: there is no change without its entry,
and no entry without its change.  A route that reads what must not be read unseen takes the writing
session for that reason.  A refusal has rolled its transaction back, so its entry has one of its
own, written before the answer leaves.  A request without any credential is nobody's act: the
server's log has it, and a flood of such requests must not fill the database.
"""

from collections.abc import Callable
from typing import Any

from litestar import Request
from litestar.types import Scope

from marketplace.identity.actions import audit
from marketplace.identity.actions.audit import Act
from marketplace.identity.rules.access import NOBODY
from marketplace.identity.tables.audit import Outcome
from marketplace.kit.clock import Clock
from marketplace.kit.database import Database, WriteSession
from marketplace.kit.errors import Forbidden, MarketplaceError, NotFound, Unauthenticated
from marketplace.wire.sealed_doors import sealed_under

TEXT_LENGTH_MAX = 64


class Witness:
    """Stands beside every door; decides nothing."""

    def __init__(self, database: Callable[[], Database], clock: Callable[[], Clock]) -> None:
        self.database = database
        self.clock = clock

    async def performed(self, request: Request[Any, Any, Any], session: WriteSession) -> None:
        """Write down what a request did, just before it is committed."""
        if not request.scope.get("state", {}).get("replayed"):
            await audit.witness(session, _act(request.scope), now=self.clock().now())

    async def refused(self, error: Exception, scope: Scope) -> None:
        """Write down that somebody was refused, before they are told."""
        outcome = _outcome_of(error, scope)
        if outcome is None:
            return
        assert isinstance(error, MarketplaceError)
        act = _act(scope, outcome=outcome, code=error.code)
        async with self.database().writing() as session:
            await audit.witness(session, act, now=self.clock().now())


def _outcome_of(error: Exception, scope: Scope) -> Outcome | None:
    """Tell how a refusal is written down; None: it is about the request, not about the asker."""
    if isinstance(error, Forbidden):
        return Outcome.DENIED
    if isinstance(error, Unauthenticated):
        # The kind itself says that nothing was presented; its subclasses refuse what was.
        return None if type(error) is Unauthenticated else Outcome.DENIED
    if isinstance(error, NotFound) and scope.get("user", NOBODY) is not NOBODY:
        return Outcome.NOT_FOUND
    return None


def _act(scope: Scope, *, outcome: Outcome = Outcome.PERFORMED, code: str | None = None) -> Act:
    handler = scope.get("route_handler")
    client = scope.get("client")
    operation = getattr(handler, "operation_id", None) or getattr(handler, "name", None)
    return Act(
        sealed_under=sealed_under(scope) if outcome is Outcome.PERFORMED else None,
        actor=scope.get("user") or NOBODY,
        operation=str(operation or scope["path"])[:TEXT_LENGTH_MAX],
        subject={
            name: str(value)[:TEXT_LENGTH_MAX]
            for name, value in (scope.get("path_params") or {}).items()
        },
        outcome=outcome,
        code=code,
        request_id=scope.get("state", {}).get("request_id"),
        address=None if client is None else client[0][:TEXT_LENGTH_MAX],
    )
