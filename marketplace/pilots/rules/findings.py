"""The finding of no fault: five points with evidence, found by somebody else than the handler."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from marketplace.pilots.errors import FindingIncomplete


class Point(StrEnum):
    """The five points of a good-faith failure; all must hold."""

    DIRECTION_OF_REFORM = "direction_of_reform"
    """The trial served the declared purpose of innovation."""
    NO_PROHIBITION_BROKEN = "no_prohibition_broken"
    """No law or mandatory rule was broken."""
    LAWFUL_DECISION = "lawful_decision"
    """Decisions were taken in the prescribed procedure."""
    DILIGENT_NO_PRIVATE_GAIN = "diligent_no_private_gain"
    """Records show diligence, and nobody gained privately."""
    LOSS_MITIGATED = "loss_mitigated"
    """The difficulty was reported in time and the loss was limited."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One point answered: whether it holds, and what shows it."""

    holds: bool
    evidence: str


def check_blameless(answers: Mapping[Point, Answer]) -> None:
    """Refuse a finding of no fault unless all five points hold, each with evidence.

    Refuses  FindingIncomplete with the points that are missing, unproven or answered no.
    Source   the five conditions of the Zhejiang digital-economy rules, article 58; see the page
             on cost sharing.
    """
    open_points = [
        point.value
        for point in Point
        if point not in answers or not answers[point].holds or not answers[point].evidence.strip()
    ]
    if open_points:
        raise FindingIncomplete(points=open_points)
