"""Who may sit together: size, odd number, share of experts, one chair, and fields of knowledge."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final
from uuid import UUID

from marketplace.profiles.rules.profile import RuleProfile
from marketplace.scoring.errors.rounds import PanelUnfit

RANDOM_DRAW: Final = "random_draw"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seated:
    """One judge as far as the composition of a panel is concerned."""

    person_id: UUID
    is_expert: bool
    """False for a representative of the poster."""
    is_chair: bool = False
    specialities: frozenset[str] = frozenset()


def check(
    panel: Sequence[Seated], profile: RuleProfile, *, budget_fen: int, chaired: bool = True
) -> None:
    """Refuse a panel that the rules of the track do not allow to judge.

    Shape    `panel` are the judges who sit; whoever was recused is not among them.  A panel that
             has yet to elect its chair is not `chaired`.
    Refuses  PanelUnfit with the first rule that is not met and its figures.
    """
    size = len(panel)
    if len({judge.person_id for judge in panel}) != size:
        raise PanelUnfit(rule="nobody_sits_twice")
    experts = [judge for judge in panel if judge.is_expert]
    check_shape(profile, size=size, experts=len(experts), budget_fen=budget_fen)
    chairs = [judge for judge in panel if judge.is_chair]
    missing_chair = not chairs and not chaired
    if not missing_chair and (len(chairs) != 1 or not chairs[0].is_expert):
        raise PanelUnfit(rule="one_chair_who_is_an_expert", chairs=len(chairs))
    if profile.has("panel_expertise"):
        known = frozenset[str]().union(*(judge.specialities for judge in experts))
        missing = sorted(set(profile.allowed("panel_expertise")) - known)
        if missing:
            raise PanelUnfit(rule="panel_expertise", missing=missing)


def check_shape(profile: RuleProfile, *, size: int, experts: int, budget_fen: int) -> None:
    """Refuse a size, or a number of experts in it, that the rules of the track do not allow.

    Refuses  PanelUnfit with the first rule that is not met and its figures.
    """
    rule, least = size_min(profile, budget_fen=budget_fen)
    if size < least:
        raise PanelUnfit(rule=rule, minimum=least, seated=size)
    if profile.flag("panel_odd") and size % 2 == 0:
        raise PanelUnfit(rule="panel_odd", seated=size)
    share = profile.share("panel_expert_share_min")
    if Fraction(experts, size) < share:
        raise PanelUnfit(
            rule="panel_expert_share_min", experts=experts, seated=size, share=str(share)
        )


def is_drawn(profile: RuleProfile) -> bool:
    """Tell whether the track has its experts drawn; elsewhere they may be named with a reason."""
    return profile.chosen("panel_selection") == RANDOM_DRAW


def size_min(profile: RuleProfile, *, budget_fen: int) -> tuple[str, int]:
    """Find the fewest judges and the rule that says so: more for a budget the track calls large."""
    large = profile.has("panel_size_large") and profile.has("panel_large_budget_fen")
    if large and budget_fen >= profile.integer("panel_large_budget_fen"):
        return "panel_size_large", profile.integer("panel_size_large")
    return "panel_size_min", max(1, profile.integer("panel_size_min"))
