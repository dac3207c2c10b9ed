"""What the queue asks for: the value of one stored file, whoever computes it.

A refusal of the file is a `MarketplaceError` and the file's own fault; anything else that goes
wrong, and a scorer that does not answer, is the platform's, and is tried again.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from marketplace.kit.executors import Executor
from marketplace.kit.storage import Storage
from marketplace.scoring.actions import measuring
from marketplace.scoring.actions.measuring import MeasureJob
from marketplace.scoring.rules.criteria import Criterion
from marketplace.scoring.rules.splits import UNDIVIDED, Split


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One file to be measured against one hidden set."""

    submission_id: UUID
    criterion: Criterion
    file_name: str
    hidden_set_id: UUID
    hidden_file: str
    hidden_sha256: str
    split: Split = UNDIVIDED
    slices: tuple[str, ...] = ()
    """Columns of the hidden set by whose values the metric is told as well."""
    outcomes: bool = False
    """Whether it is wanted what the file got by group of rows: only of what may decide."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """What a file is worth: on the rows that decide, and on the public ones."""

    value: Decimal
    public: Decimal | None = None
    detail: dict[str, Any] = field(default_factory=dict)
    outcomes: bytes = b""
    """See `rules.outcomes`; empty where the metric cannot tell."""


Measure = Callable[[Task], Awaitable[Value]]


def measurer(executor: Executor, storage: Storage) -> Measure:
    """Offer measuring by an executor."""

    async def measure(task: Task) -> Value:
        assert task.criterion.metric is not None
        job = MeasureJob(
            metric=task.criterion.metric,
            truth_file=task.hidden_file,
            truth_sha256=task.hidden_sha256,
            sent_file=task.file_name,
            split=task.split,
            slice_columns=task.slices,
            outcomes=task.outcomes,
        )
        found = await measuring.measure(executor, storage, job)
        detail = {
            "rows": found.rows,
            "public_rows": found.public_rows,
            "slices": [one.to_document() for one in found.slices],
        }
        return Value(
            value=found.private, public=found.public, detail=detail, outcomes=found.outcomes
        )

    return measure
