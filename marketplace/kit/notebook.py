"""Remembers when something was last used, and writes it down now and then.

A request that only reads must not wait for a write.  So uses are noted in memory, and a job writes
them down together.  What is noted between two writings is lost when a process is killed: it is for
people who ask whether a key is still in use, not for decisions.
"""

import datetime as dt
from uuid import UUID

WRITTEN_AT_MOST_EVERY = dt.timedelta(minutes=1)


class Notebook:
    """The uses of one kind of thing, seen by one process."""

    def __init__(self) -> None:
        self._noted: dict[UUID, dt.datetime] = {}
        self._written: dict[UUID, dt.datetime] = {}

    def note(self, thing: UUID, now: dt.datetime) -> None:
        """Note that it was used."""
        self._noted[thing] = now

    def last(self, thing: UUID) -> dt.datetime | None:
        """Tell when it was last used, as far as this process remembers."""
        return self._noted.get(thing) or self._written.get(thing)

    def due(self, now: dt.datetime, *, everything: bool = False) -> dict[UUID, dt.datetime]:
        """List what is to be written down: nothing twice within a minute, unless all is wanted."""
        return {
            thing: at
            for thing, at in self._noted.items()
            if everything
            or thing not in self._written
            or now - self._written[thing] >= WRITTEN_AT_MOST_EVERY
        }

    def written(self, uses: dict[UUID, dt.datetime], now: dt.datetime) -> None:
        """Forget what was written down, but for a use that was noted meanwhile."""
        recent = now - WRITTEN_AT_MOST_EVERY
        self._written = {thing: at for thing, at in self._written.items() if at > recent}
        self._written |= uses
        for thing, at in uses.items():
            if self._noted.get(thing) == at:
                del self._noted[thing]
