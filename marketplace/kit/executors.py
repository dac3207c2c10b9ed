"""Where bounded work is done: in workers of this machine, or on a cluster.

The same function, the same limits, the same answers; a setting chooses.
"""

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

from marketplace.kit.bounded import Stopped
from marketplace.kit.workers import Answered, Content


@runtime_checkable
class Executor(Protocol):
    """Does pieces of work on content that nobody trusts, several at once."""

    async def run(self, task: dict[str, Any], files: Mapping[str, Content]) -> Answered | Stopped:
        """Do one piece of work.  Refuses Unavailable where nobody is there to do it."""
        ...

    async def warm(self) -> None:
        """Be ready before anybody waits."""
        ...

    def close(self) -> None:
        """Let go of whatever is idle; it comes back when it is needed."""
        ...
