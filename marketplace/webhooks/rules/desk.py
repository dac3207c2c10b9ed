"""What one worker holds and in which order it sends it: a table of queues, one for each endpoint.

What is promised: of one endpoint no more is under way than its concurrency allows, and endpoints
take turns, so who is owed much does not keep the others waiting.

What is only an optimisation: how much is held ready.  It doubles while everything that could be
begun was begun before the worker came to take more, and falls back when something waited too long,
failed or was cut off.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar
from uuid import UUID

from marketplace.webhooks.rules.circuit import WINDOW_MAX

T = TypeVar("T")
DEPTH_MAX = 16
"""How many times its slots a worker may hold."""


@dataclass(slots=True)
class _Queue(Generic[T]):
    concurrency: int
    window: int
    waiting: deque[T] = field(default_factory=deque)
    under_way: int = 0
    is_ready: bool = False
    is_quick: bool = False
    """Something came back well since more was taken."""


@dataclass(slots=True)
class Desk(Generic[T]):
    """Holds items of one worker."""

    slots: int
    """How many may be under way at a time, over all endpoints."""
    under_way: int = 0
    waiting: int = 0
    _depth: int = 0
    _has_moved: bool = False
    """Something was ended since somebody asked for room."""
    _queues: dict[UUID, _Queue[T]] = field(default_factory=dict)
    _ready: deque[_Queue[T]] = field(default_factory=deque)

    def put(self, endpoint_id: UUID, concurrency: int, items: Iterable[T]) -> None:
        """Add what was taken for one endpoint, behind what it has."""
        queue = self._queues.setdefault(endpoint_id, _Queue(concurrency, concurrency))
        queue.concurrency = concurrency
        before = len(queue.waiting)
        queue.waiting.extend(items)
        self.waiting += len(queue.waiting) - before
        self._offer(queue)

    def next(self) -> T | None:
        """Begin the next item, of the endpoint whose turn it is; None: nothing may be begun now."""
        if not self._ready:
            return None
        queue = self._ready.popleft()
        queue.is_ready = False
        item = queue.waiting.popleft()
        queue.under_way += 1
        self.under_way += 1
        self.waiting -= 1
        self._offer(queue)
        return item

    def end(self, endpoint_id: UUID, *, well: bool) -> None:
        """End an item that was begun."""
        queue = self._queues[endpoint_id]
        queue.under_way -= 1
        self.under_way -= 1
        self._has_moved = True
        if well:
            queue.is_quick = True
        else:
            self.slow_down(endpoint_id)
        self._offer(queue)

    def slow_down(self, endpoint_id: UUID) -> None:
        """Hold no more ready for an endpoint than may be under way."""
        queue = self._queues[endpoint_id]
        queue.window, queue.is_quick = queue.concurrency, False

    def windows(self) -> dict[UUID, int]:
        """Say how much may be held for each endpoint, more for those that have nothing waiting."""
        for queue in self._queues.values():
            if queue.is_quick and not queue.waiting:
                queue.window = min(queue.window * 2, queue.concurrency * WINDOW_MAX)
            queue.is_quick = False
        return {endpoint_id: queue.window for endpoint_id, queue in self._queues.items()}

    def room(self, *, slow: int = 0) -> int:
        """Say how much may be taken; what is under way and slow does not count."""
        self._depth = max(self._depth, self.slots)
        # What waits only for the concurrency of its own endpoint gives nobody anything to do.
        if not self._ready and (self.under_way or self._has_moved):
            self._depth = min(self._depth * 2, self.slots * DEPTH_MAX)
        self._has_moved = False
        return max(0, self._depth - self.under_way - self.waiting + slow)

    def withdraw(self) -> list[T]:
        """Take back everything that was not begun."""
        left = [item for queue in self._queues.values() for item in queue.waiting]
        for queue in self._queues.values():
            queue.waiting.clear()
            queue.is_ready = False
        self._ready.clear()
        self.waiting = 0
        self._depth = self.slots
        return left

    def can_begin(self) -> int:
        """Say how many endpoints have something that may be begun now."""
        return len(self._ready)

    def _offer(self, queue: _Queue[T]) -> None:
        if not queue.is_ready and queue.waiting and queue.under_way < queue.concurrency:
            queue.is_ready = True
            self._ready.append(queue)
