"""What a demo needs at hand: the house, a clock that only moves forward, and a place to tell its
progress.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from marketplace.demo.seeding import Seeded, read_toml
from marketplace.house import House
from marketplace.kit.clock import FixedClock

START = dt.datetime(2026, 3, 2, 1, 0, tzinfo=dt.UTC)
"""Monday, 09:00 in Shenzhen: the first day of the story."""


class Stage(StrEnum):
    """How far a call is played."""

    PUBLISHED = "published"
    SEALED = "sealed"
    OPENED = "opened"
    RANKED = "ranked"
    AWARDED = "awarded"
    SETTLED = "settled"

    @property
    def position(self) -> int:
        """Where the stage stands in the story."""
        return list(Stage).index(self)


@dataclass(slots=True)
class Story:
    """One call to be played, as its file tells it."""

    document: dict[str, Any]
    folder: Path

    @property
    def code(self) -> str:
        """The scenario it is about."""
        return str(self.document["scenario"])

    @property
    def published_at(self) -> dt.datetime:
        """When the call goes on the list."""
        moment: dt.datetime = self.document["timeline"]["published_at"]
        return moment.astimezone(dt.UTC)

    @property
    def deadline_at(self) -> dt.datetime:
        """When the last bid may come."""
        moment: dt.datetime = self.document["timeline"]["bid_deadline_at"]
        return moment.astimezone(dt.UTC)

    @property
    def has_pilot(self) -> bool:
        """Tell whether the story goes on to award and pilot."""
        return "pilot" in self.document


@dataclass(slots=True)
class Play:
    """Everything the steps of the story share."""

    house: House
    clock: FixedClock
    seeded: Seeded
    stories: list[Story]
    say: Callable[[str], None]
    reached: dict[str, Stage] = field(default_factory=dict)

    def at(self, moment: dt.datetime) -> dt.datetime:
        """Move the clock to a moment of the story; it never goes back."""
        if moment > self.clock.at:
            self.clock.move_to(moment)
        return self.clock.at


def read_stories(folder: Path) -> list[Story]:
    """Read the stories in the order in which their calls close."""
    found = [Story(read_toml(path), folder) for path in sorted((folder / "stories").glob("*.toml"))]
    return sorted(found, key=lambda story: (story.deadline_at, story.code))
