"""Who may sit together, track by track, and who may look at what."""

import tomllib
from pathlib import Path
from uuid import UUID

import pytest

from marketplace.identity.rules.access import NOBODY, SYSTEM, Actor, Permission, Role
from marketplace.profiles.rules.profile import RuleProfile, Track
from marketplace.scoring.errors.rounds import PanelUnfit
from marketplace.scoring.rules import composition, visibility
from marketplace.scoring.rules.composition import Seated

SEEDS = Path(__file__).parents[3] / "seeds/rule_profiles"
BUDGET_FEN = 100_000_000
POSTER_ID, OTHER_ID = UUID(int=7), UUID(int=8)


def profile(track: Track) -> RuleProfile:
    """The shipped rules of a track."""
    text = (SEEDS / f"{track.value}.toml").read_text(encoding="utf-8")
    return RuleProfile.from_document(tomllib.loads(text))


def a_panel(experts: int, others: int = 0, *, specialities: tuple[str, ...] = ()) -> list[Seated]:
    """That many experts, the first in the chair, and that many representatives."""
    return [
        Seated(
            person_id=UUID(int=at + 1),
            is_expert=at < experts,
            is_chair=at == 0,
            specialities=frozenset(specialities),
        )
        for at in range(experts + others)
    ]


class TestComposition:
    """`composition.check`."""

    @pytest.mark.parametrize(
        ("track", "experts", "others"),
        [
            (Track.PROCUREMENT_TENDER, 4, 1),
            (Track.PROCUREMENT_TENDER, 5, 0),
            (Track.PROCUREMENT_TENDER, 5, 2),
            (Track.PROCUREMENT_TENDER, 6, 3),
            (Track.PROCUREMENT_CONSULTATION, 2, 1),
            (Track.PRIVATE, 2, 1),
            (Track.SUBSIDY, 2, 1),
        ],
    )
    def test_lets_a_lawful_panel_sit(self, track: Track, experts: int, others: int) -> None:
        """Odd, large enough, two thirds of experts where the track asks for them."""
        composition.check(a_panel(experts, others), profile(track), budget_fen=BUDGET_FEN)

    @pytest.mark.parametrize(
        ("track", "experts", "others", "rule"),
        [
            (Track.PROCUREMENT_TENDER, 3, 0, "panel_size_min"),
            (Track.PROCUREMENT_TENDER, 6, 0, "panel_odd"),
            (Track.PROCUREMENT_TENDER, 3, 2, "panel_expert_share_min"),
            (Track.PROCUREMENT_TENDER, 4, 3, "panel_expert_share_min"),
            (Track.PRIVATE, 1, 2, "panel_expert_share_min"),
            (Track.SUBSIDY, 0, 0, "panel_size_min"),
        ],
    )
    def test_names_the_first_rule_that_is_broken(
        self, track: Track, experts: int, others: int, rule: str
    ) -> None:
        """Three of five are less than two thirds, and so are four of seven."""
        with pytest.raises(PanelUnfit) as refused:
            composition.check(a_panel(experts, others), profile(track), budget_fen=BUDGET_FEN)

        assert refused.value.facts["rule"] == rule

    def test_the_chair_is_one_expert(self) -> None:
        """A representative of the poster does not chair, and neither do two."""
        by_representative = [
            Seated(person_id=one.person_id, is_expert=one.is_expert, is_chair=not one.is_expert)
            for one in a_panel(4, 1)
        ]
        by_all = [
            Seated(person_id=one.person_id, is_expert=True, is_chair=True) for one in a_panel(5)
        ]
        for panel in (by_representative, by_all):
            with pytest.raises(PanelUnfit) as refused:
                composition.check(panel, profile(Track.PROCUREMENT_TENDER), budget_fen=BUDGET_FEN)
            assert refused.value.facts["rule"] == "one_chair_who_is_an_expert"

    def test_a_large_budget_needs_a_larger_panel(self) -> None:
        """Seven from ten million yuan on, five up to one fen below it."""
        tender = profile(Track.PROCUREMENT_TENDER)

        composition.check(a_panel(5), tender, budget_fen=999_999_999)
        composition.check(a_panel(7), tender, budget_fen=1_000_000_000)
        with pytest.raises(PanelUnfit) as refused:
            composition.check(a_panel(5), tender, budget_fen=1_000_000_000)

        assert refused.value.facts == {"rule": "panel_size_large", "minimum": 7, "seated": 5}

    def test_cooperative_innovation_hears_law_and_economics(self) -> None:
        """Five engineers are not enough on this track, and only experts bring what they know."""
        rules = profile(Track.COOPERATIVE_INNOVATION)
        panel = a_panel(5, specialities=("legal", "economics"))

        composition.check(panel, rules, budget_fen=BUDGET_FEN)
        with pytest.raises(PanelUnfit) as refused:
            composition.check(a_panel(5, specialities=("legal",)), rules, budget_fen=BUDGET_FEN)

        assert refused.value.facts == {"rule": "panel_expertise", "missing": ["economics"]}


def actor(
    *roles: Role, organization_id: UUID = OTHER_ID, scopes: frozenset[Permission] | None = None
) -> Actor:
    """Somebody with these roles."""
    return Actor(
        person_id=UUID(int=99),
        organization_id=organization_id,
        roles=frozenset(roles),
        scopes=scopes,
    )


class TestVisibility:
    """`visibility.may_read_*`."""

    def test_the_panel_is_for_those_who_organise_and_watch(self) -> None:
        """Four roles and the platform; a review body reads calls, and not who judges them."""
        may = {role for role in Role if visibility.may_read_panel(actor(role))}

        assert may == {
            Role.BUREAU_OFFICER, Role.BUREAU_APPROVER, Role.AUDITOR, Role.SUPERVISOR
        }  # fmt: skip
        assert visibility.may_read_panel(SYSTEM)
        assert not visibility.may_read_panel(NOBODY)

    def test_sheets_are_for_approver_and_auditor(self) -> None:
        """Nobody else, whatever they may do otherwise."""
        may = {role for role in Role if visibility.may_read_sheets(actor(role))}

        assert may == {Role.BUREAU_APPROVER, Role.AUDITOR}

    def test_rounds_are_for_bureau_this_poster_and_this_chair(self) -> None:
        """A poster of another call and a chair of another panel have the role and not the right."""

        def may(role: Role, organization_id: UUID, chair_id: UUID | None = None) -> bool:
            one = actor(role, organization_id=organization_id)
            return visibility.may_read_rounds(one, poster_id=POSTER_ID, chair_id=chair_id)

        bureau = {role for role in Role if may(role, OTHER_ID)}
        assert bureau == {Role.BUREAU_OFFICER, Role.BUREAU_APPROVER, Role.AUDITOR}
        assert may(Role.POSTER, POSTER_ID)
        assert not may(Role.SOLVER, POSTER_ID)
        assert may(Role.PANEL_CHAIR, OTHER_ID, chair_id=UUID(int=99))
        assert not may(Role.PANEL_CHAIR, OTHER_ID, chair_id=UUID(int=98))

    def test_a_key_that_is_limited_sees_no_more_than_its_scopes(self) -> None:
        """A key for webhooks opens no evaluation, whoever holds it."""
        limited = actor(Role.BUREAU_APPROVER, scopes=frozenset({Permission.WEBHOOKS_MANAGE}))

        assert not visibility.may_read_panel(limited)
        assert not visibility.may_read_sheets(limited)
        assert not visibility.may_read_rounds(limited, poster_id=POSTER_ID, chair_id=None)
