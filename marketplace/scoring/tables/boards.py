"""Leaderboards: one living row per team, every former one with its end, and counts for ranks.

A rank is one more than the number of better entries.  Counting them would cost more the further
down one looks, so a `BoardTally` counts them in blocks of blocks, like the inner pages of a B-tree:
level 0 has a row per key, level 1 a row per block of keys, level 2 a row per block of blocks.  A
block reaches from its first key to the next block's.
"""

import datetime as dt
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field

from marketplace.kit.tables import Row, text_enum
from marketplace.scoring.rules.criteria import Direction
from marketplace.scoring.rules.submissions import Phase

KEY_LENGTH = 44
_LIVING = text("until_number IS NULL")


class Board(Row, table=True):
    """The leaderboard of one criterion in one phase; its row is the lock of everything on it."""

    __tablename__ = "leaderboard"
    __table_args__ = (UniqueConstraint("scenario_id", "criterion", "phase"),)

    scenario_id: UUID = Field(foreign_key="scenario.id")
    criterion: str = Field(max_length=64)
    phase: Phase = Field(sa_type=text_enum(Phase))
    metric: str = Field(max_length=100)
    direction: Direction = Field(sa_type=text_enum(Direction))
    number: int = Field(default=0)
    """Grows by one with each change: the version of the board."""
    entries: int = Field(default=0)
    changed_at: dt.datetime


class BoardEntry(Row, table=True):
    """What one team's place was from one version of the board to another; null: still is."""

    __tablename__ = "leaderboard_entry"
    __table_args__ = (
        Index(
            "uq_leaderboard_entry_living",
            "board_id",
            "bid_id",
            unique=True,
            postgresql_where=_LIVING,
            sqlite_where=_LIVING,
        ),
        Index(
            "ix_leaderboard_entry_order",
            "board_id",
            "sort_key",
            "received_at",
            "bid_id",
            postgresql_where=_LIVING,
            sqlite_where=_LIVING,
        ),
        Index("ix_leaderboard_entry_history", "board_id", "sort_key", "received_at", "bid_id"),
        Index("ix_leaderboard_entry_at", "board_id", "from_at"),
    )

    board_id: UUID = Field(foreign_key="leaderboard.id")
    bid_id: UUID = Field(foreign_key="bid.id", index=True)
    submission_id: UUID = Field(foreign_key="submission.id")
    value: str = Field(max_length=80)
    sort_key: str = Field(max_length=KEY_LENGTH)
    received_at: dt.datetime
    """When its file came: the earlier of equals stands first."""
    from_number: int
    from_at: dt.datetime
    cause: str = Field(max_length=32)
    """Why it came to stand here: scored, selected, rescored, …"""
    until_number: int | None = Field(default=None)
    until_at: dt.datetime | None = Field(default=None)


class BoardTally(Row, table=True):
    """How many entries one block of keys holds."""

    __tablename__ = "leaderboard_tally"
    __table_args__ = (UniqueConstraint("board_id", "level", "first_key"),)

    board_id: UUID = Field(foreign_key="leaderboard.id")
    level: int
    first_key: str = Field(max_length=KEY_LENGTH)
    """The lowest key it covers; the first block of a level begins with the empty text."""
    entries: int
    below: int
    """How many rows of the level below it covers; of a single key none."""
