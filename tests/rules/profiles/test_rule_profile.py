"""Rule profiles: typed questions, precise refusals, and the six profiles that ship."""

import copy
import datetime as dt
import tomllib
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from marketplace.kit.digests import canonical_json
from marketplace.profiles.errors import (
    ParameterNotSet,
    ParameterOfOtherKind,
    ProfileMalformed,
)
from marketplace.profiles.rules.definitions import DEFINITIONS, REQUIRED
from marketplace.profiles.rules.periods import Period
from marketplace.profiles.rules.profile import RuleProfile, Track

FOLDER = Path(__file__).parents[3] / "seeds/rule_profiles"


def document(code: str) -> dict[str, Any]:
    """Read a profile that ships."""
    return tomllib.loads((FOLDER / f"{code}.toml").read_text(encoding="utf-8"))


PROFILES = {track: RuleProfile.from_document(document(track)) for track in Track}
ALL = {path.stem: RuleProfile.from_document(document(path.stem)) for path in FOLDER.glob("*.toml")}
"""Those of the tracks, and those that hold only where they are named."""
TENDER = PROFILES[Track.PROCUREMENT_TENDER]
SUBSIDY = PROFILES[Track.SUBSIDY]


class TestQuestions:
    """Each kind of parameter has one way to be asked for."""

    def test_answers_with_the_type_that_was_asked_for(self) -> None:
        """Numbers, choices, shares, ranges and dates come as themselves."""
        assert TENDER.integer("minimum_bids") == 3
        assert TENDER.integer("bid_bond_max_bps") == 200
        assert TENDER.flag("sealed") is True
        assert TENDER.chosen("rounding_mode") == "HALF_UP"
        assert TENDER.allowed("aggregations") == ("mean",)
        assert TENDER.share("panel_expert_share_min") == Fraction(2, 3)
        assert TENDER.bps_range("deduction_small_range_bps") == (1000, 2000)
        assert TENDER.day("deduction_domestic_from") == dt.date(2026, 1, 1)

    def test_gives_a_period_with_its_rule_and_source(self) -> None:
        """A deadline can later say which article of which version it followed."""
        assert TENDER.period("bid_window") == Period(
            count=20,
            unit="calendar_days",
            rule="procurement_tender@1/bid_window",
            source="政府采购法 第35条",
        )

    def test_says_whether_something_is_stated(self) -> None:
        """A grant needs no price floor; asking is fine."""
        assert TENDER.has("price_weight_floor_goods_bps")
        assert not SUBSIDY.has("price_weight_floor_goods_bps")

    def test_bounds_the_weight_of_price(self) -> None:
        """Floors and ceilings where the track has them, everything where it has none."""
        consultation = PROFILES[Track.PROCUREMENT_CONSULTATION]

        assert TENDER.price_weight_bounds_bps("goods") == (3000, 10_000)
        assert TENDER.price_weight_bounds_bps("services") == (1000, 10_000)
        assert consultation.price_weight_bounds_bps("goods") == (3000, 6000)
        assert consultation.price_weight_bounds_bps("services") == (1000, 3000)
        assert SUBSIDY.price_weight_bounds_bps("services") == (0, 10_000)

    def test_refuses_what_the_profile_does_not_state(self) -> None:
        """The refusal names profile, version and parameter, and whether the name exists at all."""
        with pytest.raises(ParameterNotSet) as unstated:
            SUBSIDY.period("file_available")
        with pytest.raises(ParameterNotSet) as misspelt:
            SUBSIDY.has("bid_windows")

        assert unstated.value.facts == {
            "profile": "subsidy",
            "version": 1,
            "parameter": "file_available",
            "defined": True,
        }
        assert misspelt.value.facts["defined"] is False

    def test_refuses_a_question_of_another_kind(self) -> None:
        """A number of days is not a plain number: its unit would be lost."""
        for ask in (TENDER.integer, TENDER.flag, TENDER.chosen, TENDER.allowed, TENDER.day):
            with pytest.raises(ParameterOfOtherKind) as refusal:
                ask("bid_window")
            assert refusal.value.facts["unit"] == "calendar_days"
        with pytest.raises(ParameterOfOtherKind):
            TENDER.period("minimum_bids")
        with pytest.raises(ParameterOfOtherKind):
            TENDER.share("deduction_small_range_bps")


def spoiled(path: str, value: object) -> dict[str, Any]:
    """Set one place of the tender profile; None removes it."""
    result = copy.deepcopy(document("procurement_tender"))
    *folders, last = path.split("/")
    place = result
    for folder in folders:
        place = place[folder]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return result


def days(value: object) -> dict[str, object]:
    """Write a parameter in working days."""
    return {"value": value, "unit": "working_days", "source": "x", "unverified": True}


