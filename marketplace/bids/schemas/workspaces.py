"""The shapes of a bidder's workspace on the wire: the list, the check, the words to sign."""

import datetime as dt
from typing import Any
from uuid import UUID

from marketplace.bids.queries.workspaces import Workspace
from marketplace.bids.rules.lifecycle import BidState
from marketplace.bids.rules.problems import Problem
from marketplace.bids.rules.statements import Template
from marketplace.bids.rules.workspace import Met, Point
from marketplace.kit.errors import MarketplaceError
from marketplace.wire.problems import plain
from marketplace.wire.shapes import BilingualOut, Out


class RefusalOut(Out, frozen=True, kw_only=True):
    """Why something is not as it should be."""

    code: str
    title: BilingualOut

    @classmethod
    def of(cls, refusal: MarketplaceError) -> "RefusalOut":
        """Read one refusal."""
        return cls(code=refusal.code, title=BilingualOut(zh=refusal.title_zh, en=refusal.title_en))


class PointOut(Out, frozen=True, kw_only=True):
    """One thing that the call asks for, and whether it is there."""

    code: str
    met: Met
    """`in_the_offer`: nobody keeps your offer readable, so send it to `actions/check` to know."""
    pointer: str | None
    """Where it stands in an offer."""
    detail: dict[str, Any]
    refusal: RefusalOut | None

    @classmethod
    def of(cls, point: Point) -> "PointOut":
        """Read one point of the list."""
        return cls(
            code=point.code,
            met=point.met,
            pointer=point.pointer,
            detail=dict(point.detail),
            refusal=None if point.refusal is None else RefusalOut.of(point.refusal),
        )


class WorkspaceOut(Out, frozen=True, kw_only=True):
    """Your own bid before the opening, with what it still needs."""

    bid_id: UUID
    scenario_id: UUID
    state: BidState
    closes_at: dt.datetime | None
    """Null while a suspension without an end holds the clock."""
    zone: str = "Asia/Shanghai"
    missing: int
    """How many points are not met."""
    points: list[PointOut]

    @classmethod
    def of(cls, found: Workspace) -> "WorkspaceOut":
        """Read one workspace."""
        return cls(
            bid_id=found.bid.id,
            scenario_id=found.bid.scenario_id,
            state=found.bid.state,
            closes_at=found.closes_at,
            missing=sum(one.met is Met.NO for one in found.points),
            points=[PointOut.of(one) for one in found.points],
        )


class ProblemOut(Out, frozen=True, kw_only=True):
    """One thing that speaks against an offer."""

    pointer: str
    """A JSON pointer into the offer."""
    code: str
    title: BilingualOut
    blocks: bool
    """Whether it would be refused; what does not block is only worth knowing."""
    facts: dict[str, Any]

    @classmethod
    def of(cls, problem: Problem) -> "ProblemOut":
        """Read one problem."""
        refusal = problem.refusal
        return cls(
            pointer=problem.pointer,
            code=refusal.code,
            title=BilingualOut(zh=refusal.title_zh, en=refusal.title_en),
            blocks=problem.blocks,
            facts={name: plain(value) for name, value in refusal.facts.items()},
        )


class CheckOut(Out, frozen=True, kw_only=True):
    """Everything that speaks against an offer, all at once; nothing of the offer was kept."""

    fits: bool
    """Whether it could be sealed as it is."""
    problems: list[ProblemOut]


class TemplateOut(Out, frozen=True, kw_only=True):
    """The words of a declaration in one version; a version never changes."""

    code: str
    version: int
    title: BilingualOut
    text: BilingualOut
    source: str
    fills_in: list[str]
    """The fields of a statement that the text refers to."""

    @classmethod
    def of(cls, template: Template) -> "TemplateOut":
        """Read one version."""
        return cls(
            code=template.code,
            version=template.version,
            title=BilingualOut(zh=template.title_zh, en=template.title_en),
            text=BilingualOut(zh=template.text_zh, en=template.text_en),
            source=template.source,
            fills_in=list(template.fills_in),
        )


class TemplatesOut(Out, frozen=True, kw_only=True):
    """Every version of every declaration."""

    items: list[TemplateOut]
