"""State machines as tables: one row per move, checked, shown and documented from the same row."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from marketplace.kit.errors import Conflict


class MoveNotAllowed(Conflict):
    """This cannot be done in the present state."""

    code = "lifecycle.move_not_allowed"
    title_zh = "当前状态下不能执行此操作。"


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One row of a state table.

    `by` names the roles that may ask for it ("system" for time); `guards` names what else must
    hold, in the words of the table; the action that performs the move checks them.
    """

    id: str
    verb: str
    sources: frozenset[str]
    target: str
    by: tuple[str, ...]
    guards: tuple[str, ...] = ()
    effects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """Every move one kind of thing can make; what is not in the table cannot happen."""

    thing: str
    states: type[StrEnum]
    moves: tuple[Move, ...]

    def __post_init__(self) -> None:
        known = {state.value for state in self.states}
        for move in self.moves:
            unknown = ({move.target} | move.sources) - known
            if unknown:
                raise ValueError(f"{self.thing} {move.id}: unknown states {sorted(unknown)}")
        if len({move.id for move in self.moves}) != len(self.moves):
            raise ValueError(f"{self.thing}: two moves share an id")

    def check(self, state: str, verb: str) -> Move:
        """Find the move `verb` makes from `state`, or refuse with what would be possible."""
        for move in self.moves:
            if move.verb == verb and state in move.sources:
                return move
        raise MoveNotAllowed(
            thing=self.thing, state=str(state), action=verb, possible=sorted(self.verbs_from(state))
        )

    def verbs_from(self, state: str) -> frozenset[str]:
        """List the verbs that lead out of `state`."""
        return frozenset(move.verb for move in self.moves if state in move.sources)

    def initial(self) -> Move:
        """Find the move that makes the thing."""
        return next(move for move in self.moves if not move.sources)


def move(
    id: str,
    verb: str,
    sources: Iterable[str] | str,
    target: str,
    *,
    by: Sequence[str],
    guards: Sequence[str] = (),
    effects: Sequence[str] = (),
) -> Move:
    """Write one row of a state table on one line."""
    froms = frozenset([sources] if isinstance(sources, str) else sources)
    return Move(
        id=id,
        verb=verb,
        sources=froms,
        target=target,
        by=tuple(by),
        guards=tuple(guards),
        effects=tuple(effects),
    )
