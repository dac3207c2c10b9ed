"""What a call asks of its offers."""

from collections.abc import Mapping
from dataclasses import dataclass

from marketplace.scenarios.rules.content import Content, OfferRequirements


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What an offer must contain to be compared with the others on a call."""

    quote: bool
    figures: Mapping[str, str | None]
    """The formula of each figure that is declared, by criterion."""
    bond_fen: int
    """The bid bond that is asked for; zero: none may be given."""
    requirements: OfferRequirements

    def asks_more_than(self, earlier: "Demand") -> bool:
        """Tell whether an offer that met `earlier` may fail to meet this."""
        new, old = self.requirements, earlier.requirements
        return (
            (self.quote and not earlier.quote)
            or self.figures != earlier.figures
            or self.bond_fen != earlier.bond_fen
            or (new.price_sheet and not old.price_sheet)
            or not set(new.documents) <= set(old.documents)
            or new.consortium_members_max < old.consortium_members_max
            or new.subcontract_max_bps < old.subcontract_max_bps
        )


def demand_of(content: Content) -> Demand:
    """Read from a call what its offers must contain."""
    scheme = content.scoring
    priced = scheme.method == "lowest_price" or "lower_evaluated_price" in scheme.tie_breaks
    return Demand(
        quote=priced
        or content.offer_requirements.price_sheet
        or any(one.kind == "price_low_first" for one in content.criteria),
        figures={
            one.code: one.formula for one in content.criteria if one.kind == "objective_formula"
        },
        bond_fen=content.bonds.bid_fen,
        requirements=content.offer_requirements,
    )