MALFORMED: list[tuple[str, object, str]] = [
    ("track", "lottery", "track_unknown"),
    ("code", "Tender 1", "code_or_version"),
    ("version", 0, "code_or_version"),
    ("version", True, "not_a_whole_number"),
    ("effective_from", "soon", "not_a_date"),
    ("effective_from", dt.datetime(2025, 1, 1, tzinfo=dt.UTC), "not_a_date"),
    ("title/fr", "Appel", "field_unknown"),
    ("parameters", [], "not_a_table"),
    ("parameters/bid_windows", days(5), "parameter_unknown"),
    ("parameters/minimum_bids", None, "parameters_missing"),
    ("parameters/minimum_bids", days(5), "unit_not_of_this_parameter"),
    ("parameters/minimum_bids/value", 3.0, "value_is_not_count"),
    ("parameters/minimum_bids/value", True, "value_is_not_count"),
    ("parameters/minimum_bids/source", None, "field_missing"),
    ("parameters/minimum_bids/source", "", "not_a_text"),
    ("parameters/minimum_bids/unverified", "no", "not_true_or_false"),
    ("parameters/minimum_bids/note", "x", "field_unknown"),
    ("parameters/reply", days(0), "value_is_not_working_days"),
    ("parameters/sealed/value", 1, "value_is_not_flag"),
    ("parameters/rounding_mode/value", "Half Up", "value_is_not_code"),
    ("parameters/aggregations/value", [], "value_is_not_codes"),
    ("parameters/aggregations/value", ["mean", "mean"], "value_is_not_codes"),
    ("parameters/aggregations/value", "mean", "value_is_not_codes"),
    ("parameters/bid_bond_max_bps/value", 10_001, "value_is_not_bps"),
    ("parameters/deduction_small_range_bps/value", [2000, 1000], "value_is_not_bps_range"),
    ("parameters/deduction_small_range_bps/value", [1000], "value_is_not_bps_range"),
    ("parameters/panel_expert_share_min/value", [3, 2], "value_is_not_fraction"),
    ("parameters/deduction_domestic_from/value", "2026-13-01", "value_is_not_date"),
]


@pytest.mark.parametrize(("path", "value", "problem"), MALFORMED)
def test_refuses_a_malformed_profile(path: str, value: object, problem: str) -> None:
    """A mistake in a data file is refused when it is read, with its own name."""
    with pytest.raises(ProfileMalformed) as refusal:
        RuleProfile.from_document(spoiled(path, value))

    assert refusal.value.facts["problem"] == problem


def test_points_at_the_wrong_field() -> None:
    """Whoever typed the file is led to the line."""
    with pytest.raises(ProfileMalformed) as refusal:
        RuleProfile.from_document(spoiled("parameters/minimum_bids/value", "3"))

    assert refusal.value.facts["pointer"] == "/parameters/minimum_bids/value"


class TestShippedProfiles:
    """The six data files."""

    @pytest.mark.parametrize("track", Track)
    def test_reads_back_what_it_writes(self, track: Track) -> None:
        """The stored form is the profile, whatever the order of the file, and can be hashed."""
        stored = PROFILES[track].to_document()
        parameters = stored["parameters"]
        assert isinstance(parameters, dict)
        shuffled = {**stored, "parameters": dict(reversed(parameters.items()))}

        assert RuleProfile.from_document(shuffled) == PROFILES[track]
        assert canonical_json(stored)

    def test_gives_every_track_its_own_and_only_named_ones_beside_it(self) -> None:
        """A second profile of a track must say that it holds only by name."""
        beside = {code for code in ALL if code not in set(Track)}

        assert beside == {"tendering_law"}
        assert all(ALL[code].only_by_name for code in beside)
        assert not any(profile.only_by_name for profile in PROFILES.values())

    @pytest.mark.parametrize("track", Track)
    def test_is_named_after_its_track(self, track: Track) -> None:
        """One file per track, under the track's name."""
        assert (PROFILES[track].code, PROFILES[track].track) == (track.value, track)

    def test_uses_every_definition(self) -> None:
        """A definition that no profile states is dead weight."""
        used = {one.name for profile in ALL.values() for one in profile.parameters}

        assert used == set(DEFINITIONS)
        assert set(DEFINITIONS) > REQUIRED

    def test_lets_grants_proceed_with_fewer_bids_than_tenders(self) -> None:
        """Two responsive bids fail a tender and carry a grant."""
        assert TENDER.integer("minimum_bids") > 2 >= SUBSIDY.integer("minimum_bids")

    def test_restricts_procurement_to_the_mean_of_the_judges(self) -> None:
        """Only tracks outside procurement law may trim or calibrate marks."""
        for track, profile in PROFILES.items():
            assert (profile.allowed("aggregations") == ("mean",)) == track.is_procurement

    def test_keeps_counts_secret_in_every_procurement_track(self) -> None:
        """Before opening nobody may learn how many have bid."""
        for track in Track:
            if track.is_procurement:
                assert PROFILES[track].flag("bid_count_secret")

    @pytest.mark.parametrize(
        "path",
        [
            "procurement_tender/publicity",
            "procurement_tender/notice_period",
            "procurement_tender/panel_draw_lead",
            "procurement_tender/abnormal_low_mean_bps",
            "procurement_consultation/bid_window",
            "procurement_consultation/price_weight_ceiling_goods_bps",
            "cooperative_innovation/panel_size_min",
            "cooperative_innovation/application_window",
            "subsidy/publicity",
        ],
    )
    def test_marks_what_nobody_has_checked(self, path: str) -> None:
        """Figures quoted from memory or from custom say so."""
        code, name = path.split("/")

        assert PROFILES[Track(code)].parameter(name).unverified

    @pytest.mark.parametrize(
        ("path", "source"),
        [
            ("procurement_tender/bid_window", "政府采购法 第35条"),
            ("procurement_tender/minimum_bids", "政府采购法 第36条第1项"),
            ("procurement_tender/amendment_lead", "政府采购法实施条例 第31条"),
            ("procurement_tender/sign_contract", "政府采购法 第46条"),
            ("cooperative_innovation/bid_window", "财库〔2024〕13号 第19条"),
            ("cooperative_innovation/rd_plan_weight_floor_bps", "财库〔2024〕13号 第18条"),
        ],
    )
    def test_cites_the_article(self, path: str, source: str) -> None:
        """Figures read in the statute name it and are not flagged."""
        code, name = path.split("/")
        parameter = PROFILES[Track(code)].parameter(name)

        assert (parameter.source, parameter.unverified) == (source, False)
