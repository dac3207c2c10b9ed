"""One thing that speaks against an offer: where it stands, and the refusal that it deserves."""

from collections.abc import Sequence
from dataclasses import dataclass

from marketplace.kit.errors import MarketplaceError


@dataclass(frozen=True, slots=True)
class Problem:
    """`pointer` is a JSON pointer into the offer; what does not block is only worth knowing."""

    pointer: str
    refusal: MarketplaceError
    blocks: bool = True

    def document(self) -> dict[str, object]:
        """Write it as one entry of `errors`."""
        return {"pointer": self.pointer, "code": self.refusal.code} | self.refusal.facts


def refuse(found: Sequence[Problem]) -> None:
    """Refuse with the first problem that blocks, and name all of them beside it."""
    blocking = [one for one in found if one.blocks]
    if blocking:
        first = blocking[0].refusal
        raise type(first)(**first.facts, errors=[one.document() for one in blocking])
