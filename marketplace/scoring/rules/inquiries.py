"""Quotes that must be explained: which lines they are below, with the figures that made the lines.

The lines are made of the quotes that are valid: what is over the maximum price, below a hard
floor or otherwise out has left the set before.  Who is ranked already passed this in its own round,
counts in the mean and is not asked again.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from marketplace.profiles.rules.profile import RuleProfile
from marketplace.scoring.rules import price
from marketplace.scoring.rules.price import LowQuoteReport, LowQuoteShares

HOURS = "price_explanation_hours"
NOT_EXPLAINED = {
    "zh": "报价异常偏低,未在规定时间内作出书面说明",
    "en": "The price is abnormally low and was not explained in time",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Screening:
    """What one look at the valid quotes of a call found."""

    report: LowQuoteReport
    figures: Mapping[str, Any]
    """What the lines were made from, as it is kept beside each inquiry."""

    def to_ask(self, known: Collection[str], ranked: Collection[str]) -> list[price.LowQuote]:
        """List the quotes whose bidders have to be asked, and have not been."""
        passed = {*known, *ranked}
        return [low for low in self.report.low_quotes if low.bid_id not in passed]


def screen(
    quotes_fen: Mapping[str, int], *, maximum_price_fen: int | None, profile: RuleProfile
) -> Screening:
    """Compare the valid quotes of a call with the lines of its rules.

    Shape    quotes by bid; a call without a price asks none of them.
    Units    whole fen; the mean is kept exactly, as a fraction of fen.
    Source   财办库〔2024〕265号 (a pilot, thresholds unverified), 财政部令第87号 article 60;
             oracle 2 of docs/algorithms/scoring.md.
    """
    shares = shares_of(profile)
    report = price.abnormally_low(quotes_fen, maximum_price_fen=maximum_price_fen, shares=shares)
    valid = sorted(fen for bid, fen in quotes_fen.items() if bid not in report.over_maximum)
    mean = Fraction(sum(valid), len(valid)) if valid else None
    figures = {
        "quotes_count": len(valid),
        "mean_fen": None if mean is None else str(mean),
        "second_lowest_fen": valid[1] if len(valid) > 1 else None,
        "maximum_fen": maximum_price_fen,
        "shares_bps": {
            "mean": shares.mean_bps,
            "second_lowest": shares.second_lowest_bps,
            "maximum": shares.maximum_bps,
        },
        "profile": f"{profile.code}@{profile.version}",
        "lines_fen": {rule.value: line for rule, line in report.lines_fen.items()},
    }
    return Screening(report=report, figures=figures)


def shares_of(profile: RuleProfile) -> LowQuoteShares:
    """Read the three thresholds of the track; a track without one does not apply that rule."""

    def threshold(name: str) -> int | None:
        return profile.integer(name) if profile.has(name) else None

    return LowQuoteShares(
        mean_bps=threshold("abnormal_low_mean_bps"),
        second_lowest_bps=threshold("abnormal_low_second_bps"),
        maximum_bps=threshold("abnormal_low_ceiling_bps"),
    )
